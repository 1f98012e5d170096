using System.Buffers.Binary;
using System.Numerics;

namespace CrCore.Kernel;

/// <summary>A table of the older packet filter (x_tables, iptables-legacy(8)) as the kernel gives and takes it.</summary>
/// <param name="IsInet6">Of ip6tables, else of iptables.</param>
/// <param name="Hooks">A bit for each hook (NF_INET_*) that it stands at.</param>
/// <param name="Places">Where in the entries each hook begins, then where its policy stands: hook_entry and underflow of struct ipt_replace.</param>
/// <param name="Count">Entries.</param>
/// <param name="Entries">struct ipt_entry or ip6t_entry with their matches and targets, one after the other, with their counters.</param>
public sealed record LegacyTable(bool IsInet6, string Name, uint Hooks, IReadOnlyList<uint> Places, uint Count, byte[] Entries)
{
    /// <summary>NF_INET_NUMHOOKS, twice.</summary>
    public const int PlacesCount = 10;

    /// <summary>XT_TABLE_MAXNAMELEN, its end included.</summary>
    public const int NameSize = 32;

    /// <summary>Bytes of struct xt_counters: packets and bytes that an entry has seen.</summary>
    public const int CountersSize = 16;

    // struct xt_standard_target: size 2, name 29, revision, verdict.
    private const int TargetNameAt = 2, VerdictAt = 32;

    /// <summary>−NF_ACCEPT − 1.</summary>
    private const int Accept = -2;

    /// <summary>
    /// Whether it does anything but let all pass. A table appears, empty, when a tool first looks at it: an entry for each
    /// hook, its policy, and one that ends the table.
    /// </summary>
    public bool Filters
    {
        get
        {
            if (Count != BitOperations.PopCount(Hooks) + 1)
                return true;
            foreach (var at in EntryPlaces())
            {
                var entry = Entries.AsSpan(at);
                int target = BinaryPrimitives.ReadUInt16LittleEndian(entry[OffsetsAt..]);
                // The standard target has no name.
                if (target + VerdictAt + 4 <= entry.Length && entry[target + TargetNameAt] == 0 && BinaryPrimitives.ReadInt32LittleEndian(entry[(target + VerdictAt)..]) != Accept)
                    return true;
            }
            return false;
        }
    }

    /// <summary>The counters of all entries, in their order.</summary>
    public byte[] Counters
    {
        get
        {
            var counters = new List<byte>();
            foreach (var at in EntryPlaces())
                counters.AddRange(Entries.AsSpan(at + CountersAt, CountersSize));
            return [.. counters];
        }
    }

    /// <summary>In struct ipt_entry and ip6t_entry: where the offsets of the target and of the next entry stand.</summary>
    private int OffsetsAt => IsInet6 ? 140 : 88;

    private int CountersAt => IsInet6 ? 152 : 96;

    private int EntrySize => CountersAt + CountersSize;

    private IEnumerable<int> EntryPlaces()
    {
        for (int at = 0, next; at + EntrySize <= Entries.Length; at += next)
        {
            yield return at;
            next = BinaryPrimitives.ReadUInt16LittleEndian(Entries.AsSpan(at + OffsetsAt + 2));
            if (next < EntrySize)
                yield break;
        }
    }

    public bool Equals(LegacyTable? other)
        => other is not null && (IsInet6, Name, Hooks, Count) == (other.IsInet6, other.Name, other.Hooks, other.Count) && Places.SequenceEqual(other.Places) && Entries.AsSpan().SequenceEqual(other.Entries);

    public override int GetHashCode() => HashCode.Combine(Name, IsInet6, Count);

    /// <summary>As messages name it.</summary>
    public override string ToString() => $"{(IsInet6 ? "ip6tables" : "iptables")} table {Name}";
}
