using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Remote;

/// <summary>
/// The tool is killed with SIGKILL after its k-th call on the tree, for a spread of k over a whole checkpoint. A program that
/// checks itself must go on as if nothing had been, and no image may stand under the name asked for.
/// CR_KILLPOINTS sets how many k are tried: 20 in the ordinary run, 0 means every one.
/// </summary>
public sealed class KilledToolTests : IDisposable
{
    private const int WholeRuns = 3;

    private readonly DirectoryInfo _dir = Directory.CreateTempSubdirectory("crkill-");

    public void Dispose() => _dir.Delete(recursive: true);

    /// <param name="memory">Whether the memory is written from a copy, or while the tree stands still.</param>
    [TheoryWith("gcc", "setsid", "bash")]
    [InlineData("copy")]
    [InlineData("plain")]
    public void A_tree_survives_the_tools_death_at_any_moment(string memory)
    {
        using var target = Target.Start(_dir.FullName);
        var image = Path.Combine(_dir.FullName, "image.cr");
        // How often the engine has to look while it waits differs from run to run, on a busy machine much: the least is what all make.
        var calls = int.MaxValue;
        for (var i = 0; i < WholeRuns; i++)
        {
            calls = Math.Min(calls, RunWhole(target, image, memory, "before any is killed"));
            File.Delete(image);
        }
        Assert.InRange(calls, 50, 100_000);

        var wanted = int.Parse(Environment.GetEnvironmentVariable("CR_KILLPOINTS") ?? "20", CultureInfo.InvariantCulture);
        var step = wanted == 0 ? 1 : Math.Max(1, calls / wanted);
        var killed = 0;
        for (var k = 1; k <= calls; k += step)
        {
            var (code, output) = RunTool(target.Pid, image, k, memory);
            if (code == 0)
            {
                // This one was over before its k-th call.
                File.Delete(image);
                break;
            }
            killed++;
            Assert.True(code == 128 + 9, $"The tool was to be killed at call {k}, but ended with {code}: {output}");
            Assert.False(File.Exists(image), $"An image stands though the tool was killed at call {k}.");
            target.AssertUnharmed($"after the tool was killed at call {k} of {calls}");
        }
        Assert.InRange(killed, wanted == 0 ? calls / 2 : wanted / 2, calls);
        RunWhole(target, image, memory, "in the end");
    }

    /// <returns>How many calls it made.</returns>
    private static int RunWhole(Target target, string image, string memory, string when)
    {
        var (code, output) = RunTool(target.Pid, image, 0, memory);
        Assert.True(code == 0, $"A checkpoint {when}: {output}");
        target.AssertUnharmed(when);
        return int.Parse(output.Trim(), CultureInfo.InvariantCulture);
    }

    private static (int Code, string Output) RunTool(int pid, string image, int k, string memory)
    {
        var tool = Path.Combine(AppContext.BaseDirectory, "crkillpoint", "CrKillPoint.dll");
        using var p = Process.Start(new ProcessStartInfo("dotnet", [tool, pid.ToString(CultureInfo.InvariantCulture), image, k.ToString(CultureInfo.InvariantCulture), memory])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = p.StandardOutput.ReadToEnd() + p.StandardError.ReadToEnd();
        p.WaitForExit();
        return (p.ExitCode, output);
    }

    /// <summary>selfcheck.c, compiled here.</summary>
    private sealed class Target : IDisposable
    {
        private const int Counters = 7;

        private readonly Process _process;
        private readonly string _progress;
        private readonly int _threads, _descriptors, _mappings;

        private Target(Process process, string progress)
        {
            (_process, _progress) = (process, progress);
            (_threads, _descriptors, _mappings) = Count();
        }

        public int Pid => _process.Id;

        public static Target Start(string directory)
        {
            var program = Path.Combine(directory, "selfcheck");
            using (var gcc = Process.Start("gcc", ["-O1", "-pthread", "-o", program, Path.Combine(AppContext.BaseDirectory, "Remote", "selfcheck.c")]))
            {
                gcc.WaitForExit();
                Assert.Equal(0, gcc.ExitCode);
            }
            var progress = Path.Combine(directory, "progress");
            // setsid and bash give way to the program (exec), so this child is the program itself, without what it inherits.
            const string script = """
                for f in /proc/self/fd/*; do [ "${f##*/}" -gt 2 ] && eval "exec ${f##*/}>&-"; done 2>/dev/null
                exec "$0" "$1" </dev/null 2>"$1.err" >"$1.out"
                """;
            var process = Process.Start("setsid", ["bash", "-c", script, program, progress]);
            for (var i = 0; i < 6000; i++, Thread.Sleep(10))
                if (File.Exists(progress + ".out") && File.ReadAllText(progress + ".out").StartsWith("ready", StringComparison.Ordinal))
                    return new Target(process, progress);
            process.Kill();
            throw new InvalidOperationException("The self-checking program did not start.");
        }

        public void AssertUnharmed(string when)
        {
            var before = Progress();
            for (var i = 0; ; i++)
            {
                Thread.Sleep(20);
                Assert.True(Directory.Exists($"/proc/{Pid}/task/{Pid}") && !State().StartsWith('Z'), $"The program ended {when}: {File.ReadAllText(_progress + ".err")}");
                var now = Progress();
                var stuck = Enumerable.Range(0, Counters).Where(c => now[c] < before[c] + 2).ToArray();
                if (stuck.Length == 0)
                    break;
                Assert.True(i < 3000, $"Threads {string.Join(", ", stuck)} stand still {when}.");
            }
            Assert.Equal((_threads, _descriptors, _mappings), Count());
            Assert.Equal(0, int.Parse(File.ReadLines($"/proc/{Pid}/status").First(l => l.StartsWith("TracerPid", StringComparison.Ordinal))[10..], CultureInfo.InvariantCulture));
        }

        private ulong[] Progress()
        {
            using var file = new FileStream(_progress, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[Counters * 8];
            file.ReadExactly(bytes);
            return MemoryMarshal.Cast<byte, ulong>(bytes).ToArray();
        }

        private string State()
        {
            var stat = File.ReadAllText($"/proc/{Pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..];
        }

        /// <summary>Threads, descriptors, mappings. Neighbouring mappings of one kind may merge or not, so lines are compared by their ends.</summary>
        private (int, int, int) Count() => (Directory.GetDirectories($"/proc/{Pid}/task").Length, Directory.GetFiles($"/proc/{Pid}/fd").Length,
            File.ReadLines($"/proc/{Pid}/maps").Count());

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
