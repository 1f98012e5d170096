using CrCore;
using CrCore.Image;
using CrCore.Protection;
using CrProperty.Image;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Protection;

/// <summary>Encrypted bytes come back as they were, or not at all.</summary>
public class EncryptionProperties
{
    private static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    // Sizes around the chunk's border, where the last chunk is decided.
    private static readonly int[] Sizes = [0, 1, 100, Chunk - 1, Chunk, Chunk + 1, (2 * Chunk) - 1, 2 * Chunk, (3 * Chunk) + 17];

    private const int Chunk = ProtectionHeader.DefaultChunkSize;

    [Fact]
    public void Every_size_comes_back_forward_and_at_any_place()
    {
        foreach (var size in Sizes)
        {
            var plain = RandomBytes(size, size);
            var sealedBytes = Encrypt(plain);
            Assert.Equal(plain, Decrypt(new MemoryStream(sealedBytes)));
            Assert.Equal(plain, Decrypt(new DribblingStream(sealedBytes, atOnce: 9999)));
            using var file = new TemporaryFile(sealedBytes);
            using var key = ImageKey.OfBytes(Secret);
            using var bytes = ProtectedImage.Unwrap(File.OpenRead(file.Path), key);
            Assert.Equal(size, bytes.Length);
            var random = new Random(size);
            for (var i = 0; i < 30; i++)
            {
                var at = random.Next(size + 1);
                var buffer = new byte[random.Next(1, (2 * Chunk) + 1)];
                var n = bytes.Read(buffer, at);
                Assert.Equal(Math.Min(buffer.Length, size - at), n);
                Assert.True(plain.AsSpan(at, n).SequenceEqual(buffer.AsSpan(0, n)));
            }
        }
    }

    [Fact]
    public void Cutting_it_short_anywhere_is_noticed_also_between_chunks()
    {
        var sealedBytes = Encrypt(RandomBytes((3 * Chunk) + 5, 1));
        var full = Chunk + ChunkCipher.TagBytes;
        foreach (var length in (int[])[ProtectionHeader.Size, ProtectionHeader.Size + 1, ProtectionHeader.Size + full, ProtectionHeader.Size + (2 * full), ProtectionHeader.Size + (3 * full), sealedBytes.Length - 1, ProtectionHeader.Size - 1, 10])
            AssertRefused(sealedBytes[..length]);
        AssertRefused([.. sealedBytes, 0]);
        AssertRefused([.. sealedBytes, .. sealedBytes[^full..]]);
    }

    [Property(MaxTest = 300)]
    public void Any_changed_bit_is_noticed(int seed)
    {
        var random = new Random(seed);
        var sealedBytes = Encrypt(RandomBytes(Chunk + 100, 2));
        sealedBytes[random.Next(sealedBytes.Length)] ^= (byte)(1 << random.Next(8));
        AssertRefused(sealedBytes);
    }

    [Fact]
    public void Exchanged_chunks_are_noticed()
    {
        var sealedBytes = Encrypt(RandomBytes((3 * Chunk) + 5, 3));
        var full = Chunk + ChunkCipher.TagBytes;
        var first = sealedBytes.AsSpan(ProtectionHeader.Size, full);
        var second = sealedBytes.AsSpan(ProtectionHeader.Size + full, full);
        var kept = first.ToArray();
        second.CopyTo(first);
        kept.CopyTo(second);
        AssertRefused(sealedBytes);
    }

    [Fact]
    public void The_same_bytes_are_never_encrypted_alike()
    {
        var plain = RandomBytes(100, 4);
        Assert.NotEqual(Encrypt(plain)[^100..], Encrypt(plain)[^100..]);
    }

    [Fact]
    public void A_wrong_key_and_the_wrong_kind_of_secret_are_told_apart_from_damage()
    {
        var sealedBytes = Encrypt(RandomBytes(10, 5));
        using var other = ImageKey.OfBytes(new byte[32]);
        Assert.Equal("CrKeyWrong", Assert.Throws<CrArgumentException>(() => Decrypt(new MemoryStream(sealedBytes), other)).Id);
        using var passphrase = ImageKey.OfPassphrase("a");
        Assert.Equal("CrKeyKindWrong", Assert.Throws<CrArgumentException>(() => Decrypt(new MemoryStream(sealedBytes), passphrase)).Id);
        Assert.Equal("CrImageEncrypted", Assert.Throws<CrArgumentException>(() => Decrypt(new MemoryStream(sealedBytes), null)).Id);
        using var key = ImageKey.OfBytes(Secret);
        Assert.Equal("CrImageNotEncrypted", Assert.Throws<CrArgumentException>(() => Decrypt(new MemoryStream(new byte[500]), key)).Id);
    }

