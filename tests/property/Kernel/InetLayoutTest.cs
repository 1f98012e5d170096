using System.Runtime.InteropServices;
using CrCore.Kernel;
using CrCore.Objects.Sockets.Inet;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>Structures and numbers of Internet sockets against the kernel's headers.</summary>
public sealed class InetLayoutTest
{
    private const string Prologue = """
        #include <stdio.h>
        #include <stddef.h>
        #include <linux/tcp.h>
        #include <linux/in.h>
        #include <linux/in6.h>
        #include <linux/udp.h>
        #include <linux/icmp.h>
        #include <linux/icmpv6.h>
        #include <linux/inet_diag.h>
        #include <linux/sockios.h>
        #include <linux/packet_diag.h>
        #include <linux/if_packet.h>
        #include <linux/netfilter/nfnetlink.h>
        #include <linux/netfilter/nf_tables.h>
        """;

    [FactWith("cc")]
    public void Structures_are_those_of_the_headers()
    {
        var answers = CHeaders.Ask(
        [
            ("sizeof(struct tcp_repair_window)", null), ("sizeof(struct tcp_repair_opt)", null), ("offsetof(struct tcp_repair_window, rcv_wup)", null),
            ("sizeof(struct inet_diag_req_v2)", null), ("sizeof(struct inet_diag_msg)", null), ("offsetof(struct inet_diag_msg, idiag_inode)", null), ("offsetof(struct inet_diag_msg, idiag_rqueue)", null),
            ("TCP_REPAIR", "TCP_REPAIR"), ("TCP_REPAIR_QUEUE", "TCP_REPAIR_QUEUE"), ("TCP_QUEUE_SEQ", "TCP_QUEUE_SEQ"), ("TCP_REPAIR_OPTIONS", "TCP_REPAIR_OPTIONS"), ("TCP_TIMESTAMP", "TCP_TIMESTAMP"),
            ("TCP_REPAIR_WINDOW", "TCP_REPAIR_WINDOW"), ("TCP_INFO", "TCP_INFO"), ("TCP_MAXSEG", "TCP_MAXSEG"), ("SIOCOUTQNSD", "SIOCOUTQNSD"), ("IPPROTO_UDPLITE", null), ("IPPROTO_MPTCP", null),
        ], Prologue);
        Assert.Equal(answers["sizeof(struct tcp_repair_window)"], Marshal.SizeOf<TcpRepairWindow>());
        Assert.Equal(answers["sizeof(struct tcp_repair_opt)"], Marshal.SizeOf<TcpRepairOption>());
        Assert.Equal(answers["offsetof(struct tcp_repair_window, rcv_wup)"], (long)Marshal.OffsetOf<TcpRepairWindow>("<ReceiveWup>k__BackingField"));
        Assert.Equal(InetDiag.RequestSize, answers["sizeof(struct inet_diag_req_v2)"]);
        Assert.Equal(InetDiag.MessageSize, answers["sizeof(struct inet_diag_msg)"]);
        Assert.Equal((68, 56), (answers["offsetof(struct inet_diag_msg, idiag_inode)"], answers["offsetof(struct inet_diag_msg, idiag_rqueue)"]));
        Assert.Equal([answers["TCP_REPAIR"], answers["TCP_REPAIR_QUEUE"], answers["TCP_QUEUE_SEQ"], answers["TCP_REPAIR_OPTIONS"], answers["TCP_TIMESTAMP"], answers["TCP_REPAIR_WINDOW"], answers["TCP_INFO"], answers["TCP_MAXSEG"]],
            new long[] { TcpRepair.Repair, TcpRepair.RepairQueue, TcpRepair.QueueSequence, TcpRepair.RepairOptions, TcpRepair.Timestamp, TcpRepair.RepairWindow, TcpRepair.Info, TcpRepair.MaxSegment });
        Assert.Equal((InetCalls.NotSent, InetProtocol.UdpLite, InetProtocol.MultipathTcp), (answers["SIOCOUTQNSD"], answers["IPPROTO_UDPLITE"], answers["IPPROTO_MPTCP"]));
    }

    /// <summary>Every option of the tables has the number that the headers give its name; few are too new for older headers.</summary>
    [FactWith("cc")]
    public void Options_have_the_numbers_of_the_headers()
    {
        SocketOptionNumber[] all = [.. InetOptions.All.Concat(InetOptions.OfTcp).Concat(InetOptions.OfUnconnectedTcp).Concat(InetOptions.OfDatagrams).Select(o => new SocketOptionNumber(o.Text, o.Name))];
        var answers = CHeaders.Ask([.. all.Select(o => (o.Text, (string?)o.Text))], Prologue);
        var known = all.Where(o => answers.ContainsKey(o.Text)).ToArray();
        Assert.Equal(known.Select(o => $"{o.Text} {answers[o.Text]}"), known.Select(o => $"{o.Text} {o.Number}"));
        Assert.InRange(known.Length, all.Length - 14, all.Length);
    }

