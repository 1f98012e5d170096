using System.Buffers.Binary;
using System.Text;

namespace CrCore.Kernel;

/// <summary>A table, chain or rule of nf_tables: the message that makes it, without its header.</summary>
/// <param name="Kind">NFT_MSG_NEWTABLE 0, NEWCHAIN 3 or NEWRULE 6.</param>
/// <param name="Message">struct nfgenmsg and attributes.</param>
public readonly record struct NetfilterObject(ushort Kind, byte[] Message);

/// <summary>
/// The tables of nf_tables (nft(8)) in the network namespace of the calling thread. The kernel tells them in the attributes
/// that make them; what only it may set (handles, counts of users) is left out. Numbers are those of
/// include/uapi/linux/netfilter/nf_tables.h.
/// </summary>
public static class NetfilterRules
{
    public const ushort Table = 0, Chain = 3, Rule = 6;

    private const ushort Subsystem = 10 << 8, GetTable = 1, GetChain = 4, GetRule = 7, GetSet = 10, GetObject = 19, GetFlowTable = 23;
    private const int Protocol = 12, MessageSize = 4, NameOfTable = 1;
    private const ushort Create = 0x400, Append = 0x800, Request = 1, Acknowledge = 4, BatchBegin = 0x10, BatchEnd = 0x11;

    // NFTA_CHAIN_FLAGS and NFT_CHAIN_BINDING: a chain without a name, part of a rule. NFTA_TABLE_FLAGS and NFT_TABLE_F_OWNER.
    private const int ChainFlags = 10, TableFlags = 2;
    private const uint Binding = 4, Owned = 2;

    /// <summary>Adds all tables, then all chains, then all rules in their order; and the names of what is more than that.</summary>
    /// <param name="own">How names of tables begin that this program makes: they are left out.</param>
    /// <returns>EPERM when it may not be asked.</returns>
    public static Errno TryRead(string own, List<NetfilterObject> objects, List<string> unsupported)
    {
        using var dump = NetlinkDump.TryOpen(Protocol, out _);
        // A kernel without it has no tables.
        if (dump is null)
            return Errno.None;
        var errno = Ask(dump, GetTable, own, m => Add(Table, m, [NameOfTable, TableFlags, 6], TableFlags, Owned, "a table that goes with the program that made it", objects, unsupported));
        if (errno != Errno.None || objects.Count + unsupported.Count == 0)
            return errno is Errno.EPERM or Errno.EAGAIN ? errno : Errno.None;
        Errno[] all =
        [
            Ask(dump, GetChain, own, m => Add(Chain, m, [NameOfTable, 3, 4, 5, 7, 8, ChainFlags, 12], ChainFlags, Binding, "a chain without a name", objects, unsupported)),
            Ask(dump, GetRule, own, m => AddRule(m, objects, unsupported)),
            Ask(dump, GetSet, own, m => unsupported.Add(Named(m, "a set"))),
            Ask(dump, GetObject, own, m => unsupported.Add(Named(m, "an object"))),
            Ask(dump, GetFlowTable, own, m => unsupported.Add(Named(m, "a flow table"))),
        ];
        foreach (var e in all)
            // A kernel that does not know of a kind has none of it.
            if (e is not (Errno.None or Errno.EINVAL or Errno.EOPNOTSUPP))
                return e;
        return Errno.None;
    }

    /// <summary>Makes them, all or nothing, in the calling thread's network namespace.</summary>
    public static Errno Make(IReadOnlyList<NetfilterObject> objects)
    {
        using var socket = SocketCalls.TryMake(SocketFamily.Netlink, SocketType.Raw, Protocol, out var errno);
        if (socket is null || objects.Count == 0)
            return errno;
        var writer = new NetlinkWriter();
        uint sequence = 1;
        Frame(BatchBegin);
        for (var i = 0; i < objects.Count; i++)
        {
            // One answer is enough: an error is told in any case, and then nothing is made.
            var last = i == objects.Count - 1 ? Acknowledge : (ushort)0;
            writer.Message((ushort)(Subsystem | objects[i].Kind), (ushort)(Request | last | Create | (objects[i].Kind == Rule ? Append : 0)), sequence++);
            writer.Raw(objects[i].Message);
        }
        Frame(BatchEnd);
        writer.EndMessage();
        return NetfilterBatch.TrySend(socket, (writer.Bytes.ToArray(), 1));

        void Frame(ushort type)
        {
            writer.Message(type, Request, sequence++);
            writer.Raw([0, 0, 0, Subsystem >> 8]);
        }
    }

    private static Errno Ask(NetlinkDump dump, ushort type, string own, Action<byte[]> each)
    {
        var messages = new List<byte[]>();
        var errno = dump.TryAsk((ushort)(Subsystem | type), new byte[MessageSize], messages);
        foreach (var m in messages)
            if (m.Length >= MessageSize && TableOf(m) is { } table && !table.StartsWith(own, StringComparison.Ordinal))
                each(m);
        return errno;
    }

    private static void Add(ushort kind, byte[] message, ReadOnlySpan<int> kept, int flags, uint refused, string what, List<NetfilterObject> objects, List<string> unsupported)
    {
        if (Find(message, flags, out var value) && value.Length == 4 && (BinaryPrimitives.ReadUInt32BigEndian(value) & refused) != 0)
            unsupported.Add(Named(message, what));
        else
            objects.Add(new(kind, Only(message, kept)));
    }

    /// <summary>Table, chain, expressions, what the tool has noted.</summary>
    private static void AddRule(byte[] message, List<NetfilterObject> objects, List<string> unsupported)
    {
        const int expressions = 4, name = 1;
        if (Find(message, expressions, out var list))
        {
            var each = new NetlinkAttributes(list);
            while (each.Next(out _, out var expression))
            {
                var parts = new NetlinkAttributes(expression);
                // Extensions of iptables need NFTA_RULE_COMPAT, which the kernel does not tell (nf_tables_fill_rule_info).
                while (parts.Next(out var type, out var value))
                    if (type == name && value.TrimEnd((byte)0) is var text && (text.SequenceEqual("match"u8) || text.SequenceEqual("target"u8)))
                    {
                        unsupported.Add(Named(message, "a rule of iptables-nft with an extension"));
                        return;
                    }
            }
        }
        objects.Add(new(Rule, Only(message, [NameOfTable, 2, expressions, 7])));
    }

    private static byte[] Only(byte[] message, ReadOnlySpan<int> kept)
    {
        var writer = new NetlinkWriter();
        writer.Raw([message[0], 0, 0, 0]);
        var attributes = new NetlinkAttributes(message.AsSpan(MessageSize));
        while (attributes.Next(out var type, out var value))
            if (kept.Contains(type))
                writer.Attribute((ushort)type, value);
        return writer.Bytes.ToArray();
    }

    private static bool Find(byte[] message, int wanted, out ReadOnlySpan<byte> value)
    {
        var attributes = new NetlinkAttributes(message.AsSpan(MessageSize));
        while (attributes.Next(out var type, out value))
            if (type == wanted)
                return true;
        return false;
    }

    private static string? TableOf(byte[] message) => Find(message, NameOfTable, out var name) ? Encoding.UTF8.GetString(name.TrimEnd((byte)0)) : null;

    private static string Named(byte[] message, string what)
    {
        var family = message[0] switch { 1 => "inet", 2 => "ip", 3 => "arp", 5 => "netdev", 7 => "bridge", 10 => "ip6", var other => $"family {other}" };
        return $"{what} in the nf_tables table {family} {TableOf(message)}";
    }
}