    [Fact]
    public void A_passphrase_is_derived_as_its_header_says()
    {
        using var key = ImageKey.OfPassphrase("correct horse battery staple");
        var plain = RandomBytes(1000, 6);
        var (one, two) = (Encrypt(plain, key), Encrypt(plain, key));
        using var again = ImageKey.OfPassphrase("correct horse battery staple");
        Assert.Equal(plain, Decrypt(new MemoryStream(one), again));
        Assert.Equal(plain, Decrypt(new MemoryStream(two), again));
        Assert.NotEqual(one[^1000..], two[^1000..]);
        using var wrong = ImageKey.OfPassphrase("Correct horse battery staple");
        Assert.Equal("CrKeyWrong", Assert.Throws<CrArgumentException>(() => Decrypt(new MemoryStream(one), wrong)).Id);
    }

    [Fact]
    public void A_header_cannot_ask_for_more_memory_than_is_sensible()
    {
        var sealedBytes = Encrypt(RandomBytes(10, 7));
        BitConverter.TryWriteBytes(sealedBytes.AsSpan(16), 1u);
        BitConverter.TryWriteBytes(sealedBytes.AsSpan(20), uint.MaxValue);
        BitConverter.TryWriteBytes(sealedBytes.AsSpan(24), 1u);
        BitConverter.TryWriteBytes(sealedBytes.AsSpan(28), 1u);
        using var key = ImageKey.OfPassphrase("a");
        Assert.Equal("CrImageBadField", Assert.Throws<CrImageException>(() => Decrypt(new MemoryStream(sealedBytes), key)).Id);
    }

    [Theory]
    [InlineData("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", true)]
    [InlineData("0001", false)]
    [InlineData("", false)]
    public void A_key_file_holds_bytes_or_digits(string text, bool serves)
    {
        using var file = new TemporaryFile(System.Text.Encoding.ASCII.GetBytes(text));
        if (!serves)
        {
            Assert.Equal("CrKeyInvalid", Assert.Throws<CrArgumentException>(() => ImageKey.OfFile(file.Path)).Id);
            return;
        }
        using var key = ImageKey.OfFile(file.Path);
        using var same = ImageKey.OfBytes([.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        Assert.Equal(new byte[5], Decrypt(new MemoryStream(Encrypt(new byte[5], key)), same));
    }

    private static void AssertRefused(byte[] bytes)
    {
        using var key = ImageKey.OfBytes(Secret);
        Assert.ThrowsAny<CrException>(() => Decrypt(new MemoryStream(bytes), key));
        using var file = new TemporaryFile(bytes);
        Assert.ThrowsAny<CrException>(() =>
        {
            using var image = ProtectedImage.Unwrap(File.OpenRead(file.Path), key);
            var buffer = new byte[Chunk];
            for (long at = 0; at < image.Length;)
                at += image.Read(buffer, at);
        });
    }

    private static byte[] Encrypt(byte[] plain, ImageKey? key = null)
    {
        using var own = ImageKey.OfBytes(Secret);
        using var stream = new MemoryStream();
        using var encrypting = new EncryptingStream(stream, key ?? own);
        // In pieces, as a writer gives them.
        for (var at = 0; at < plain.Length; at += 40_001)
            encrypting.Write(plain.AsSpan(at, Math.Min(40_001, plain.Length - at)));
        encrypting.Complete();
        return stream.ToArray();
    }

    private static byte[] Decrypt(Stream source)
    {
        using var key = ImageKey.OfBytes(Secret);
        return Decrypt(source, key);
    }

    private static byte[] Decrypt(Stream source, ImageKey? key)
    {
        using var plain = ProtectedImage.UnwrapStream(source, key);
        using var result = new MemoryStream();
        plain.CopyTo(result);
        return result.ToArray();
    }

    private static byte[] RandomBytes(int size, int seed)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
