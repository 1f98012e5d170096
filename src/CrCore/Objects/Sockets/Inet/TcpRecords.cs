using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>
/// TCP_CONNECTION (521): what the two ends of a connection agreed on and how far they are. What is in its queues follows in
/// TCP_DATA records.
/// </summary>
public sealed record TcpConnectionRecord : ICrRecord
{
    public const int MaxPayload = 80 + 4 + MaxName;

    private const int MaxName = 64;

    public short Type => InetRecordIds.TcpConnection;
    public uint Parent => 0;

    /// <summary>Behind the last byte of the send queue, a FIN of our own included.</summary>
    public required uint SendSequence { get; init; }

    /// <summary>Behind the last byte received, the other end's FIN included.</summary>
    public required uint ReceiveSequence { get; init; }

    /// <summary>Bytes in the send queue without a FIN.</summary>
    public required uint SendLength { get; init; }

    /// <summary>Those of them, the last ones, that were never sent.</summary>
    public required uint UnsentLength { get; init; }

    /// <summary>Our FIN has been sent.</summary>
    public bool FinSent { get; init; }

    /// <summary>Bytes received and not read.</summary>
    public required uint ReceiveLength { get; init; }

    public uint MaxSegment { get; init; }

    /// <summary>tcpi_options of struct tcp_info: timestamps 1, selective acknowledgements 2, window scale 4.</summary>
    public byte Options { get; init; }

    public byte SendScale { get; init; }

    public byte ReceiveScale { get; init; }

    /// <summary>The value of the timestamp clock (TCP_TIMESTAMP).</summary>
    public uint Timestamp { get; init; }

    public TcpRepairWindow Window { get; init; }

    /// <summary>The table of nf_tables that holds the connection's packets back until it is restored, or "".</summary>
    public string Hold { get; init; } = "";

    public void Write(ref FieldWriter w)
    {
        w.U32(SendSequence);
        w.U32(ReceiveSequence);
        w.U32(SendLength);
        w.U32(UnsentLength);
        w.U32(ReceiveLength);
        w.U32(MaxSegment);
        w.U32(Timestamp);
        w.U8(Options);
        w.U8(SendScale);
        w.U8(ReceiveScale);
        w.Flag(FinSent);
        w.U32(Window.SendWl1);
        w.U32(Window.SendWindow);
        w.U32(Window.MaxWindow);
        w.U32(Window.ReceiveWindow);
        w.U32(Window.ReceiveWup);
        w.Text(Hold);
    }

    public static TcpConnectionRecord Read(uint parent, ref FieldReader r)
    {
        var record = new TcpConnectionRecord
        {
            SendSequence = r.U32(),
            ReceiveSequence = r.U32(),
            SendLength = r.U32(),
            UnsentLength = r.U32(),
            ReceiveLength = r.U32(),
            MaxSegment = r.U32(),
            Timestamp = r.U32(),
            Options = r.U8(),
            SendScale = r.U8(),
            ReceiveScale = r.U8(),
            FinSent = r.Flag(),
            Window = new(r.U32(), r.U32(), r.U32(), r.U32(), r.U32()),
            Hold = r.Text(MaxName),
        };
        return record.UnsentLength <= record.SendLength ? record : throw r.Bad("a connection has more unsent bytes than bytes to send");
    }
}

/// <summary>TCP_DATA (522): bytes of a connection's queue, in order.</summary>
/// <param name="IsSend">Of the send queue; else received and not read.</param>
public sealed record TcpDataRecord(bool IsSend, ReadOnlyMemory<byte> Bytes) : IContentRecord
{
    public const int MaxBytes = 256 * 1024;

    public short Type => InetRecordIds.TcpData;
    public uint Parent => 0;

    public void Write(ref FieldWriter w)
    {
        w.U32(IsSend ? 1u : 0);
        w.Raw(Bytes.Span);
    }

    ReadOnlyMemory<byte> IContentRecord.Contents => Bytes;

    ICrRecord IContentRecord.WithContents(ReadOnlyMemory<byte> contents) => this with { Bytes = contents };

    public static TcpDataRecord Read(uint parent, ref FieldReader r) => new(r.U32() != 0, r.Raw(r.Remaining).ToArray());

    public bool Equals(TcpDataRecord? other) => other is not null && IsSend == other.IsSend && Bytes.Span.SequenceEqual(other.Bytes.Span);

    public override int GetHashCode() => HashCode.Combine(IsSend, Bytes.Length);
}
