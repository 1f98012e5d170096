using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace CrCore.Kernel;

/// <summary>
/// The tables of the older packet filter (x_tables, iptables-legacy(8)) in the network namespace of the calling thread. They
/// appear at the first look of any tool at them, empty, so that only their contents say whether they filter.
/// </summary>
internal static class LegacyTables
{
    private const int GetInfo = 64, GetEntries = 65;

    // struct ipt_getinfo: name 32, valid_hooks, hook_entry 5, underflow 5, num_entries, size.
    private const int NameSize = 32, HooksAt = 32, CountAt = 76, SizeAt = 80, InfoSize = 84, EntriesAt = 40;

    // struct ipt_entry and ip6t_entry: where the offsets of target and of the next entry stand.
    private const int OffsetsOfInet = 88, OffsetsOfInet6 = 140;

    // struct xt_standard_target: size 2, name 29, revision, verdict.
    private const int TargetNameAt = 2, VerdictAt = 32;

    /// <summary>−NF_ACCEPT − 1.</summary>
    private const int Accept = -2;

    private const int MaxSize = 16 << 20;

    /// <summary>Whether a table does anything but let all pass; null when it may not be looked at.</summary>
    public static bool? Filters(bool isInet6, string table)
    {
        var (family, level, offsets) = isInet6 ? (SocketFamily.Inet6, 41, OffsetsOfInet6) : (SocketFamily.Inet, 0, OffsetsOfInet);
        using var socket = SocketCalls.TryMake(family, SocketType.Datagram, 0, out _);
        if (socket is null)
            return null;
        var info = new byte[InfoSize];
        Encoding.ASCII.GetBytes(table, info.AsSpan(0, NameSize - 1));
        if (SocketCalls.GetOption(socket, level, GetInfo, info) != InfoSize)
            return null;
        // An entry for each hook, its policy, and one that ends the table.
        var count = BinaryPrimitives.ReadUInt32LittleEndian(info.AsSpan(CountAt));
        if (count != BitOperations.PopCount(BinaryPrimitives.ReadUInt32LittleEndian(info.AsSpan(HooksAt))) + 1)
            return true;
        var size = BinaryPrimitives.ReadInt32LittleEndian(info.AsSpan(SizeAt));
        if (size is < 0 or > MaxSize)
            return null;
        var entries = new byte[EntriesAt + size];
        info.AsSpan(0, NameSize).CopyTo(entries);
        BinaryPrimitives.WriteInt32LittleEndian(entries.AsSpan(NameSize), size);
        return SocketCalls.GetOption(socket, level, GetEntries, entries) < 0 ? null : HasOtherPolicy(entries.AsSpan(EntriesAt), offsets);
    }

    private static bool HasOtherPolicy(ReadOnlySpan<byte> entries, int offsets)
    {
        while (entries.Length >= offsets + 4)
        {
            int target = BinaryPrimitives.ReadUInt16LittleEndian(entries[offsets..]), next = BinaryPrimitives.ReadUInt16LittleEndian(entries[(offsets + 2)..]);
            // The standard target has no name.
            if (target + VerdictAt + 4 <= entries.Length && entries[target + TargetNameAt] == 0 && BinaryPrimitives.ReadInt32LittleEndian(entries[(target + VerdictAt)..]) != Accept)
                return true;
            if (next == 0)
                break;
            entries = entries[Math.Min(entries.Length, next)..];
        }
        return false;
    }
}
