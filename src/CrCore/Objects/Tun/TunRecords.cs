using CrCore.Image;

namespace CrCore.Objects.Tun;

/// <summary>TUN (362): the TUN or TAP device that descriptors are attached to, at the first sight of one.</summary>
public sealed record TunRecord : ISharedObject
{
    internal const short Id = 362;

    /// <summary>IFNAMSIZ without its NUL; of an Ethernet address.</summary>
    public const int MaxName = 15, AddressSize = 6;

    internal const int MaxPayload = 12 * 4 + AddressSize + 2 + 4 + MaxName;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <summary>The framing's parent.</summary>
    public required uint ObjRef { get; init; }

    /// <summary>Of the interface, at most 15 bytes.</summary>
    public required string Name { get; init; }

    /// <summary>IFF_* of linux/if_tun.h with which it was made.</summary>
    public required uint Flags { get; init; }

    /// <summary>It stays when nobody is attached any more (TUNSETPERSIST); then the rest says nothing.</summary>
    public bool IsPersistent { get; init; }

    /// <summary>The interface's number, by which packets and routes know it.</summary>
    public int Index { get; init; }

    /// <summary>Who else may attach to it; uint.MaxValue for nobody.</summary>
    public uint Owner { get; init; } = uint.MaxValue;

    /// <summary>See <see cref="Owner"/>.</summary>
    public uint Group { get; init; } = uint.MaxValue;

    /// <summary>Bytes that may be on their way into the kernel (TUNSETSNDBUF of linux/if_tun.h).</summary>
    public int SendBuffer { get; init; }

    /// <summary>Of the virtio header, where there is one.</summary>
    public int HeaderSize { get; init; }

    /// <summary>Numbers of the virtio header are little-endian by request (TUNSETVNETLE).</summary>
    public bool IsLittleEndian { get; init; }

    /// <summary>Its link is up (TUNSETCARRIER).</summary>
    public bool HasCarrier { get; init; } = true;

    /// <summary>Bytes that a packet has at most.</summary>
    public uint Mtu { get; init; }

    /// <summary>Packets that wait to be read at most (txqueuelen).</summary>
    public uint QueueLength { get; init; }

    /// <summary>IFF_UP and the like of linux/if.h.</summary>
    public uint InterfaceFlags { get; init; }

    /// <summary>Of a TAP device.</summary>
    public ReadOnlyMemory<byte> Address { get; init; } = new byte[AddressSize];

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Flags);
        w.U32(IsPersistent ? 1u : 0);
        w.I32(Index);
        w.U32(Owner);
        w.U32(Group);
        w.I32(SendBuffer);
        w.I32(HeaderSize);
        w.U32(IsLittleEndian ? 1u : 0);
        w.U32(HasCarrier ? 1u : 0);
        w.U32(Mtu);
        w.U32(QueueLength);
        w.U32(InterfaceFlags);
        w.Raw(Address.Span);
        w.U16(0);
        w.Text(Name);
    }

    internal static TunRecord Read(uint parent, ref FieldReader r)
    {
        var record = new TunRecord
        {
            ObjRef = parent, Name = "", Flags = r.U32(), IsPersistent = r.U32() != 0, Index = r.I32(), Owner = r.U32(), Group = r.U32(), SendBuffer = r.I32(), HeaderSize = r.I32(),
            IsLittleEndian = r.U32() != 0, HasCarrier = r.U32() != 0, Mtu = r.U32(), QueueLength = r.U32(), InterfaceFlags = r.U32(), Address = r.Raw(AddressSize).ToArray(),
        };
        r.U16();
        record = record with { Name = r.Text(MaxName) };
        return record.Name.Length > 0 && record.Index > 0 ? record : throw r.Bad($"a TUN device has the name '{record.Name}' and the index {record.Index}");
    }

    /// <inheritdoc/>
    public bool Equals(TunRecord? other) => other is not null && Key.Equals(other.Key) && Address.Span.SequenceEqual(other.Address.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode();

    private ((uint, string, uint, bool, int, uint, uint), (int, int, bool, bool, uint, uint, uint)) Key
        => ((ObjRef, Name, Flags, IsPersistent, Index, Owner, Group), (SendBuffer, HeaderSize, IsLittleEndian, HasCarrier, Mtu, QueueLength, InterfaceFlags));
}

/// <summary>TUN_QUEUE (363): a descriptor that is attached to a TUN or TAP device.</summary>
/// <param name="IsDisabled">It is set aside (IFF_DETACH_QUEUE): no packets come to it.</param>
public sealed record TunQueueRecord(bool IsDisabled) : ICrRecord
{
    internal const short Id = 363;
    internal const int PayloadSize = 4;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w) => w.U32(IsDisabled ? 1u : 0);

    internal static TunQueueRecord Read(uint parent, ref FieldReader r) => new(r.U32() != 0);
}
