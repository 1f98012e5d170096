using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Tun;

/// <summary>What a descriptor of /dev/net/tun is attached to.</summary>
internal static class LiveTun
{
    /// <summary>IFF_TAP, IFF_PERSIST, IFF_DETACH_QUEUE, IFF_VNET_HDR of linux/if_tun.h.</summary>
    public const uint Tap = 2, Persistent = 0x800, Disabled = 0x400, VirtioHeader = 0x4000;

    /// <summary>IFF_ATTACH_QUEUE and IFF_DETACH_QUEUE, IFF_PERSIST: states, and not how it is made.</summary>
    private const uint States = 0x200 | Disabled | Persistent;

    /// <summary>IFF_NO_PI; TUNGETIFF says so, too, where no filter is set (IFF_NOFILTER has the same bit), so that others are asked.</summary>
    private const uint NoInformation = 0x1000;

    private const ushort EthernetType = 1, NoType = 0xfffe;

    /// <summary>IFF_UP, IFF_DEBUG, IFF_NOARP, IFF_PROMISC, IFF_ALLMULTI, IFF_MULTICAST of linux/if.h: what can be set.</summary>
    public const uint Settable = 0x1 | 0x4 | 0x80 | 0x100 | 0x200 | 0x1000;

    /// <summary>
    /// In the task's network namespace: why a device cannot be kept, or null. One that stays without the tree has nothing to lose, and
    /// what one has in a namespace of the tree's own is saved with that.
    /// </summary>
    public static string? Refusal(OwnDescriptor own, string name, uint flags, ulong taskNamespace, bool isTreesOwn)
    {
        if (TunCalls.NamespaceOf(own) is var there && there != 0 && there != taskNamespace)
            return "is in another network namespace than its task, which is not saved yet";
        if (NetworkInterface.Find(name) is not { } link)
            return "is not among the interfaces of this network namespace";
        if ((flags & Persistent) != 0)
            return null;
        if (link.Belongings.Count > 0 && !isTreesOwn)
            return $"goes with the tree, and has {string.Join(", ", link.Belongings.Distinct())}, which would go with it and is not saved yet";
        if ((flags & VirtioHeader) != 0)
            return "goes with the tree, and the kernel does not tell which offloads it has (IFF_VNET_HDR, TUNSETOFFLOAD)";
        if (TunCalls.HasFilter(own))
            return "goes with the tree, and has a filter that the kernel does not tell (TUNATTACHFILTER)";
        return link.Type is EthernetType or NoType ? null : $"goes with the tree, and was given the type {link.Type} (TUNSETLINK)";
    }

    /// <exception cref="CrKernelException">Something of it cannot be read.</exception>
    public static TunRecord Record(uint objRef, OwnDescriptor own, Descriptor d, string name, uint flags)
    {
        var link = NetworkInterface.Find(name) ?? throw new CrTargetException("CrTun", $"Task {d.Pid}: the interface {name} went while {d.Label} was captured.") { Pid = d.Pid, Object = d.Label };
        Check(TunCalls.ReadSendBuffer(own, out var sendBuffer), d);
        Check(TunCalls.ReadHeaderSize(own, out var headerSize), d);
        Check(TunCalls.ReadLittleEndian(own, out var littleEndian), d);
        return new TunRecord
        {
            ObjRef = objRef,
            Name = name,
            Flags = flags & ~States & ~NoInformation | (link.HasInformation ? 0 : NoInformation),
            IsPersistent = (flags & Persistent) != 0,
            Index = link.Index,
            Owner = link.Owner ?? uint.MaxValue,
            Group = link.Group ?? uint.MaxValue,
            SendBuffer = sendBuffer,
            HeaderSize = headerSize,
            IsLittleEndian = littleEndian != 0,
            HasCarrier = link.HasCarrier || (flags & Disabled) != 0,
            Mtu = link.Mtu,
            QueueLength = link.QueueLength,
            InterfaceFlags = link.Flags & Settable,
            Address = link.Address.Length == TunRecord.AddressSize ? link.Address : new byte[TunRecord.AddressSize],
        };
    }

    private static void Check(Errno e, Descriptor d)
    {
        if (e != Errno.None)
            throw new CrKernelException("CrTun", $"Task {d.Pid}: reading the settings of {d.Label}", e) { Pid = d.Pid, Object = d.Label };
    }
}
