namespace CrModule;

/// <summary>How a task ended, taken apart as wait(2) says.</summary>
/// <param name="ExitStatus">0 to 255; null where a signal ended it.</param>
internal readonly record struct WaitStatus(int? ExitStatus, string? ExitSignal, bool CoreDumped)
{
    private const int SignalMask = 0x7f, CoreFlag = 0x80;

    public static WaitStatus Of(int status) => (status & SignalMask) == 0
        ? new WaitStatus((status >> 8) & 0xff, null, false)
        : new WaitStatus(null, SignalName.Of(status & SignalMask), (status & CoreFlag) != 0);
}
