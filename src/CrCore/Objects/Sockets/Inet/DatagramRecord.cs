using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>INET_DATAGRAM (524): a datagram that waits to be read, the oldest first, behind the socket's other records.</summary>
/// <param name="Source">Who sent it.</param>
/// <param name="Destination">The address that it was sent to, with the socket's port.</param>
/// <param name="Bytes">What it carries; may be empty.</param>
public sealed record DatagramRecord(InetAddress Source, InetAddress Destination, ReadOnlyMemory<byte> Bytes) : IContentRecord
{
    internal const int MaxBytes = ushort.MaxValue;
    internal const int MaxPayload = 2 * InetAddress.EncodedSize + 4 + MaxBytes;

    /// <inheritdoc/>
    public short Type => InetRecordIds.Datagram;
    /// <inheritdoc/>
    public uint Parent => 0;

    ReadOnlyMemory<byte> IContentRecord.Contents => Bytes;

    ICrRecord IContentRecord.WithContents(ReadOnlyMemory<byte> contents) => this with { Bytes = contents };

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        Source.Write(ref w);
        Destination.Write(ref w);
        w.Blob(Bytes.Span);
    }

    internal static DatagramRecord Read(uint parent, ref FieldReader r)
    {
        var record = new DatagramRecord(InetAddress.Read(ref r), InetAddress.Read(ref r), r.Blob(MaxBytes));
        var v6 = record.Destination.Unmapped().IsV6;
        return record.Source.Unmapped().IsV6 == v6 && record.Bytes.Length <= UdpDatagram.MaxBytes(v6) ? record
            : throw r.Bad($"a datagram of {record.Bytes.Length} bytes goes from {record.Source} to {record.Destination}");
    }

    /// <inheritdoc/>
    public bool Equals(DatagramRecord? other)
        => other is not null && Source == other.Source && Destination == other.Destination && Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Source, Destination, Bytes.Length);
}
