using CrCore;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Sockets.Unix;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Sockets;

/// <summary>Records of Unix sockets come out of their payloads as they went in; what cannot be is an error.</summary>
public class UnixRecordProperties
{
    [Property]
    public void Socket(ulong inode, uint state, int backlog, byte shutdown, ulong peer, byte[] address, byte[] peerAddress, string path, uint mode, int pid, uint uid, ulong[] pending)
        => Same(new UnixSocketRecord
        {
            Inode = inode,
            SocketType = (state % 3) switch { 0 => SocketType.Stream, 1 => SocketType.Datagram, _ => SocketType.SequencedPacket },
            State = (UnixState)(state % 4),
            Backlog = backlog,
            Shutdown = shutdown & 3,
            PeerState = (UnixPeer)(state / 4 % 4),
            Peer = peer,
            Address = Name(address),
            PeerAddress = Name(peerAddress),
            File = new UnixFile((UnixFileState)(state / 16 % 3), "/" + LinuxTextOf(path), peer, inode, mode, uid, uid),
            HasError = (state & 1) != 0,
            PeerCredentials = (state & 2) != 0 ? new SocketCredentials(pid, uid, uid) : null,
            Pending = pending,
        });

    [Property]
    public void Message(ulong sender, byte[] address, int pid, uint uid, bool continues, uint[] rights, byte[] bytes)
        => Same(new UnixMessageRecord
        {
            Sender = sender,
            Address = Name(address),
            Credentials = pid % 2 == 0 ? new SocketCredentials(pid, uid, uid) : null,
            Continues = continues,
            Rights = [.. rights.Take(ControlHeader.MaxRights)],
            Bytes = bytes,
        });

    [Property]
    public void Held(uint description) => Same(new CrCore.Objects.Files.HeldRecord(description));

    [Property]
    public void AnAddressGoesThroughASockAddr(byte[] name)
    {
        var address = Name(name);
        Assert.Equal(address, UnixAddress.FromSockAddr(address.ToSockAddr()));
    }

    [Fact]
    public void TooManyDescriptorsInAMessageAreAnError()
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new UnixMessageRecord { Rights = new uint[ControlHeader.MaxRights + 1] }));

    [Fact]
    public void ATypeThatThereIsNotIsAnError()
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new UnixSocketRecord { Inode = 1, SocketType = 3, State = UnixState.Unconnected }));

    [Fact]
    public void APathnameWithANulIsAnError()
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new UnixMessageRecord { Address = new UnixAddress("a\0b"u8.ToArray()) }));

    /// <summary>Abstract where the first byte is 0; a pathname has no other NUL.</summary>
    private static UnixAddress Name(byte[] bytes)
        => UnixAddress.FromPath(bytes.AsSpan(0, Math.Min(bytes.Length, UnixAddress.MaxBytes - 1)));

    private static string LinuxTextOf(string? text) => LinuxText.Decode(LinuxText.Encode((text ?? "").Replace("\0", "")));

    private static void Same(ICrRecord record) => Assert.Equal(record, RecordCode.Again(record));
}
