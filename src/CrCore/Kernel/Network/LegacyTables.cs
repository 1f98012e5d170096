using System.Buffers.Binary;
using System.Text;

namespace CrCore.Kernel;

/// <summary>
/// Reads and writes tables of the older packet filter in the network namespace of the calling thread: calls of
/// net/ipv4/netfilter/ip_tables.c and its twin for IPv6, whose structures are those of linux/netfilter_ipv4/ip_tables.h.
/// </summary>
public static class LegacyTables
{
    /// <summary>Bytes of entries that are read at most.</summary>
    public const int MaxSize = 4 << 20;

    /// <summary>Bytes of struct ipt_getinfo, and of what stands before the entries in ipt_get_entries, ipt_replace and xt_counters_info.</summary>
    public const int InfoSize = 84, EntriesAt = 40, ReplaceSize = 96, CountersAt = 40;

    private const int GetInfo = 64, GetEntries = 65, SetReplace = 64, SetAddCounters = 65;

    // struct ipt_getinfo: name 32, valid_hooks, hook_entry 5, underflow 5, num_entries, size.
    private const int HooksAt = 32, PlacesAt = 36, CountAt = 76, SizeAt = 80;

    // struct ipt_replace: name 32, valid_hooks, num_entries, size, hook_entry 5, underflow 5, num_counters, counters.
    private const int ReplaceCountAt = 36, ReplaceSizeAt = 40, ReplacePlacesAt = 44, OldCountAt = 84, OldCountersAt = 88;

    /// <summary>The table, or null when it may not be looked at, or is larger than <see cref="MaxSize"/>.</summary>
    public static LegacyTable? TryRead(bool isInet6, string name)
    {
        using var socket = Open(isInet6, out _);
        if (socket is null || AskInfo(socket, isInet6, name) is not { } info)
            return null;
        var size = BinaryPrimitives.ReadInt32LittleEndian(info.AsSpan(SizeAt));
        if (size is < 0 or > MaxSize)
            return null;
        var entries = new byte[EntriesAt + size];
        info.AsSpan(0, LegacyTable.NameSize).CopyTo(entries);
        BinaryPrimitives.WriteInt32LittleEndian(entries.AsSpan(LegacyTable.NameSize), size);
        if (SocketCalls.GetOption(socket, Level(isInet6), GetEntries, entries) < 0)
            return null;
        var places = new uint[LegacyTable.PlacesCount];
        for (var i = 0; i < places.Length; i++)
            places[i] = BinaryPrimitives.ReadUInt32LittleEndian(info.AsSpan(PlacesAt + 4 * i));
        return new(isInet6, name, BinaryPrimitives.ReadUInt32LittleEndian(info.AsSpan(HooksAt)), places,
            BinaryPrimitives.ReadUInt32LittleEndian(info.AsSpan(CountAt)), entries[EntriesAt..]);
    }

    /// <summary>Puts the table into the place of the one that is there (a look makes an empty one), with its counters.</summary>
    /// <returns>ENOENT: the kernel lacks the table, a match or a target. EPERM: takes CAP_NET_ADMIN. EINVAL: it is none.</returns>
    public static Errno Replace(LegacyTable table)
    {
        using var socket = Open(table.IsInet6, out var errno);
        if (socket is null)
            return errno;
        if (AskInfo(socket, table.IsInet6, table.Name) is not { } info)
            return Errno.ENOENT;
        var old = BinaryPrimitives.ReadUInt32LittleEndian(info.AsSpan(CountAt));
        var request = new byte[ReplaceSize + table.Entries.Length];
        WriteName(request, table.Name);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(HooksAt), table.Hooks);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(ReplaceCountAt), table.Count);
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(ReplaceSizeAt), table.Entries.Length);
        for (var i = 0; i < LegacyTable.PlacesCount; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(ReplacePlacesAt + 4 * i), table.Places[i]);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(OldCountAt), old);
        table.Entries.CopyTo(request, ReplaceSize);
        errno = SocketCalls.SetOptionWithRoom(socket, Level(table.IsInet6), SetReplace, request, OldCountersAt, checked((int)old * LegacyTable.CountersSize));
        return errno != Errno.None ? errno : AddCounters(socket, table);
    }

    private static Errno AddCounters(OwnDescriptor socket, LegacyTable table)
    {
        var counters = table.Counters;
        var request = new byte[CountersAt + counters.Length];
        WriteName(request, table.Name);
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(LegacyTable.NameSize), counters.Length / LegacyTable.CountersSize);
        counters.CopyTo(request, CountersAt);
        return SocketCalls.SetOption(socket, Level(table.IsInet6), SetAddCounters, request);
    }

    private static OwnDescriptor? Open(bool isInet6, out Errno errno)
        => SocketCalls.TryMake(isInet6 ? SocketFamily.Inet6 : SocketFamily.Inet, SocketType.Raw, 255, out errno);

    private static int Level(bool isInet6) => isInet6 ? 41 : 0;

    private static byte[]? AskInfo(OwnDescriptor socket, bool isInet6, string name)
    {
        var info = new byte[InfoSize];
        WriteName(info, name);
        return SocketCalls.GetOption(socket, Level(isInet6), GetInfo, info) == InfoSize ? info : null;
    }

    private static void WriteName(Span<byte> structure, string name) => Encoding.ASCII.GetBytes(name, structure[..(LegacyTable.NameSize - 1)]);
}
