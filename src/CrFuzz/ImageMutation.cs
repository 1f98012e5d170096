using CrCore.Image;

namespace CrFuzz;

/// <summary>What was done to an image.</summary>
public enum MutationKind
{
    /// <summary>A bit or byte changed: a checksum no longer fits.</summary>
    Flip,
    /// <summary>The end cut off.</summary>
    Cut,
    /// <summary>Bytes put behind the end.</summary>
    Append,
    /// <summary>Numbers inside records replaced by odd ones, with the checksums as they were.</summary>
    Rewrite,
    /// <summary>The same with all checksums made right again: what is left to refuse it are the deeper rules.</summary>
    Forge,
    /// <summary>Records of the same length exchanged, or one copied over another; checksums made right again.</summary>
    Shuffle,
}

/// <summary>A changed image.</summary>
/// <param name="Kind">How it was changed.</param>
/// <param name="What">In words, exact enough to find the place.</param>
/// <param name="Bytes">All of it.</param>
public sealed record MutatedImage(MutationKind Kind, string What, byte[] Bytes);

/// <summary>Changes valid images at random. The same image and seed give the same change for ever.</summary>
public sealed class ImageMutation
{
    private static readonly ulong[] Odd =
        [0, 1, 2, 7, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, ulong.MaxValue];

    // Of a block of pages only header and runs are worth changing; of any record only its beginning.
    private const int PageFields = 72, RecordFields = 400;

    private readonly byte[] _image;
    private readonly ImageSurgeon _layout;

    /// <param name="image">A valid image; it is left as it is.</param>
    /// <exception cref="CrCore.CrImageException">It is not valid.</exception>
    public ImageMutation(byte[] image) => (_image, _layout) = (image, new ImageSurgeon(image));

    /// <summary>Whether a changed byte anywhere is seen: revision 3 has no checksums.</summary>
    public bool HasChecksums => _layout.Revision >= ImageFormat.Revision;

    /// <summary>The change of a seed.</summary>
    public MutatedImage Make(int seed)
    {
        var random = new Random(seed);
        return random.Next(10) switch
        {
            0 => Flip(random),
            1 => Cut(random),
            2 => Append(random),
            3 => Rewrite(random, forge: false),
            < 8 => Rewrite(random, forge: true),
            _ => Shuffle(random),
        };
    }

    private MutatedImage Flip(Random random)
    {
        var bytes = (byte[])_image.Clone();
        var (at, mask) = (random.Next(bytes.Length), (byte)random.Next(1, 256));
        bytes[at] ^= mask;
        return new(MutationKind.Flip, $"byte {at} xor 0x{mask:x2}", bytes);
    }

    private MutatedImage Cut(Random random)
    {
        var length = random.Next(_image.Length);
        return new(MutationKind.Cut, $"cut to {length} of {_image.Length} bytes", _image[..length]);
    }

    private MutatedImage Append(Random random)
    {
        var more = new byte[random.Next(1, 100)];
        random.NextBytes(more);
        return new(MutationKind.Append, $"{more.Length} bytes behind the end", [.. _image, .. more]);
    }

    private MutatedImage Rewrite(Random random, bool forge)
    {
        var surgeon = new ImageSurgeon(_image, _layout);
        var told = new List<string>();
        for (var n = random.Next(1, 4); n > 0; n--)
        {
            var (offset, type, length) = surgeon.Records[random.Next(surgeon.Records.Count)];
            var fields = (int)Math.Min(length, type == RecordIds.PageArray ? PageFields : RecordFields);
            var width = 1 << random.Next(4);
            var at = (int)offset + random.Next(Math.Max(1, fields - width));
            var value = random.Next(4) == 0 ? (ulong)random.NextInt64() : Odd[random.Next(Odd.Length)];
            for (var i = 0; i < width && at + i < surgeon.Bytes.Length; i++)
                surgeon.Bytes[at + i] = (byte)(value >> (8 * i));
            told.Add($"{width} bytes at {at} (record {type} at {offset}) set to 0x{value:x}");
        }
        return new(forge ? MutationKind.Forge : MutationKind.Rewrite, string.Join(", ", told), forge ? surgeon.Reseal() : surgeon.Bytes);
    }

    private MutatedImage Shuffle(Random random)
    {
        var records = _layout.Records;
        for (var tries = 0; tries < 100; tries++)
        {
            var (a, b) = (records[random.Next(records.Count)], records[random.Next(records.Count)]);
            if (a.Offset == b.Offset || a.Length != b.Length || a.Type is RecordIds.Seal or RecordIds.Index)
                continue;
            var surgeon = new ImageSurgeon(_image, _layout);
            var exchange = random.Next(2) == 0;
            _image.AsSpan((int)a.Offset, (int)a.Length).CopyTo(surgeon.Bytes.AsSpan((int)b.Offset));
            if (exchange)
                _image.AsSpan((int)b.Offset, (int)b.Length).CopyTo(surgeon.Bytes.AsSpan((int)a.Offset));
            return new(MutationKind.Shuffle, $"records at {a.Offset} and {b.Offset} {(exchange ? "exchanged" : "made the same")}", surgeon.Reseal());
        }
        return Flip(random);
    }
}