    [FactWith("cc")]
    public void Packet_structures_are_those_of_the_headers()
    {
        var answers = CHeaders.Ask(
        [
            ("sizeof(struct packet_diag_req)", null), ("sizeof(struct packet_diag_msg)", null), ("sizeof(struct packet_diag_mclist)", null), ("sizeof(struct packet_diag_ring)", null), ("sizeof(struct tpacket_req3)", null),
            ("offsetof(struct packet_diag_info, pdi_copy_thresh)", null), ("offsetof(struct packet_diag_msg, pdiag_ino)", null), ("offsetof(struct tpacket_req3, tp_retire_blk_tov)", null), ("sizeof(struct tpacket_req)", null),
        ], Prologue);
        Assert.Equal([PacketDiag.RequestSize, PacketDiag.MessageSize, PacketDiag.MembershipSize, PacketRing.Size, PacketRing.Size, 12, 4, (long)Marshal.OffsetOf<PacketRing>("<RetireTimeout>k__BackingField"), 16], answers.Values);
    }

    /// <summary>Each of the two headers by itself, as the C library's own do not go with them.</summary>
    [FactWith("cc")]
    public void Packet_filters_are_those_of_the_headers()
    {
        foreach (var (v6, prefix, header, offsets) in new[] { (false, "ipt", "linux/netfilter_ipv4/ip_tables.h", 88L), (true, "ip6t", "linux/netfilter_ipv6/ip6_tables.h", 140L) })
        {
            var upper = prefix.ToUpperInvariant();
            string[] asked =
            [
                $"sizeof(struct {prefix}_getinfo)", $"offsetof(struct {prefix}_getinfo, valid_hooks)", $"offsetof(struct {prefix}_getinfo, hook_entry)", $"offsetof(struct {prefix}_getinfo, num_entries)", $"offsetof(struct {prefix}_getinfo, size)",
                $"offsetof(struct {prefix}_get_entries, entrytable)", $"offsetof(struct {prefix}_replace, entries)", $"offsetof(struct {prefix}_replace, num_entries)", $"offsetof(struct {prefix}_replace, size)",
                $"offsetof(struct {prefix}_replace, hook_entry)", $"offsetof(struct {prefix}_replace, num_counters)", $"offsetof(struct {prefix}_replace, counters)", "offsetof(struct xt_counters_info, counters)",
                $"offsetof(struct {prefix}_entry, target_offset)", $"offsetof(struct {prefix}_entry, next_offset)", $"offsetof(struct {prefix}_entry, counters)", "sizeof(struct xt_counters)", "offsetof(struct xt_standard_target, verdict)",
                $"{upper}_SO_GET_INFO", $"{upper}_SO_GET_ENTRIES", $"{upper}_SO_SET_REPLACE", $"{upper}_SO_SET_ADD_COUNTERS",
            ];
            var answers = CHeaders.Ask([.. asked.Select(a => (a, (string?)null))], $"#include <stdio.h>\n#include <stddef.h>\n#include <linux/types.h>\n#include <net/if.h>\n#include <netinet/in.h>\n#include <{header}>\n");
            Assert.Equal(
                [LegacyTables.InfoSize, 32, 36, 76, 80, LegacyTables.EntriesAt, LegacyTables.ReplaceSize, 36, 40, 44, 84, 88, LegacyTables.CountersAt, offsets, offsets + 2, v6 ? 152 : 96, LegacyTable.CountersSize, 32, 64, 65, 64, 65],
                answers.Values);
        }
    }

    private readonly record struct SocketOptionNumber(string Text, int Number);

    [Fact]
    public void A_table_holds_back_what_it_says()
    {
        var (bytes, acknowledged) = PacketHold.Build("crmodule-test", [new([127, 0, 0, 1], 1, [127, 0, 0, 1], 2)], owned: true);
        // Table, two chains, two sets, one list of elements, three rules for each chain; every message is aligned and whole.
        Assert.Equal(12, acknowledged);
        var count = 0;
        for (var at = 0; at < bytes.Length; count++)
            at += (BitConverter.ToInt32(bytes, at) + 3) & ~3;
        Assert.Equal(acknowledged + 2, count);
    }
}
