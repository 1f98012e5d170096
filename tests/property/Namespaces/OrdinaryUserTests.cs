using System.Diagnostics;
using CrProperty.Kernel;
using CrProperty.Shell;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>
/// A user without any capability checkpoints a process of their own and restores it into a user and a pid namespace, by
/// the commands that users have. The tests' user becomes one with setpriv(1), so they have to be root.
/// </summary>
public class OrdinaryUserTests
{
    internal const string Become = "setpriv --reuid 4242 --regid 4242 --clear-groups --inh-caps=-all --bounding-set=-all";

    [FactAsAnotherUser]
    public void RestoresIntoAUserNamespace()
    {
        using var tree = new ContainedTree("", become: Become);
        var id = tree.Root;
        var refused = Shell(tree, $"Checkpoint-ProcessTree -Id {id} -Path '{tree.Image}' -Stop; Restore-ProcessTree -Path '{tree.Image}'");
        Assert.Contains("-NewPidNamespace", refused.Error, StringComparison.Ordinal);
        Assert.Contains("CAP_CHECKPOINT_RESTORE", refused.Error, StringComparison.Ordinal);
        var restored = Shell(tree, $"(Restore-ProcessTree -Path '{tree.Image}' -NewPidNamespace -PassThru).Id");
        Assert.Equal("", restored.Error);
        var root = int.Parse(restored.Lines[^1]);
        tree.Adopt(root);
        tree.Say("go");
        var after = tree.Hear("after");
        foreach (var what in (string[])["pid", "sid", "pgid", "uid", "gid", "names", "pids"])
            Assert.Equal(tree.Before.GetProperty(what).GetRawText(), after.GetProperty(what).GetRawText());
        Assert.Equal(["4242", "4242", "1"], after.GetProperty("uid_map").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal(7, tree.Hear("zombie").GetInt32());
        Assert.NotEqual(ContainedTree.Namespace(Environment.ProcessId, "user"), ContainedTree.Namespace(root, "user"));
    }

    /// <summary>What another user had cannot be given, and is said before anything is made.</summary>
    [FactAsAnotherUser]
    public void IdsOfAnotherUserAreAnObstacle()
    {
        using var tree = new ContainedTree("");
        tree.Checkpoint(stop: false);
        File.SetUnixFileMode(tree.Image, (UnixFileMode)0x1a4);
        var refused = Shell(tree, $"Restore-ProcessTree -Path '{tree.Image}' -NewPidNamespace");
        Assert.Contains("user ids of thread", refused.Error, StringComparison.Ordinal);
        Assert.Contains("user namespace", refused.Error, StringComparison.Ordinal);
        // The program's own output file, which its owner alone may write.
        Assert.Contains("cannot be opened for writing here: EACCES", refused.Error, StringComparison.Ordinal);
    }

    [FactAsAnotherUser]
    public void AProcessOfAnotherUserIsAnObstacle()
    {
        using var tree = new ContainedTree("");
        var refused = Shell(tree, $"Checkpoint-ProcessTree -Id {tree.Root} -Path '{tree.Image}'");
        Assert.Contains("it belongs to user 0", refused.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(tree.Image));
    }

    private static ShellResult Shell(ContainedTree tree, string command) => Shell(tree.Folder, command);

    /// <summary>Runs a command in a shell of the ordinary user's.</summary>
    /// <param name="folder">Where the user may look; the module is found from there.</param>
    internal static ShellResult Shell(string folder, string command)
    {
        var modules = Directory.CreateDirectory(Path.Combine(folder, "modules")).FullName;
        if (!Directory.Exists(Path.Combine(modules, "CrModule")))
            Directory.CreateSymbolicLink(Path.Combine(modules, "CrModule"), AppContext.BaseDirectory);
        var start = new ProcessStartInfo("setpriv", [.. Become.Split(' ')[1..], ShellProcess.Executable, "-Command", command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["PSModulePath"] = modules;
        start.Environment["HOME"] = folder;
        start.Environment["NO_COLOR"] = "1";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new ShellResult(process.ExitCode, output, error.Result);
    }
}

/// <summary>A fact that is skipped, with the reason, where the tests cannot become another user who can reach the shell.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactAsAnotherUserAttribute : FactAttribute
{
    public FactAsAnotherUserAttribute() => Skip = NamespaceRights.Missing ?? Needs.Missing(["setpriv"]) ?? Unreachable(AppContext.BaseDirectory) ?? (File.Exists(ContainedTree.SystemPython) ? null : $"needs {ContainedTree.SystemPython}");

    private static string? Unreachable(string path)
    {
        for (var d = path; !string.IsNullOrEmpty(d); d = Path.GetDirectoryName(d))
            if ((File.GetUnixFileMode(d) & UnixFileMode.OtherExecute) == 0)
                return $"needs {d} to be open to other users";
        return null;
    }
}
