using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Sockets;

namespace CrCore.Objects.Given;

/// <summary>What a descriptor must be that is to stand for a saved one.</summary>
/// <param name="Socket">Of a socket: which; else null.</param>
/// <param name="IsListening">A socket that accepts connections.</param>
/// <param name="IsConnected">A socket that has another end.</param>
public sealed record GivenForm(SocketIdentity? Socket = null, bool IsListening = false, bool IsConnected = false)
{
    /// <summary>Anything but a socket.</summary>
    public static GivenForm File { get; } = new();
}

/// <summary>GIVEN (353): a description that is not saved, but to be given at the restore. It stands behind FD_DATA and FNAME.</summary>
/// <param name="Was">The type that it would have been saved as.</param>
/// <param name="Form">What may stand for it.</param>
public sealed record GivenRecord(FdType Was, GivenForm Form) : IDescribedRecord
{
    private const uint Listening = 1, Connected = 2;

    internal const short Id = 353;
    internal const int PayloadSize = 24;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public string Description => "to be given at the restore";

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Was);
        w.I32(Form.Socket?.Family ?? 0);
        w.I32(Form.Socket?.Type ?? 0);
        w.I32(Form.Socket?.Protocol ?? 0);
        w.U32((Form.IsListening ? Listening : 0) | (Form.IsConnected ? Connected : 0));
        w.U32(0);
    }

    internal static GivenRecord Read(uint parent, ref FieldReader r)
    {
        var was = r.U32();
        var socket = new SocketIdentity(r.I32(), r.I32(), r.I32());
        var flags = r.U32();
        r.U32();
        return was <= ushort.MaxValue && (FdType)was != FdType.Given && Enum.IsDefined((FdType)was)
            ? new((FdType)was, new(socket.Family == 0 ? null : socket, (flags & Listening) != 0, (flags & Connected) != 0))
            : throw r.Bad($"a descriptor that is to be given was of the type {was}");
    }
}
