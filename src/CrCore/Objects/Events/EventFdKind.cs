using System.Globalization;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Events;

/// <summary>Event counters (eventfd(2)). fdinfo tells all that there is (eventfd_show_fdinfo in fs/eventfd.c).</summary>
internal sealed class EventFdKind : IDescriptorKind
{
    private const int Semaphore = 1;

    public IReadOnlyList<FdType> Types { get; } = [FdType.EventFd];

    public IEnumerable<RecordType> Records => [new(EventRecordIds.EventFd, "EVENTFD", EventFdRecord.Read, EventFdRecord.PayloadSize)];

    public bool Claims(Descriptor d) => d.Name == "anon_inode:[eventfd]";

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        if (Read(d) is null)
            inspection.Refuse(d, "CrEventFdUntold", "the kernel does not tell of this eventfd all that would make it again (its counter, and whether it is a semaphore)",
                "Use Linux 6.5 or newer.");
        else if (Read(d) is { Count: ulong.MaxValue })
            inspection.Refuse(d, "CrEventFdOverflow", "the counter of the eventfd has overflowed, which no program can write into it", "Let the program read it first.");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
        => new(FdType.EventFd, d.Name, Records: [Read(d) ?? throw new CrTargetException("CrEventFdUntold", $"Task {d.Pid}: the kernel does not tell what {d.Label} holds.", "Use Linux 6.5 or newer.") { Pid = d.Pid, Object = d.Label }]);

    public void Check(CheckContext context, SavedDescription saved) => Require(saved);

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var record = Require(saved);
        DescriptorServer.Move(batch, saved.Label, batch.Must("make an eventfd", saved.Label, Sys.eventfd2, 0, record.IsSemaphore ? Semaphore : 0), server.NumberOf(saved));
        if (record.Count != 0)
            batch.Must("set the counter", saved.Label, Sys.write, server.NumberOf(saved), batch.In(record.Count), sizeof(ulong));
        server.SetFlags(saved, batch);
        return null;
    }

    private static EventFdRecord? Read(Descriptor d)
        => d.Detail("eventfd-count") is { } count && d.Detail("eventfd-semaphore") is { } semaphore
            && ulong.TryParse(count, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? new(value, semaphore != "0") : null;

    private static EventFdRecord Require(SavedDescription saved) => saved.Get<EventFdRecord>() ?? throw EventImage.Missing(saved, "EVENTFD");
}
