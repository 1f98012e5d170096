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

    /// <summary>Directories in it: one cannot be looked at any more (stat(2) of /proc/PID/fd).</summary>
    [TheoryWith("python3"), InlineData("fd", false), InlineData("fd", true), InlineData("fdinfo", false), InlineData("task", false), InlineData("ns", true)]
    public void AWorkingDirectoryBelowThatOfAnEndedProcess(string name, bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram($"""
                gone = os.fork()
                if gone == 0: signal.sigwait([signal.SIGUSR1]); os._exit(0)
                there = '/proc/%d/{name}' % gone; os.chdir(there)
                os.kill(gone, signal.SIGUSR1); os.waitpid(gone, 0)
                at = lambda: os.readlink('/proc/self/cwd').removesuffix(' (deleted)')
                same(at(), there)
                wait()
                same(at(), there); assert not os.path.exists('/proc/%d' % gone)

            """);
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    /// <summary>Its directories and files, those of its first thread, too: reading them says that nobody is there.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void OpenFilesOfAnEndedProcess(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram("""
                gone = os.fork()
                if gone == 0: signal.sigwait([signal.SIGUSR1]); os._exit(0)
                names = ['/proc/%d%s' % (gone, x % gone if '%' in x else x) for x in ('', '/status', '/maps', '/task', '/task/%d', '/task/%d/stat', '/fd', '/fdinfo', '/task/%d/fd', '/ns', '/net', '/map_files')]
                files = [os.open(x, os.O_RDONLY) for x in names] + [os.open('/proc/%d%s' % (gone, x), os.O_PATH | os.O_NOFOLLOW) for x in ('', '/fd', '/stat', '/exe')]; names += ['/proc/%d%s' % (gone, x) for x in ('', '/fd', '/stat', '/exe')]; os.kill(gone, signal.SIGUSR1); os.waitpid(gone, 0)
                at = lambda: [os.readlink('/proc/self/fd/%d' % f).removesuffix(' (deleted)') for f in files]; same(at(), names)
                def read(f):
                    try: os.read(f, 1); return 0
                    except OSError as e: return e.errno
                def find(f):
                    try: os.stat('self', dir_fd=f); return 0
                    except OSError as e: return e.errno
                before = [(read(f), find(f), fcntl.fcntl(f, fcntl.F_GETFL)) for f in files]
                wait()
                same(at(), names); same([(read(f), find(f), fcntl.fcntl(f, fcntl.F_GETFL)) for f in files], before); assert not os.path.exists('/proc/%d' % gone)

            """);
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    [FactWith("python3")]
    public void FilesOfAnEndedThreadAreRefusedAsSuch()
    {
        using var program = new SelfCheckingProgram("""
                import threading
                files = []
                def run(): files.extend(os.open('/proc/self/task/%d%s' % (threading.get_native_id(), x), os.O_RDONLY) for x in ('', '/comm'))
                thread = threading.Thread(target=run); thread.start(); thread.join(); number = lambda: len(os.listdir('/proc/self/task'))
                while number() > 1: time.sleep(0.01)
                wait()

            """);
        var told = Assert.Throws<CrPreflightException>(() => program.Save()).Obstacles;
        Assert.Equal(2, told.Count);
        Assert.All(told, o => Assert.Contains("has ended", o.Reason, StringComparison.Ordinal));
    }

    [FactWith("python3")]
    public void DescriptorsOfAnEndedProcessAreRefused()
    {
        using var program = new SelfCheckingProgram("""
                gone = os.fork()
                if gone == 0: signal.sigwait([signal.SIGUSR1]); os._exit(0)
                os.open('/proc/%d/fdinfo/0' % gone, os.O_RDONLY); os.open('/proc/%d/task/%d/fdinfo/0' % (gone, gone), os.O_RDONLY); os.kill(gone, signal.SIGUSR1); os.waitpid(gone, 0)
                wait()

            """);
        Assert.Equal(["CrProcGone", "CrProcGone"], Assert.Throws<CrPreflightException>(() => program.Save()).Obstacles.Select(o => o.Id));
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
