using System.Security.Cryptography;
using CrCore.Image;
using Konscious.Security.Cryptography;

namespace CrCore.Protection;

/// <summary>
/// How the secret becomes the bytes that an image's key is made from: a key as it is, a passphrase by Argon2id (RFC 9106).
/// </summary>
/// <param name="MemoryKiB">Of Argon2id; 0 for a key.</param>
/// <param name="Salt">Of Argon2id: 16 bytes; zeros for a key.</param>
internal readonly record struct KeyDerivation(int MemoryKiB, int Iterations, int Lanes, ReadOnlyMemory<byte> Salt)
{
    public const int SaltBytes = 16;

    /// <summary>Bytes in an image.</summary>
    public const int Size = 16 + SaltBytes;

    // The second recommended option of RFC 9106, section 4: 64 MiB, for machines where 2 GiB are too much to ask.
    private const int DefaultMemoryKiB = 64 << 10, DefaultIterations = 3, DefaultLanes = 4;

    // What a reader is ready to do because an image says so.
    private const int MaxMemoryKiB = 1 << 20, MaxIterations = 64, MaxLanes = 64;

    public static KeyDerivation KeyFile { get; } = new(0, 0, 0, new byte[SaltBytes]);

    public static KeyDerivation NewPassphrase() => new(DefaultMemoryKiB, DefaultIterations, DefaultLanes, RandomNumberGenerator.GetBytes(SaltBytes));

    public bool IsPassphrase => MemoryKiB != 0;

    public byte[] Derive(byte[] passphrase)
    {
        using var argon = new Argon2id(passphrase) { Salt = Salt.ToArray(), MemorySize = MemoryKiB, Iterations = Iterations, DegreeOfParallelism = Lanes };
        return argon.GetBytes(ImageKey.KeyBytes);
    }

    public void Write(ref FieldWriter w)
    {
        w.U32(IsPassphrase ? 1u : 0);
        w.U32((uint)MemoryKiB);
        w.U32((uint)Iterations);
        w.U32((uint)Lanes);
        w.Raw(Salt.Span);
    }

    public static KeyDerivation Read(ref FieldReader r)
    {
        var (kind, memory, iterations, lanes, salt) = (r.U32(), r.U32(), r.U32(), r.U32(), r.Raw(SaltBytes).ToArray());
        var known = kind switch
        {
            0 => memory == 0 && iterations == 0 && lanes == 0,
            1 => lanes is >= 1 and <= MaxLanes && iterations is >= 1 and <= MaxIterations && memory >= 8 * lanes && memory <= MaxMemoryKiB,
            _ => false,
        };
        return known ? new((int)memory, (int)iterations, (int)lanes, salt)
            : throw r.Bad($"a key is derived in the way {kind} with {memory} KiB, {iterations} iterations and {lanes} lanes, which is not known or too much");
    }

    public bool Equals(KeyDerivation other)
        => (MemoryKiB, Iterations, Lanes) == (other.MemoryKiB, other.Iterations, other.Lanes) && Salt.Span.SequenceEqual(other.Salt.Span);

    public override int GetHashCode() => HashCode.Combine(MemoryKiB, Iterations, Lanes);
}
