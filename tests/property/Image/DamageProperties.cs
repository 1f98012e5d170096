using CrCore.Image;
using CrFuzz;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Image;

/// <summary>Whatever happens to an image's bytes, the reader says so, and in its own words.</summary>
[Properties(Arbitrary = [typeof(ImagePlans)], MaxTest = 60)]
public class DamageProperties
{
    private static readonly ulong[] Nasty =
        [0, 1, 2, 7, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, ulong.MaxValue];

    [Property]
    public void CutAnywhereItIsRefused(ImagePlan plan)
    {
        var image = new PlannedImage(plan).Encode();
        var random = new Random(plan.Seed);
        for (var i = 0; i < 5; i++)
        {
            var length = random.Next(image.Length);
            Outcome.MustFail(image[..length], $"cut to {length} of {image.Length} bytes");
        }
    }

    [Property]
    public void WithAByteFlippedItIsRefused(ImagePlan plan)
    {
        var image = new PlannedImage(plan).Encode();
        var random = new Random(plan.Seed);
        for (var i = 0; i < 5; i++)
        {
            var at = random.Next(image.Length);
            var mask = (byte)random.Next(1, 256);
            image[at] ^= mask;
            Outcome.MustFail(image, $"byte {at} xor {mask:x2}");
            image[at] ^= mask;
        }
    }

    [Property]
    public void WithAFieldRewrittenItIsRefused(ImagePlan plan)
    {
        var image = new PlannedImage(plan).Encode();
        var random = new Random(plan.Seed);
        var surgeon = new ImageSurgeon(image, TestObject.Catalog);
        Rewrite(surgeon, random);
        if (!surgeon.Bytes.AsSpan().SequenceEqual(image))
            Outcome.MustFail(surgeon.Bytes, "a field rewritten");
    }

    [Property(MaxTest = 60)]
    public void ForgedWithRightChecksumsItIsReadOrRefused(ImagePlan plan)
    {
        var image = new PlannedImage(plan).Encode();
        var random = new Random(plan.Seed);
        for (var i = 0; i < 5; i++)
        {
            var surgeon = new ImageSurgeon(image, TestObject.Catalog);
            for (var n = random.Next(1, 4); n > 0; n--)
                Rewrite(surgeon, random);
            var forged = surgeon.Reseal();
            // The two ways of reading must agree on what is an image.
            Assert.Equal(Outcome.OfStream(forged) is null, Outcome.OfFile(forged) is null);
        }
    }

    [Property]
    public void WithBytesBehindItItIsRefused(ImagePlan plan)
        => Outcome.MustFail([.. new PlannedImage(plan).Encode(), (byte)plan.Seed], "a byte behind the end");

    [Property]
    public void WithTwoBlocksExchangedItIsRefused(ImagePlan plan)
    {
        var image = new PlannedImage(plan).Encode();
        var blocks = new ImageSurgeon(image, TestObject.Catalog).Records.Where(r => r.Type == RecordIds.PageArray).ToList();
        for (var i = 1; i < blocks.Count; i++)
        {
            var (a, b) = (blocks[i - 1], blocks[i]);
            if (a.Length != b.Length)
                continue;
            // With their seals: each block is right in itself.
            var size = (int)a.Length + ImageFormat.SealSize;
            var swapped = (byte[])image.Clone();
            image.AsSpan((int)a.Offset, size).CopyTo(swapped.AsSpan((int)b.Offset));
            image.AsSpan((int)b.Offset, size).CopyTo(swapped.AsSpan((int)a.Offset));
            Outcome.MustFail(swapped, $"blocks {i - 1} and {i} exchanged");
        }
    }

    [Property(MaxTest = 300)]
    public void RandomBytesAreRefused(int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[random.Next(2000)];
        random.NextBytes(bytes);
        Assert.NotNull(Outcome.OfStream(bytes));
    }

    [Fact]
    public void EveryCutAndEveryFlippedByteOfASmallImageIsRefused()
    {
        var image = SmallImage.Encode();
        // Page data is flipped every 64 bytes: it is the same everywhere.
        var data = new ImageSurgeon(image, TestObject.Catalog).Records.Single(r => r.Type == RecordIds.PageArray);
        var (first, end) = (data.Offset + data.Length - 4096, data.Offset + data.Length);
        for (var at = 0; at < image.Length; at += at >= first && at < end ? 64 : 1)
        {
            Assert.True(Outcome.OfStream(image[..at]) is not null, $"cut to {at} bytes");
            foreach (byte mask in (byte[])[0x01, 0x80, 0xff])
            {
                image[at] ^= mask;
                Assert.True(Outcome.OfStream(image) is not null, $"byte {at} xor {mask:x2}");
                image[at] ^= mask;
            }
        }
        Assert.Null(Outcome.OfStream(image));
        Assert.Null(Outcome.OfFile(image));
    }

    /// <summary>Writes a nasty value of a random width somewhere in a random record, page data left out.</summary>
    private static void Rewrite(ImageSurgeon surgeon, Random random)
    {
        var (offset, type, length) = surgeon.Records[random.Next(surgeon.Records.Count)];
        var fields = (int)Math.Min(length, type == RecordIds.PageArray ? 72 : 400);
        var width = 1 << random.Next(4);
        var at = (int)offset + random.Next(Math.Max(1, fields - width));
        var value = random.Next(4) == 0 ? (ulong)random.NextInt64() : Nasty[random.Next(Nasty.Length)];
        for (var i = 0; i < width && at + i < surgeon.Bytes.Length; i++)
            surgeon.Bytes[at + i] = (byte)(value >> (8 * i));
    }
}
