using CrCore;
using CrCore.Objects.Files;
using CrProperty.Kernel;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Files;

/// <summary>Working directories below /proc of processes that have ended, and what else a directory may lose.</summary>
public class GoneProcessTests
{
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void AWorkingDirectoryOfAnEndedProcess(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram("""
                gone = os.fork()
                if gone == 0: signal.sigwait([signal.SIGUSR1]); os._exit(0)
                child = os.fork()
                if child == 0:
                    os.chdir('/proc/%d' % gone); said('there', 'yes'); signal.sigwait([signal.SIGUSR1])
                    try: os.stat('.'); os.open('status', os.O_RDONLY); os._exit(3)
                    except (ProcessLookupError, FileNotFoundError): pass
                    os.umask(0o77); os._exit(7)
                while not os.path.exists(d + '/there'): time.sleep(0.01)
                os.chdir('/proc/%d' % gone)
                os.kill(gone, signal.SIGUSR1); os.waitpid(gone, 0)
                def at(pid): return os.readlink('/proc/%s/cwd' % pid).removesuffix(' (deleted)')
                same(at('self'), '/proc/%d' % gone)
                wait()
                same([at('self'), at(child)], ['/proc/%d' % gone] * 2)
                assert not os.path.exists('/proc/%d' % gone)
                os.kill(child, signal.SIGUSR1); same(os.waitpid(child, 0)[1], 7 << 8)
                try: os.waitpid(-1, 0); assert False
                except ChildProcessError: pass

            """);
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    [Property]
    public void Record(FsCheck.PositiveInt pid)
    {
        var record = new GoneDirectoryRecord(7, pid.Get);
        Assert.Equal(record, RecordCode.Again(record));
    }

    [FactWith("python3")]
    public void SignalsAboutADirectoryAreToldOf()
    {
        using var program = new SelfCheckingProgram("""
                plain = os.open(d, os.O_RDONLY | os.O_DIRECTORY); watched = os.open(d, os.O_RDONLY | os.O_DIRECTORY)
                signal.signal(signal.SIGIO, signal.SIG_IGN)
                # Not every kernel has it (CONFIG_DNOTIFY).
                try: fcntl.fcntl(watched, fcntl.F_NOTIFY, fcntl.DN_CREATE | fcntl.DN_MULTISHOT); said('asked', str(watched))
                except OSError: pass
                wait()

            """);
        var told = program.SaveRunning().Warnings.Where(w => w.Id == "CrDirectoryNotify").ToList();
        Assert.Equal(File.Exists(Path.Combine(program.Folder, "asked")) ? 1 : 0, told.Count);
        Assert.Equal("ok", program.CheckRunning());
    }

    /// <summary>What a directory was opened with comes back: O_DIRECTORY (0x10000) only where it was asked for.</summary>
    [FactWith("python3")]
    public void FlagsOfDirectories()
    {
        using var program = new SelfCheckingProgram("""
                fds = [os.open(d, os.O_RDONLY), os.open(d, os.O_RDONLY | os.O_DIRECTORY), os.open('/proc/self/task', os.O_RDONLY), os.open(d, os.O_RDONLY | os.O_NOATIME)]
                os.mkdir('gone'); fds.append(os.open('gone', os.O_RDONLY)); os.rmdir('gone')
                before = [fcntl.fcntl(f, fcntl.F_GETFL) for f in fds]
                wait()
                same([fcntl.fcntl(f, fcntl.F_GETFL) for f in fds], before)

            """);
        Assert.Equal("ok", program.Journey());
    }
}
