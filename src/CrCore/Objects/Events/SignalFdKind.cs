using System.Globalization;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Events;

/// <summary>
/// Descriptors that take signals (signalfd(2)). They hold none: a read takes what is pending for the task that reads
/// (signalfd_dequeue in fs/signalfd.c), and pending signals are saved with their tasks.
/// </summary>
internal sealed class SignalFdKind : IDescriptorKind
{
    private const int NoDescriptor = -1;

    public IReadOnlyList<FdType> Types { get; } = [FdType.SignalFd];

    public IEnumerable<RecordType> Records => [new(EventRecordIds.SignalFd, "SIGNALFD", SignalFdRecord.Read, SignalFdRecord.PayloadSize)];

    public bool Claims(Descriptor d) => d.Name == "anon_inode:[signalfd]";

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
        => ulong.TryParse(d.Detail("sigmask"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var mask)
            ? new(FdType.SignalFd, d.Name, Records: [new SignalFdRecord(mask)])
            : throw new CrTargetException("CrSignalFdUntold", $"Task {d.Pid}: the kernel does not tell the signals of {d.Label}.", "Use a kernel built with CONFIG_PROC_FS.") { Pid = d.Pid, Object = d.Label };

    public void Check(CheckContext context, SavedDescription saved) => Require(saved);

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var made = batch.Must("make a signalfd", saved.Label, Sys.signalfd4, NoDescriptor, batch.In(Require(saved).Mask), sizeof(ulong), 0);
        DescriptorServer.Move(batch, saved.Label, made, server.NumberOf(saved));
        server.SetFlags(saved, batch);
        return null;
    }

    private static SignalFdRecord Require(SavedDescription saved) => saved.Get<SignalFdRecord>() ?? throw EventImage.Missing(saved, "SIGNALFD");
}
