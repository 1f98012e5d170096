using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>
/// UNIX_MESSAGE (511): what waits to be read from a Unix socket, behind its UNIX_SOCKET, the oldest first. One is one
/// message of a datagram or seqpacket socket, or bytes of a stream that belong together.
/// </summary>
public sealed record UnixMessageRecord : IContentRecord, ICarriesDescriptions
{
    internal const int MaxBytes = 256 * 1024;

    internal const int MaxSize = 1024 + 4 * ControlHeader.MaxRights + MaxBytes;

    /// <inheritdoc/>
    public short Type => UnixRecordIds.Message;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <summary>The inode of the saved socket that sent it, or 0 when that is not known or gone.</summary>
    public ulong Sender { get; init; }

    /// <summary>The sender's address.</summary>
    public UnixAddress Address { get; init; } = UnixAddress.None;

    /// <summary>Who sent it, as the tree's namespaces see it; kept where the receiver asks for it (SO_PASSCRED).</summary>
    public SocketCredentials? Credentials { get; init; }

    /// <summary>Its bytes go on in the next record.</summary>
    public bool Continues { get; init; }

    /// <summary>References of the descriptions whose descriptors go with it (SCM_RIGHTS).</summary>
    public IReadOnlyList<uint> Rights { get; init; } = [];

    /// <summary>Those of a message may be none.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    IReadOnlyList<uint> ICarriesDescriptions.Carried => Rights;

    ReadOnlyMemory<byte> IContentRecord.Contents => Bytes;

    ICrRecord IContentRecord.WithContents(ReadOnlyMemory<byte> contents) => this with { Bytes = contents };

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(Sender);
        w.U32((Credentials is null ? 0u : 1) | (Continues ? 2u : 0));
        w.I32(Credentials?.Pid ?? 0);
        w.U32(Credentials?.Uid ?? 0);
        w.U32(Credentials?.Gid ?? 0);
        Address.Write(ref w);
        w.U32((uint)Rights.Count);
        foreach (var right in Rights)
            w.U32(right);
        w.Raw(Bytes.Span);
    }

    internal static UnixMessageRecord Read(uint parent, ref FieldReader r)
    {
        var sender = r.U64();
        var flags = r.U32();
        var credentials = new SocketCredentials(r.I32(), r.U32(), r.U32());
        var address = UnixAddress.Read(ref r);
        var rights = new uint[r.Count(sizeof(uint))];
        if (rights.Length > ControlHeader.MaxRights)
            throw r.Bad($"a message carries {rights.Length} descriptors");
        for (var i = 0; i < rights.Length; i++)
            rights[i] = r.U32();
        return new()
        {
            Sender = sender,
            Credentials = (flags & 1) != 0 ? credentials : null,
            Continues = (flags & 2) != 0,
            Address = address,
            Rights = rights,
            Bytes = r.Raw(r.Remaining).ToArray(),
        };
    }

    /// <inheritdoc/>
    public bool Equals(UnixMessageRecord? other)
        => other is not null && Sender == other.Sender && Address == other.Address && Credentials == other.Credentials && Continues == other.Continues
            && Rights.SequenceEqual(other.Rights) && Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Sender, Rights.Count, Bytes.Length);
}
