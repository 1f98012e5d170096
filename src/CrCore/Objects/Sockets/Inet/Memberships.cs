using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>INET_MEMBERSHIP (523): a multicast group that a socket has joined on an interface (ip(7), ipv6(7)).</summary>
/// <param name="Interface">Its index.</param>
/// <param name="Group">Its address; no port.</param>
/// <param name="Filter">struct group_filter of linux/in.h, as MCAST_MSFILTER gave it: the sources let in or kept out.</param>
public sealed record MembershipRecord(uint Interface, InetAddress Group, ReadOnlyMemory<byte> Filter) : ICrRecord
{
    private const int MaxFilter = Memberships.HeaderSize + Memberships.MaxSources * Memberships.StorageSize;
    internal const int MaxPayload = 4 + InetAddress.EncodedSize + 4 + MaxFilter;

    /// <inheritdoc/>
    public short Type => InetRecordIds.Membership;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Interface);
        Group.Write(ref w);
        w.Blob(Filter.Span);
    }

    internal static MembershipRecord Read(uint parent, ref FieldReader r)
    {
        var record = new MembershipRecord(r.U32(), InetAddress.Read(ref r), r.Blob(MaxFilter));
        return record.Filter.Length >= Memberships.HeaderSize ? record : throw r.Bad("a multicast membership has no filter");
    }

    /// <inheritdoc/>
    public bool Equals(MembershipRecord? other) => other is not null && Interface == other.Interface && Group == other.Group && Filter.Span.SequenceEqual(other.Filter.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Interface, Group);
}

/// <summary>
/// Which groups a socket has joined: the kernel lists groups by interface only, but says for each, asked of a socket, whether
/// that socket is in it (do_mcast_group_source and ip_mc_gsfget in net/ipv4).
/// </summary>
internal static class Memberships
{
    internal const int HeaderSize = 144, StorageSize = 128, MaxSources = 64;

    private const int JoinGroup = 42, SourceFilter = 48;
    private const int GroupAt = 8, ModeAt = 136, CountAt = 140, Exclude = 0;

    public static IEnumerable<MembershipRecord> Of(OwnDescriptor own, int family, ProcReader proc, int pid)
    {
        var filter = new byte[HeaderSize + MaxSources * StorageSize];
        foreach (var (index, group) in Candidates(proc, pid, family == SocketFamily.Inet6))
        {
            filter.AsSpan().Clear();
            WriteHead(filter, index, group);
            BinaryPrimitives.WriteInt32LittleEndian(filter.AsSpan(CountAt), MaxSources);
            var n = SocketCalls.GetOption(own, group.IsV6 ? InetOptions.Ip6 : InetOptions.Ip, SourceFilter, filter);
            if (n >= HeaderSize)
                yield return new(index, group, filter.AsMemory(0, HeaderSize + Math.Min(MaxSources, BinaryPrimitives.ReadInt32LittleEndian(filter.AsSpan(CountAt))) * StorageSize).ToArray());
        }
    }

    public static void Restore(OwnDescriptor own, SavedDescription saved)
    {
        foreach (var record in saved.Records)
        {
            if (record is not MembershipRecord m)
                continue;
            var request = new byte[GroupAt + StorageSize];
            WriteHead(request, m.Interface, m.Group);
            var level = m.Group.IsV6 ? InetOptions.Ip6 : InetOptions.Ip;
            InetRestore.Must(saved, $"joining {m.Group} on interface {m.Interface}", SocketCalls.SetOption(own, level, JoinGroup, request));
            var filter = m.Filter.Span;
            // Whoever joined without more lets all sources in: none is kept out.
            if (BinaryPrimitives.ReadInt32LittleEndian(filter[ModeAt..]) != Exclude || BinaryPrimitives.ReadInt32LittleEndian(filter[CountAt..]) != 0)
                InetRestore.Must(saved, $"choosing the sources of {m.Group}", SocketCalls.SetOption(own, level, SourceFilter, filter));
        }
    }

    /// <summary>struct group_req and the head of struct group_filter: the interface, then the group's sockaddr, aligned.</summary>
    private static void WriteHead(Span<byte> structure, uint index, InetAddress group)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(structure, index);
        group.ToSockaddr().CopyTo(structure[GroupAt..]);
    }

    /// <summary>net/igmp: a line for each interface, then its groups, indented; net/igmp6: a line for each group.</summary>
    private static List<(uint Index, InetAddress Group)> Candidates(ProcReader proc, int pid, bool v6)
    {
        var found = new List<(uint, InetAddress)>();
        if (proc.TryRead(pid, "net/igmp"u8, out var text))
        {
            var index = 0u;
            foreach (var line in Encoding.ASCII.GetString(text).Split('\n'))
                if (line.StartsWith('\t') && line.Split('\t', ' ') is [_, .. var words] && words.FirstOrDefault(w => w.Length == 8) is { } hex && uint.TryParse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var address))
                    found.Add((index, new(false, 0, BinaryPrimitives.ReverseEndianness(address), 0, 0, 0)));
                else if (line.Split('\t') is [var number, ..] && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var at))
                    index = at;
        }
        if (v6 && proc.TryRead(pid, "net/igmp6"u8, out text))
            foreach (var line in Encoding.ASCII.GetString(text).Split('\n'))
                if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var number, _, { Length: 32 } hex, ..] && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var at))
                    found.Add((at, new(true, ulong.Parse(hex.AsSpan(0, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture), ulong.Parse(hex.AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture), 0, 0, 0)));
        return found;
    }
}
