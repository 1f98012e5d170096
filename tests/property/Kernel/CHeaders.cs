using System.Diagnostics;
using System.Text;

namespace CrProperty.Kernel;

/// <summary>
/// Asks the C headers of this machine: one C program, made from all questions, compiled and run once. What the headers
/// do not have (they are older than the kernel's interface) has no answer.
/// </summary>
internal static class CHeaders
{
    // The kernel's own headers, not the C library's, whose structures differ; so no <signal.h>, no <sys/types.h>.
    private const string Prologue = """
        #include <stdio.h>
        #include <stddef.h>
        #include <sys/user.h>
        #include <asm/signal.h>
        #include <asm/siginfo.h>
        #include <asm/errno.h>
        #include <asm/unistd.h>
        #include <linux/bpf.h>
        #include <linux/capability.h>
        #include <linux/eventpoll.h>
        #include <linux/fcntl.h>
        #include <linux/fs.h>
        #include <linux/kcmp.h>
        #include <linux/prctl.h>
        #include <linux/ptrace.h>
        #include <linux/resource.h>
        #include <linux/rseq.h>
        #include <linux/sched.h>
        #include <linux/sched/types.h>
        #include <linux/msg.h>
        #include <linux/sem.h>
        #include <linux/shm.h>
        #include <linux/sysinfo.h>
        #include <linux/time.h>
        #include <linux/time_types.h>
        #include <linux/uio.h>
        #include <linux/userfaultfd.h>
        #include <linux/utsname.h>
        """;

    /// <summary>Runs the questions, each an integer expression; the answers of those whose condition holds.</summary>
    /// <param name="questions">The expression and a macro that must be defined for it to be understood, or null.</param>
    /// <param name="prologue">Other headers than the kernel's, where they hold the answers.</param>
    public static Dictionary<string, long> Ask(IEnumerable<(string Expression, string? Macro)> questions, string prologue = Prologue)
    {
        var program = new StringBuilder(prologue).Append("\nint main(void) {\n");
        foreach (var (expression, macro) in questions)
        {
            if (macro is not null)
                program.Append("#ifdef ").Append(macro).Append('\n');
            program.Append($"printf(\"%lld {expression}\\n\", (long long)({expression}));\n");
            if (macro is not null)
                program.Append("#endif\n");
        }
        program.Append("return 0; }\n");

        var directory = Directory.CreateTempSubdirectory();
        try
        {
            var source = Path.Combine(directory.FullName, "ask.c");
            var binary = Path.Combine(directory.FullName, "ask");
            File.WriteAllText(source, program.ToString());
            Run("cc", "-w", "-o", binary, source);
            return Run(binary).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(' ', 2))
                .ToDictionary(parts => parts[1], parts => long.Parse(parts[0]));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} failed: {errors.Result}");
    }
}
