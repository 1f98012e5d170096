using CrCore;
using CrCore.Checkpoint;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Terminals;

/// <summary>A terminal whose other side is outside of the tree is restored as the user says, and not without being asked.</summary>
public sealed class TerminalTests : IDisposable
{
    private readonly PtyMaster _master = new();

    private SelfCheckingProgram Program() => new($"""
            t = os.open('{_master.Slave}', os.O_RDWR | os.O_NOCTTY); os.dup2(t, 50)
            wait()
            same([os.readlink('/proc/self/fd/%d' % x) for x in (t, 50)], ['/dev/null'] * 2)
            same(fcntl.fcntl(t, fcntl.F_GETFL) & 3, os.O_RDWR)
        """);

    [FactWith("python3")]
    public void IsRefusedUnlessChosen()
    {
        using var program = Program();
        var obstacles = new TreeCheckpoint(new()).Preview(program.Pid).Obstacles;
        Assert.Equal(2, obstacles.Count(o => o.Id == "CrTerminal" && o.Severity == ObstacleSeverity.Error && o.Object.Contains(_master.Slave)));
    }

    [FactWith("python3")]
    public void BecomesTheNullDeviceByChoiceAtTheCheckpoint()
    {
        using var program = Program();
        Assert.Equal("ok", program.Journey(new() { Terminal = TerminalPolicy.Null }));
    }

    [FactWith("python3")]
    public void BecomesTheNullDeviceByChoiceAtTheRestore()
    {
        using var program = Program();
        program.Save(new() { Terminal = TerminalPolicy.Inherit });
        var error = Assert.Throws<CrPreflightException>(() => program.Restore(new() { Terminal = TerminalPolicy.Fail }));
        Assert.Contains(error.Obstacles, o => o.Id == "CrTerminal");
        program.Restore(new() { Terminal = TerminalPolicy.Null });
        Assert.Equal("ok", program.Check());
    }

    public void Dispose() => _master.Dispose();
}
