using CrCore;
using CrCore.Image;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Memory;

/// <summary>A program whose memory is compressed in its image goes on with it as it was.</summary>
public class CompressionTests
{
    [Theory]
    [InlineData(PageCodec.None, 0)]
    [InlineData(PageCodec.Lz4, 0)]
    [InlineData(PageCodec.Zstd, 3)]
    public void MemoryComesBack(PageCodec codec, int level)
    {
        using var program = new SelfCheckingProgram("""
                import hashlib
                text = [('line %d of a text ' % i) * 20 for i in range(20000)]
                noise = os.urandom(3 << 20)
                def state(): return hashlib.sha256(''.join(text).encode() + noise).hexdigest()
                before = state()
                wait()
                same(state(), before)
            """);
        var saved = program.Save(new CheckpointOptions { Compression = new(codec, level) });
        Assert.Equal(codec != PageCodec.None, saved.Pages.StoredBytes < saved.Pages.PlainBytes * 3 / 4);
        Assert.InRange(saved.Length, saved.Pages.StoredBytes, saved.Pages.StoredBytes + 1_000_000);
        program.Restore();
        Assert.Equal("ok", program.Check());
    }
}
