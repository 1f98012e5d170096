using CrCore;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>Audit users through a checkpoint and a restore.</summary>
public class LoginUidTests
{
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void EachTaskAndThreadKeepsIts(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram("""
            import threading
            def login(): return open('/proc/thread-self/loginuid').read() if os.path.exists('/proc/self/loginuid') else ''
            # Where the machine does not let it be set, what is there has to stay.
            def become(uid):
                try: open('/proc/thread-self/loginuid', 'w').write(str(uid))
                except OSError: pass
            become(4711)
            go = threading.Event(); told = {}
            def work():
                become(4712); told['before'] = login(); started.set()
                go.wait(); told['after'] = login()
            def heir(): go.wait(); told['heir'] = login()
            started = threading.Event(); threads = [threading.Thread(target=f) for f in (work, heir)]
            [t.start() for t in threads]; started.wait()
            r, w = os.pipe(); child = os.fork()
            if child == 0:
                become(4713); os.chdir('/')
                try: os.chroot(d)
                except OSError: pass
                os.write(w, b'x'); os.close(r); os.close(w)
                signal.sigwait([signal.SIGUSR1])
                os._exit(7)
            os.read(r, 1); os.close(r); os.close(w)
            before = login(); childs = open('/proc/%d/loginuid' % child).read() if before else ''
            wait()
            same(login(), before); go.set(); [t.join() for t in threads]; same(told['after'], told['before']); same(told['heir'], before)
            if before: same(open('/proc/%d/loginuid' % child).read(), childs)
            os.kill(child, signal.SIGUSR1); same(os.waitpid(child, 0)[1], 7 << 8)
        """);
        program.Save();
        var restored = program.Restore(new() { NewPidNamespace = newPidNamespace });
        Assert.Equal("ok", program.Check());
        Assert.DoesNotContain(restored.Warnings, w => w.Id == "CrLoginUid");
    }
}
