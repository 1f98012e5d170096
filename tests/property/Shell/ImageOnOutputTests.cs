using System.Diagnostics;
using CrCore.Image;
using CrProperty.Module;
using Xunit;

namespace CrProperty.Shell;

/// <summary>
/// An image that goes to the shell's output has it to itself: with -Stop, a word of warning behind it would make the only
/// copy of a tree one that no restore takes.
/// </summary>
public sealed class ImageOnOutputTests
{
    [Theory]
    [InlineData("/dev/stdout")]
    [InlineData("/proc/self/fd/1")]
    public void Nothing_else_is_written_there(string path)
    {
        using var directory = new TemporaryDirectory();
        using var tree = LiveProcess.WithPipe();
        var error = Checkpoint(directory, $"Checkpoint-ProcessTree {tree.Id} {path} -ExternalPipe Close");
        Assert.Contains("WARNING: ", error, StringComparison.Ordinal);
        using var file = ImageFile.Open(directory.File("x.cr"));
        Assert.NotEmpty(file.Index.Tasks);
        Assert.Equal("", Checkpoint(directory, $"Checkpoint-ProcessTree {tree.Id} {path} -ExternalPipe Close -WarningAction Ignore"));
    }

    [Theory]
    [InlineData("-Verbose")]
    [InlineData("-Debug")]
    [InlineData("-Confirm")]
    public void Messages_are_refused(string parameter)
    {
        using var directory = new TemporaryDirectory();
        using var tree = LiveProcess.WithPipe();
        Assert.Contains("would go there, too", Checkpoint(directory, $"Checkpoint-ProcessTree {tree.Id} /dev/stdout -Stop -ExternalPipe Close {parameter}"), StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(directory.File("x.cr")).Length);
        Assert.False(tree.Process.HasExited);
    }

    /// <returns>What went to the standard error.</returns>
    private static string Checkpoint(TemporaryDirectory directory, string command)
    {
        if (!Directory.Exists(directory.File("CrModule")))
            Directory.CreateSymbolicLink(directory.File("CrModule"), AppContext.BaseDirectory);
        var start = new ProcessStartInfo("/bin/sh", ["-c", "\"$0\" -Command \"$1\" </dev/null | cat >\"$2\"", ShellProcess.Executable, command, directory.File("x.cr")]) { RedirectStandardError = true };
        start.Environment["PSModulePath"] = directory.Path;
        using var shell = Process.Start(start)!;
        var error = shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        return error;
    }
}
