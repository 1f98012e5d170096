using CrCore.Image;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>A Unix socket's address (unix(7)) as the kernel keeps it: sun_path alone, a pathname without its NUL.</summary>
/// <param name="Path">Up to 108 bytes; an abstract name begins with a NUL and may hold any.</param>
public sealed record UnixAddress(ReadOnlyMemory<byte> Path)
{
    /// <summary>sun_path of struct sockaddr_un.</summary>
    public const int MaxBytes = 108;

    private const int FamilySize = 2;

    /// <summary>Of a socket that was not bound.</summary>
    public static UnixAddress None { get; } = new(ReadOnlyMemory<byte>.Empty);

    /// <summary>The socket is unnamed.</summary>
    public bool IsNone => Path.IsEmpty;

    /// <summary>A name that belongs to the network namespace and is no file: its first byte is a NUL.</summary>
    public bool IsAbstract => !Path.IsEmpty && Path.Span[0] == 0;

    /// <summary>A pathname.</summary>
    public bool IsFile => !Path.IsEmpty && Path.Span[0] != 0;

    /// <summary>From a whole sockaddr_un, as getsockname(2) gives it.</summary>
    public static UnixAddress FromSockAddr(ReadOnlySpan<byte> address) => address.Length <= FamilySize ? None : FromPath(address[FamilySize..]);

    /// <summary>From sun_path; the NUL behind a pathname is not part of it.</summary>
    public static UnixAddress FromPath(ReadOnlySpan<byte> path)
    {
        if (!path.IsEmpty && path[0] != 0 && path.IndexOf((byte)0) is >= 0 and var end)
            path = path[..end];
        return path.IsEmpty ? None : new(path.ToArray());
    }

    /// <summary>struct sockaddr_un for bind, connect or sendto; a pathname with its NUL where there is room.</summary>
    public byte[] ToSockAddr()
    {
        var room = IsFile && Path.Length < MaxBytes ? 1 : 0;
        var address = new byte[FamilySize + Path.Length + room];
        address[0] = Kernel.SocketFamily.Unix;
        Path.Span.CopyTo(address.AsSpan(FamilySize));
        return address;
    }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w) => w.Blob(Path.Span);

    internal static UnixAddress Read(ref FieldReader r)
    {
        var bytes = r.Blob(MaxBytes);
        return bytes.Length == 0 ? None : bytes[0] != 0 && bytes.AsSpan().IndexOf((byte)0) >= 0 ? throw r.Bad("a socket's pathname has a NUL") : new(bytes);
    }

    /// <summary>For people: a pathname, or @ and the abstract name.</summary>
    public override string ToString() => IsNone ? "unnamed" : IsAbstract ? "@" + LinuxText.Decode(Path.Span[1..]) : LinuxText.Decode(Path.Span);

    /// <inheritdoc/>
    public bool Equals(UnixAddress? other) => other is not null && Path.Span.SequenceEqual(other.Path.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Path.Span);
        return hash.ToHashCode();
    }
}
