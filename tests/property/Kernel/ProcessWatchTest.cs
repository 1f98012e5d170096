using System.Diagnostics;
using CrCore;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>The end of a process as its watch tells it, whoever waits for the process.</summary>
public class ProcessWatchTest
{
    [Theory]
    [InlineData("read x; exit 0", 0)]
    [InlineData("read x; exit 3", 3 << 8)]
    [InlineData("read x; kill -TERM $$", 15)]
    [InlineData("read x; kill -KILL $$", 9)]
    public void The_status_is_told_as_wait_encodes_it(string script, int status)
    {
        using var child = Start(script);
        using var watch = ProcessWatch.Open(child.Id);
        child.StandardInput.Close();
        Assert.Equal(status, watch.WaitForEnd(CancellationToken.None));
    }

    [Fact]
    public void The_status_of_a_process_that_nobody_waits_for_is_told()
    {
        // The inner shell ends when its parent has become a program that never waits for it.
        using var parent = Start("exec 3<&0; sh -c 'read x <&3; exit 5' & echo $!; exec sleep 600");
        try
        {
            var pid = int.Parse(parent.StandardOutput.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);
            using var watch = ProcessWatch.Open(pid);
            while (File.ReadAllText($"/proc/{parent.Id}/comm") != "sleep\n")
                Thread.Sleep(1);
            parent.StandardInput.Close();
            Assert.Equal(5 << 8, watch.WaitForEnd(CancellationToken.None));
        }
        finally
        {
            parent.Kill();
            parent.WaitForExit();
        }
    }

    [Fact]
    public void Giving_up_leaves_the_process_alone()
    {
        using var child = Start("read x; exit 7");
        using var watch = ProcessWatch.Open(child.Id);
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        Assert.Throws<OperationCanceledException>(() => watch.WaitForEnd(cancel.Token));
        child.StandardInput.Close();
        child.WaitForExit();
        Assert.Equal(7, child.ExitCode);
    }

    [Fact]
    public void A_process_that_is_not_there_cannot_be_watched()
    {
        using var child = Start("exit 0");
        child.WaitForExit();
        var error = Assert.Throws<CrKernelException>(() => ProcessWatch.Open(child.Id));
        Assert.Equal("CrWatchFailed", error.Id);
        Assert.Equal(Errno.ESRCH, error.Errno);
        Assert.Equal(CrErrorKind.NotFound, error.Kind);
    }

    private static Process Start(string script)
        => Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
}
