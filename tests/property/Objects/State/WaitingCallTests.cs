using CrProperty.Kernel;
using CrProperty.Objects.Files;
using CrProperty.Objects.Sockets;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>
/// Every system call that waits, one in each of some sixty processes, with and without a timeout: after the restore it waits on,
/// and ends with what it waited for, or with EINTR when a handler runs, as if nothing had been.
/// </summary>
[Collection(Ports.Name)]
public class WaitingCallTests
{
    [TheoryWith("python3")]
    [InlineData("comes", false), InlineData("comes", true), InlineData("signal", true)]
    public void WaitOnAfterARestore(string mode, bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram(Code(mode));
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    [TheoryWith("python3")]
    [InlineData("comes"), InlineData("signal")]
    public void WaitOnInATreeThatRunsOn(string mode)
    {
        using var program = new SelfCheckingProgram(Code(mode));
        program.SaveRunning();
        Assert.Equal("ok", program.CheckRunning());
    }

    private static string Code(string mode)
    {
        var lines = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Objects", "State", "waits.py")).Prepend($"MODE = '{mode}'");
        return string.Join('\n', lines.Select(l => "    " + l)) + "\n";
    }
}
