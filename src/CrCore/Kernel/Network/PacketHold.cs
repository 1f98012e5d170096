using System.Buffers.Binary;
using System.Net;

namespace CrCore.Kernel;

/// <summary>One connection whose packets are held back, as this machine sees it.</summary>
/// <param name="LocalAddress">4 or 16 bytes.</param>
/// <param name="RemoteAddress">As many.</param>
public sealed record HeldConnection(byte[] LocalAddress, ushort LocalPort, byte[] RemoteAddress, ushort RemotePort)
{
    public bool IsV6 => LocalAddress.Length == 16;

    public override string ToString()
        => $"{new IPEndPoint(new IPAddress(LocalAddress), LocalPort)} - {new IPEndPoint(new IPAddress(RemoteAddress), RemotePort)}";
}

/// <summary>
/// Drops the TCP packets of some connections, in both directions, so that neither end sees anything while the other is not
/// there: a table of nf_tables(nft(8)) with a set of connections for each version of IP and a chain for each direction. A
/// packet with the mark <see cref="PassMark"/> passes.
/// </summary>
internal static class PacketHold
{
    /// <summary>SO_MARK of packets that are let through.</summary>
    public const uint PassMark = 0x43724d6f;

    // include/uapi/linux/netfilter/nfnetlink.h
    private const ushort BatchBegin = 0x10, BatchEnd = 0x11, NfTables = 10;

    // enum nf_tables_msg_types in include/uapi/linux/netfilter/nf_tables.h; numbers of attributes below are from there, too.
    private const ushort NewTable = 0, DeleteTable = 2, NewChain = 3, NewRule = 6, NewSet = 9, NewElements = 12;
    private const ushort Request = 1, Acknowledge = 4, Create = 0x400, Append = 0x800;
    private const byte FamilyInet = 1, FamilyNone = 0;
    private const int LocalIn = 1, LocalOut = 3;

    // Before connection tracking (NF_IP_PRI_RAW in linux/netfilter_ipv4.h), which then never sees what is dropped on its way out.
    private const int Priority = -300;
    private const uint OwnerFlag = 2;
    private const int FirstRegister = 8, Tcp = 6, V4 = 2, V6 = 10;

    /// <summary>Elements that go into one message; an attribute's length is a 16-bit number.</summary>
    private const int ElementsAtOnce = 400;

    private const string SetV4 = "held4", SetV6 = "held6", Input = "input", Output = "output";

    /// <summary>The messages that make the table.</summary>
    /// <param name="owned">The kernel removes the table when the socket that made it is closed: by the death of this process, too.</param>
    public static (byte[] Bytes, int Acknowledged) Build(string table, IReadOnlyList<HeldConnection> connections, bool owned)
    {
        var b = new Batch();
        b.Message(NewTable, Create);
        b.Out.Text(1, table);
        b.Out.BigEndian(2, owned ? OwnerFlag : 0);
        AddChain(b, table, Input, LocalIn);
        AddChain(b, table, Output, LocalOut);
        foreach (var v6 in (ReadOnlySpan<bool>)[false, true])
        {
            AddSet(b, table, v6);
            AddElements(b, table, connections, v6);
        }
        foreach (var chain in (ReadOnlySpan<string>)[Input, Output])
        {
            AddPass(b, table, chain);
            AddDrop(b, table, chain, v6: false);
            AddDrop(b, table, chain, v6: true);
        }
        return b.Finish();
    }

    /// <summary>The messages that remove a table.</summary>
    public static (byte[] Bytes, int Acknowledged) BuildRemoval(string table)
    {
        var b = new Batch();
        b.Message(DeleteTable, 0);
        b.Out.Text(1, table);
        return b.Finish();
    }

    private static void AddChain(Batch b, string table, string name, int hook)
    {
        b.Message(NewChain, Create);
        b.Out.Text(1, table);
        b.Out.Text(3, name);
        b.Out.Begin(4);
        b.Out.BigEndian(1, (uint)hook);
        b.Out.BigEndian(2, unchecked((uint)Priority));
        b.Out.End();
        b.Out.Text(7, "filter");
    }

    /// <summary>Source address, source port, destination address, destination port, each padded to 4 bytes.</summary>
    private static void AddSet(Batch b, string table, bool v6)
    {
        // Types as the nft program numbers them, so that it can show the set: 7 IPv4 address, 8 IPv6 address, 13 port.
        var address = v6 ? 8u : 7u;
        b.Message(NewSet, Create);
        b.Out.Text(1, table);
        b.Out.Text(2, v6 ? SetV6 : SetV4);
        b.Out.BigEndian(3, 0);
        b.Out.BigEndian(4, address << 18 | 13 << 12 | address << 6 | 13);
        b.Out.BigEndian(5, (uint)KeyLength(v6));
        b.Out.BigEndian(10, v6 ? 2u : 1);
    }

    private static int KeyLength(bool v6) => v6 ? 40 : 16;

