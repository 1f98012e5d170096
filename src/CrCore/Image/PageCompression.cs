using K4os.Compression.LZ4;

namespace CrCore.Image;

/// <summary>How the pages of an image are stored.</summary>
/// <param name="Codec">How pages are compressed, if at all.</param>
/// <param name="Level">0 for the codec's own default; LZ4 3 to 12 (below 3: the fast way), Zstandard −7 to 19.</param>
public readonly record struct PageCompression(PageCodec Codec, int Level = 0)
{
    /// <summary>Pages stand in the image as they are.</summary>
    public static PageCompression None => default;

    /// <summary>The bit in HEAD that a reader must know.</summary>
    public ulong RequiredFeature => Codec switch
    {
        PageCodec.Lz4 => ImageFormat.FeatureLz4,
        PageCodec.Zstd => ImageFormat.FeatureZstd,
        _ => 0,
    };

    /// <summary>The least and the highest level of a codec.</summary>
    public static (int Min, int Max) Levels(PageCodec codec) => codec switch
    {
        PageCodec.Lz4 => (0, 12),
        PageCodec.Zstd => (-7, 19),
        _ => (0, 0),
    };
}

/// <summary>Packs the pages of one block at a time. One for each thread.</summary>
internal sealed class PagePacker(PageCompression compression) : IDisposable
{
    /// <summary>A sixteenth has to be saved: less is not worth its unpacking.</summary>
    private const int LeastGain = 16;

    private readonly ZstdSharp.Compressor? _zstd = compression.Codec == PageCodec.Zstd ? new(compression.Level == 0 ? 1 : compression.Level) : null;

    /// <returns>The bytes used of <paramref name="packed"/>, or 0 where the pages are better stored as they are.</returns>
    public int Pack(ReadOnlySpan<byte> plain, Span<byte> packed)
    {
        var room = packed[..(plain.Length - plain.Length / LeastGain)];
        switch (compression.Codec)
        {
            case PageCodec.Lz4:
                // Below 0 where the room does not suffice.
                return Math.Max(0, LZ4Codec.Encode(plain, room, (LZ4Level)Math.Max(0, compression.Level)));
            case PageCodec.Zstd:
                return _zstd!.TryWrap(plain, room, out var written) ? written : 0;
            default:
                return 0;
        }
    }

    public void Dispose() => _zstd?.Dispose();
}

/// <summary>Unpacks what <see cref="PagePacker"/> packed, and refuses all else. One for each thread.</summary>
internal sealed class PageUnpacker : IDisposable
{
    private ZstdSharp.Decompressor? _zstd;

    /// <returns>false where the bytes are not exactly <paramref name="plain"/>'s length of pages in that codec.</returns>
    public bool TryUnpack(PageCodec codec, ReadOnlySpan<byte> packed, Span<byte> plain)
    {
        try
        {
            return codec switch
            {
                PageCodec.Lz4 => LZ4Codec.Decode(packed, plain) == plain.Length,
                PageCodec.Zstd => (_zstd ??= new()).Unwrap(packed, plain) == plain.Length,
                _ => false,
            };
        }
        catch (ZstdSharp.ZstdException)
        {
            return false;
        }
    }

    public void Dispose() => _zstd?.Dispose();
}
