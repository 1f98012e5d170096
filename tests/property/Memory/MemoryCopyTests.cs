using System.Diagnostics;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Memory;

/// <summary>Trees that run on while their memory is written from copies.</summary>
public class MemoryCopyTests
{
    /// <summary>Two processes that count in step over pipes, each in every page of its memory; a thread beside.</summary>
    private const string InStep = """
            import mmap, threading
            size, page = 24 << 20, 4096
            there, back = os.pipe(), os.pipe()
            memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            def write(n):
                for at in range(0, size, page): memory[at:at+8] = struct.pack('<q', n)
            def whole():
                first = memory[:8]
                for at in range(0, size, page): assert memory[at:at+8] == first, 'page %x is of another time' % at
                return struct.unpack('<q', first)[0]
            write(0)
            threading.Thread(target=lambda: time.sleep(1000), daemon=True).start()
            if os.fork() == 0:
                while True:
                    n = struct.unpack('<q', os.read(there[0], 8))[0]
                    if n < 0: os.write(back[1], struct.pack('<q', whole())); continue
                    assert whole() == n - 1
                    write(n)
                    os.write(back[1], struct.pack('<q', n))
            def step(n):
                write(n)
                os.write(there[1], struct.pack('<q', n))
                same(struct.unpack('<q', os.read(back[0], 8))[0], n)
            # A link, not a file: no descriptor is open at any moment, and the program that ran on may have taken it away.
            def tell(n):
                for way in (lambda: os.symlink(str(n), d + '/step.new'), lambda: os.rename(d + '/step.new', d + '/step')):
                    try: way()
                    except OSError: pass
            step(1)
            n = 1
            said('ready', 'yes')
            while not signal.sigpending():
                n += 1
                step(n)
                tell(n)
            os.write(there[1], struct.pack('<q', -1))
            same(struct.unpack('<q', os.read(back[0], 8))[0], n)
            same(whole(), n)
        """;

    [Fact]
    public void TheWholeTreeIsOfOneMoment()
    {
        using var program = new SelfCheckingProgram(InStep);
        var threads = Threads(program.Pid);
        var saved = program.SaveRunning();
        Assert.Equal(2, saved.CopiedTasks);
        Assert.DoesNotContain(saved.Warnings, w => w.Id == "CrNoMemoryCopy");
        Assert.InRange(saved.CopyBytes, 1, 200L << 20);
        Assert.Contains(saved.Phases, p => p.Name == "Copies");
        // Nothing is left of copies and helpers, and the program goes on.
        Assert.Equal(threads, Threads(program.Pid));
        Assert.Equal(2, Tasks(program.Pid));
        AssertGoesOn(program);
        program.Kill();
        program.Restore();
        AssertGoesOn(program);
        Assert.Equal("ok", program.Check());
    }

    [Fact]
    public void TheProgramThatRanOnIsUnharmed()
    {
        using var program = new SelfCheckingProgram(InStep);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(2, program.SaveRunning().CopiedTasks);
            AssertGoesOn(program);
        }
        Assert.Equal("ok", program.CheckRunning());
    }

    [Fact]
    public void WhatIsAskedForIsDone()
    {
        using var program = new SelfCheckingProgram(InStep);
        Assert.Equal(0, program.SaveRunning(new() { NoCopy = true }).CopiedTasks);
        Assert.Equal(0, program.SaveRunning(new() { LeastCopiedBytes = 1L << 40 }).CopiedTasks);
        Assert.Equal(0, program.Save(new() { Overwrite = true }).CopiedTasks);
        program.Restore();
        Assert.Equal("ok", program.Check());
    }

    [Theory]
    [InlineData("libc.madvise(ctypes.c_void_p(address), size, 10)", "MADV_DONTFORK")]
    [InlineData("libc.madvise(ctypes.c_void_p(address), size, 18)", "MADV_WIPEONFORK")]
    [InlineData("[signal.signal(s, lambda *_: None) for s in (signal.SIGURG, signal.SIGWINCH, signal.SIGCHLD)]", "SIGWINCH")]
    [InlineData("libc.prctl(38, 1, 0, 0, 0); f = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0x7fff0000)); assert libc.syscall(317, 1, 0, ctypes.c_char_p(struct.pack('HxxxxxxQ', 1, ctypes.addressof(f)))) == 0", "seccomp")]
    public void WhatCannotBeCopiedIsWrittenBefore(string call, string reason)
    {
        using var program = new SelfCheckingProgram($$"""
                libc = ctypes.CDLL(None)
                libc.mmap.restype = ctypes.c_void_p
                size = 20 << 20
                address = libc.mmap(None, size, 3, 0x22, -1, 0)
                ctypes.memset(address, 7, size)
                {{call}}
                wait()
                same(ctypes.string_at(address, size), bytes([7]) * size)
            """);
        var saved = program.SaveRunning();
        Assert.Equal(0, saved.CopiedTasks);
        Assert.Contains(saved.Warnings, w => w.Id == "CrNoMemoryCopy" && w.Reason.Contains(reason, StringComparison.Ordinal));
        program.Kill();
        program.Restore();
        Assert.Equal("ok", program.Check());
    }

    private static void AssertGoesOn(SelfCheckingProgram program)
    {
        var file = Path.Combine(program.Folder, "step");
        var before = new FileInfo(file).LinkTarget;
        var watch = Stopwatch.StartNew();
        while (new FileInfo(file).LinkTarget is var now && (now is null || now == before))
        {
            Assert.True(watch.Elapsed.TotalSeconds < 60, "The program stands still.");
            Thread.Sleep(10);
        }
    }

    private static int Threads(int pid) => Directory.GetDirectories($"/proc/{pid}/task").Length;

    private static int Tasks(int pid)
    {
        using var proc = new ProcReader();
        return TreeWalk.Walk(proc, pid).Count;
    }
}