    private static void AddElements(Batch b, string table, IReadOnlyList<HeldConnection> connections, bool v6)
    {
        var seen = new HashSet<string>();
        var list = new List<byte[]>();
        foreach (var c in connections)
            if (c.IsV6 == v6)
            {
                // Both ends of a connection within this machine have the same two keys.
                Add(Key(c.LocalAddress, c.LocalPort, c.RemoteAddress, c.RemotePort));
                Add(Key(c.RemoteAddress, c.RemotePort, c.LocalAddress, c.LocalPort));
            }
        for (var at = 0; at < list.Count; at += ElementsAtOnce)
        {
            b.Message(NewElements, Create);
            b.Out.Text(1, table);
            b.Out.Text(2, v6 ? SetV6 : SetV4);
            b.Out.Begin(3);
            for (var i = at; i < Math.Min(list.Count, at + ElementsAtOnce); i++)
            {
                b.Out.Begin(1);
                b.Out.Begin(1);
                b.Out.Attribute(1, list[i]);
                b.Out.End();
                b.Out.End();
            }
            b.Out.End();
        }

        void Add(byte[] key)
        {
            if (seen.Add(Convert.ToHexString(key)))
                list.Add(key);
        }
    }

    private static byte[] Key(byte[] source, ushort sourcePort, byte[] destination, ushort destinationPort)
    {
        var size = source.Length;
        var key = new byte[2 * size + 8];
        source.CopyTo(key, 0);
        BinaryPrimitives.WriteUInt16BigEndian(key.AsSpan(size), sourcePort);
        destination.CopyTo(key, size + 4);
        BinaryPrimitives.WriteUInt16BigEndian(key.AsSpan(2 * size + 4), destinationPort);
        return key;
    }

    private static void AddPass(Batch b, string table, string chain)
    {
        BeginRule(b, table, chain);
        Span<byte> mark = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(mark, PassMark);
        Match(b, metaKey: 3, mark);
        Verdict(b, accept: true);
        b.Out.End();
    }

    private static void AddDrop(Batch b, string table, string chain, bool v6)
    {
        var size = v6 ? 16 : 4;
        BeginRule(b, table, chain);
        Match(b, metaKey: 15, [(byte)(v6 ? V6 : V4)]);
        Match(b, metaKey: 16, [Tcp]);
        Load(b, network: true, v6 ? 8 : 12, size, FirstRegister);
        Load(b, network: false, 0, 2, FirstRegister + size / 4);
        Load(b, network: true, v6 ? 24 : 16, size, FirstRegister + size / 4 + 1);
        Load(b, network: false, 2, 2, FirstRegister + size / 2 + 1);
        BeginExpression(b, "lookup");
        b.Out.Text(1, v6 ? SetV6 : SetV4);
        b.Out.BigEndian(2, FirstRegister);
        EndExpression(b);
        Verdict(b, accept: false);
        b.Out.End();
    }

    private static void BeginRule(Batch b, string table, string chain)
    {
        b.Message(NewRule, Create | Append);
        b.Out.Text(1, table);
        b.Out.Text(2, chain);
        b.Out.Begin(4);
    }

    private static void Match(Batch b, uint metaKey, ReadOnlySpan<byte> value)
    {
        BeginExpression(b, "meta");
        b.Out.BigEndian(1, FirstRegister);
        b.Out.BigEndian(2, metaKey);
        EndExpression(b);
        BeginExpression(b, "cmp");
        b.Out.BigEndian(1, FirstRegister);
        b.Out.BigEndian(2, 0);
        b.Out.Begin(3);
        b.Out.Attribute(1, value);
        b.Out.End();
        EndExpression(b);
    }

    private static void Load(Batch b, bool network, int offset, int length, int register)
    {
        BeginExpression(b, "payload");
        b.Out.BigEndian(1, (uint)register);
        b.Out.BigEndian(2, network ? 1u : 2);
        b.Out.BigEndian(3, (uint)offset);
        b.Out.BigEndian(4, (uint)length);
        EndExpression(b);
    }

    private static void Verdict(Batch b, bool accept)
    {
        BeginExpression(b, "immediate");
        b.Out.BigEndian(1, 0);
        b.Out.Begin(2);
        b.Out.Begin(2);
        b.Out.BigEndian(1, accept ? 1u : 0);
        b.Out.End();
        b.Out.End();
        EndExpression(b);
    }

    private static void BeginExpression(Batch b, string name)
    {
        b.Out.Begin(1);
        b.Out.Text(1, name);
        b.Out.Begin(2);
    }

    private static void EndExpression(Batch b)
    {
        b.Out.End();
        b.Out.End();
    }

    /// <summary>A transaction of nf_tables: all of it or nothing (nfnetlink_rcv_batch in net/netfilter/nfnetlink.c).</summary>
    private sealed class Batch
    {
        private uint _sequence = 1;

        public Batch() => Frame(BatchBegin);

        public NetlinkWriter Out { get; } = new();

        public void Message(ushort message, ushort flags)
        {
            Out.Message((ushort)(NfTables << 8 | message), (ushort)(Request | Acknowledge | flags), _sequence++);
            // struct nfgenmsg: family, version, resource id.
            Out.Raw([FamilyInet, 0, 0, 0]);
        }

        public (byte[] Bytes, int Acknowledged) Finish()
        {
            Frame(BatchEnd);
            Out.EndMessage();
            return (Out.Bytes.ToArray(), (int)_sequence - 3);
        }

        private void Frame(ushort type)
        {
            Out.Message(type, Request, _sequence++);
            Out.Raw([FamilyNone, 0, 0, (byte)NfTables]);
        }
    }
}
