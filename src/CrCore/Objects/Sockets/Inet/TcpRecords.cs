using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>
/// TCP_CONNECTION (521): what the two ends of a connection agreed on and how far they are. What is in its queues follows in
/// TCP_DATA records.
/// </summary>
public sealed record TcpConnectionRecord : ICrRecord
{
    internal const int MaxPayload = 80 + 4 + MaxName;

    private const int MaxName = 64;

    /// <inheritdoc/>
    public short Type => InetRecordIds.TcpConnection;
    /// <inheritdoc/>
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

    /// <summary>Bytes that a segment carries at most (TCP_MAXSEG of tcp(7)).</summary>
    public uint MaxSegment { get; init; }

    /// <summary>tcpi_options of struct tcp_info: timestamps 1, selective acknowledgements 2, window scale 4.</summary>
    public byte Options { get; init; }

    /// <summary>By how many bits the windows that the other end tells are shifted (tcpi_snd_wscale of struct tcp_info).</summary>
    public byte SendScale { get; init; }

    /// <summary>By how many bits those that are told to it are (tcpi_rcv_wscale).</summary>
    public byte ReceiveScale { get; init; }

    /// <summary>The value of the timestamp clock (TCP_TIMESTAMP).</summary>
    public uint Timestamp { get; init; }

    /// <summary>How much either end may send (TCP_REPAIR_WINDOW of linux/tcp.h).</summary>
    public TcpRepairWindow Window { get; init; }

    /// <summary>The table of nf_tables that holds the connection's packets back until it is restored, or "".</summary>
    public string Hold { get; init; } = "";

    /// <inheritdoc/>
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

    internal static TcpConnectionRecord Read(uint parent, ref FieldReader r)
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
/// <param name="Bytes">A piece of it.</param>
public sealed record TcpDataRecord(bool IsSend, ReadOnlyMemory<byte> Bytes) : IContentRecord
{
    internal const int MaxBytes = 256 * 1024;

    /// <inheritdoc/>
    public short Type => InetRecordIds.TcpData;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(IsSend ? 1u : 0);
        w.Raw(Bytes.Span);
    }

    ReadOnlyMemory<byte> IContentRecord.Contents => Bytes;

    ICrRecord IContentRecord.WithContents(ReadOnlyMemory<byte> contents) => this with { Bytes = contents };

    internal static TcpDataRecord Read(uint parent, ref FieldReader r) => new(r.U32() != 0, r.Raw(r.Remaining).ToArray());

    /// <inheritdoc/>
    public bool Equals(TcpDataRecord? other) => other is not null && IsSend == other.IsSend && Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(IsSend, Bytes.Length);
}
