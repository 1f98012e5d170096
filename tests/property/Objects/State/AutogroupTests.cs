using CrCore;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>Nice values of whole sessions (sched(7), "The autogroup feature").</summary>
public class AutogroupTests
{
    private const string Said = """
            def group(): return open('/proc/self/autogroup').read().split(' nice ')[-1] if os.path.exists('/proc/self/autogroup') else None
            def be(nice):
                # The kernel lets ordinary users wait between two, and may have the feature turned off.
                try: open('/proc/self/autogroup', 'w').write(str(nice))
                except OSError: pass

        """;

    [FactWith("python3")]
    public void EachSessionKeepsIts()
    {
        using var program = new SelfCheckingProgram(Said + """
                r, w = os.pipe(); r2, w2 = os.pipe()
                child = os.fork()
                if child == 0:
                    os.setsid(); be(7); before = group()
                    os.write(w, b'x'); os.read(r2, 1)
                    os._exit(0 if group() == before else 1)
                os.read(r, 1)
                wait()
                os.write(w2, b'x'); same(os.waitpid(child, 0)[1], 0)
            """);
        program.Save();
        var restored = program.Restore();
        Assert.Equal("ok", program.Check());
        Assert.DoesNotContain(restored.Warnings, w => w.Id == "CrAutogroupLost");
    }
}
