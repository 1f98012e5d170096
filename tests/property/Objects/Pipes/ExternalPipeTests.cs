using CrCore;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Pipes;

/// <summary>A pipe whose other end is held outside of the tree, by each choice of what becomes of it.</summary>
public class ExternalPipeTests
{
    [FactWith("python3")]
    public void ClosedMeansWhatWasInItAndThenTheEnd()
    {
        using var program = new SelfCheckingProgram("""
                r, w = os.pipe(); os.write(w, b'last words'); os.close(w)
                wait()
                same(os.read(r, 4), b'last'); same(os.read(r, 99), b' words'); same(os.read(r, 99), b'')
            """);
        using var outside = new OutsideEnd(program.Pid);
        Assert.Equal("ok", program.Journey(new() { ExternalPipe = ExternalPipePolicy.Close }));
    }

    [FactWith("python3")]
    public void NullMeansTheNullDevice()
    {
        using var program = new SelfCheckingProgram("""
                r, w = os.pipe(); os.close(r)
                wait()
                same(os.readlink('/proc/self/fd/%d' % w), '/dev/null'); same(os.write(w, b'into the void'), 13)
            """);
        using var outside = new OutsideEnd(program.Pid);
        Assert.Equal("ok", program.Journey(new() { ExternalPipe = ExternalPipePolicy.Null }));
    }
}
