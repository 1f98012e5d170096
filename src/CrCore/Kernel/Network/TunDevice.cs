namespace CrCore.Kernel;

/// <summary>Makes TUN and TAP devices in the calling thread's network namespace, which rtnetlink(7) only tells of.</summary>
internal static class TunDevice
{
    public const string Kind = "tun";

    // IFLA_TUN_* of linux/if_link.h; IFF_NO_PI and IFF_MULTI_QUEUE of linux/if_tun.h.
    private const int Owner = 1, Group = 2, TypeOf = 3, Information = 4, VirtioHeader = 5, ManyQueues = 7;
    private const uint NoInformation = 0x1000, MultiQueue = 0x100;
    private const ushort Ethernet = 1, NoType = 0xfffe;

    /// <summary>Why a device cannot be made again, or null.</summary>
    public static string? Refusal(ReadOnlySpan<byte> data, ushort type)
        => IsSet(data, VirtioHeader) ? "the kernel does not tell which offloads it has (IFF_VNET_HDR, TUNSETOFFLOAD)"
            : type is Ethernet or NoType ? null : $"it was given the type {type} (TUNSETLINK)";

    /// <summary>One that stays though nobody is attached to it: who is will say how long.</summary>
    public static Errno Make(string name, int index, ReadOnlySpan<byte> data)
    {
        using var queue = OwnDescriptor.Open("/dev/net/tun", FileNative.O_RDWR, out var errno);
        if (queue is null)
            return errno;
        var flags = NetlinkAttributes.Find(data, TypeOf) is { Length: 1 } type ? type[0] : 0u;
        flags |= (IsSet(data, Information) ? 0 : NoInformation) | (IsSet(data, ManyQueues) ? MultiQueue : 0);
        errno = TunCalls.WriteIndex(queue, index);
        if (errno == Errno.None)
            errno = TunCalls.Attach(queue, name, flags);
        if (errno == Errno.None && NetlinkAttributes.Find(data, Owner) is { Length: sizeof(uint) } owner)
            errno = TunCalls.WriteOwner(queue, BitConverter.ToUInt32(owner));
        if (errno == Errno.None && NetlinkAttributes.Find(data, Group) is { Length: sizeof(uint) } group)
            errno = TunCalls.WriteGroup(queue, BitConverter.ToUInt32(group));
        return errno == Errno.None ? TunCalls.WritePersistent(queue, 1) : errno;
    }

    private static bool IsSet(ReadOnlySpan<byte> data, int type) => NetlinkAttributes.Find(data, type) is { Length: 1 } value && value[0] != 0;
}
