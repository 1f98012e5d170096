namespace CrCore.Kernel;

/// <summary>Kinds of interfaces that live in one network namespace, and which of their options are told only (linux/if_link.h).</summary>
internal static class LinkOptions
{
    public static bool IsKnown(string kind) => kind is "dummy" or "ifb" or "bridge" or "veth" or "vlan" or "macvlan" or "ipvlan" or TunDevice.Kind;

    private const ushort BridgeSwitches = 46;

    /// <summary>The attributes of an interface's kind, or of the kind that it is a port of, without those that are told only: states, timers, counters.</summary>
    public static byte[] Settable(string kind, bool isPort, ReadOnlySpan<byte> data)
    {
        var writer = new NetlinkWriter();
        var attributes = new NetlinkAttributes(data);
        while (attributes.Next(out var type, out var value))
            if ((kind, isPort, type, value.Length) is ("bridge", false, BridgeSwitches, 2 * sizeof(uint)))
                // struct br_boolopt_multi: those that are on, and which are meant. One that a kernel does not have can be left out.
                writer.Attribute(BridgeSwitches, [.. value[..sizeof(uint)], .. value[..sizeof(uint)]]);
            else if (!IsToldOnly(kind, isPort, type))
                writer.Raw(attributes.Whole);
        return writer.Bytes.ToArray();
    }

    private static bool IsToldOnly(string kind, bool isPort, int type) => (kind, isPort) switch
    {
        // IFLA_BR_VLAN_FILTERING: 0, and a kernel without VLANs does not take even that. IFLA_BR_ROOT_ID to IFLA_BR_GC_TIMER, FDB_FLUSH, PAD, MCAST_QUERIER_STATE, FDB_N_LEARNED.
        ("bridge", false) => type is 7 or >= 10 and <= 19 or 21 or 40 or 47 or 48,
        // IFLA_BRPORT_STATE; ROOT_ID to FLUSH, PAD, MCAST_EHT_HOSTS_CNT, MCAST_N_GROUPS.
        ("bridge", true) => type is 1 or >= 13 and <= 24 or 26 or 38 or 41,
        // IFLA_MACVLAN_MACADDR_COUNT, BC_QUEUE_LEN_USED.
        ("macvlan", false) => type is 6 or 8,
        // IFLA_TUN_PERSIST, NUM_QUEUES, NUM_DISABLED_QUEUES: of those who are attached.
        (TunDevice.Kind, false) => type is 6 or 8 or 9,
        _ => false,
    };
}
