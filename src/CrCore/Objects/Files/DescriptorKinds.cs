using CrCore.Image;
using CrCore.Objects.Events;
using CrCore.Objects.Pipes;
using CrCore.Objects.Sockets;
using CrCore.Objects.Sockets.Unix;
using CrCore.Objects.Terminals;

namespace CrCore.Objects.Files;

/// <summary>The kinds of open file descriptions. A new kind is a folder and one line here; the first that claims a descriptor has it.</summary>
internal static class DescriptorKinds
{
    public static IReadOnlyList<IDescriptorKind> All { get; } =
    [
        new ProcGoneKind(),
        new PathKind(),
        new MemoryFileKind(),
        new MessageQueueKind(),
        new RegularFileKind(),
        new DirectoryKind(),
        new PipeKind(),
        new FifoKind(),
        new EventFdKind(),
        new TimerFdKind(),
        new SignalFdKind(),
        new EpollKind(),
        new InotifyKind(),
        new FanotifyKind(),
        new PidFdKind(),
        new UserFaults.UserFaultKind(),
        new Namespaces.NamespaceFileKind(),
        new Bpf.BpfMapKind(),
        new UnixSocketKind(),
        new Sockets.Inet.InetKind(),
        new Sockets.Netlink.NetlinkKind(),
        new Sockets.Packet.PacketKind(),
        new TerminalKind(),
        new Tun.TunKind(),
        new DeviceKind(),
        new BlockDeviceKind(),
        new Given.GivenKind(),
    ];

    /// <summary>Records that several kinds have.</summary>
    public static IReadOnlyList<RecordType> SharedRecords => SocketRecords.All;

    /// <summary>The kind of a live descriptor, or null when none can save it.</summary>
    public static IDescriptorKind? Find(Descriptor descriptor)
    {
        foreach (var kind in All)
            if (kind.Claims(descriptor))
                return kind;
        return null;
    }

    /// <summary>The kind that restores an fd_type, or null when this program knows none.</summary>
    public static IDescriptorKind? Find(FdType type) => (uint)type < (uint)ByType.Length ? ByType[(int)type] : null;

    /// <summary>The ids of all records that may follow a description's name.</summary>
    internal static IReadOnlySet<short> OwnRecords { get; } = FindOwnRecords();

    private static IDescriptorKind?[] ByType { get; } = SortByType();

    private static HashSet<short> FindOwnRecords()
    {
        var ids = new HashSet<short>();
        foreach (var type in SharedRecords)
            ids.Add(type.Id);
        foreach (var kind in All)
            foreach (var type in kind.Records)
                ids.Add(type.Id);
        return ids;
    }

    private static IDescriptorKind?[] SortByType()
    {
        var kinds = new List<IDescriptorKind?>();
        foreach (var kind in All)
            foreach (var type in kind.Types)
            {
                while (kinds.Count <= (int)type)
                    kinds.Add(null);
                kinds[(int)type] = kind;
            }
        return [.. kinds];
    }
}
