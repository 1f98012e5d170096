using System.Diagnostics;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Inspection;
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

    /// <summary>
    /// What smaps tells is read before the freeze: advice that comes and goes meanwhile must not be saved as it was then.
    /// </summary>
    [Fact]
    public void WhatChangesJustBeforeTheFreezeIsSavedAsItIs()
    {
        using var program = new SelfCheckingProgram("""
                libc = ctypes.CDLL(None)
                libc.mmap.restype = ctypes.c_void_p
                libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
                size = 24 << 20
                address = libc.mmap(None, size, 3, 0x22, -1, 0)
                ctypes.memset(address, 7, size)
                advice = ctypes.c_uint64.from_address(address)
                said('place', '%d' % address)
                said('ready', 'yes')
                while not signal.sigpending():
                    for now, call in ((1, 16), (2, 17)):
                        advice.value = 0
                        same(libc.madvise(address, size, call), 0)
                        advice.value = now
                        time.sleep(0.001)
            """);
        var place = ulong.Parse(File.ReadAllText(Path.Combine(program.Folder, "place")), System.Globalization.CultureInfo.InvariantCulture);
        var log = new Story();
        var seen = new HashSet<ulong>();
        for (var i = 0; i < 100 && !(log.Text.Exists(t => t.Contains("once more", StringComparison.Ordinal)) && seen.Contains(1) && seen.Contains(2)); i++)
        {
            Assert.Equal(1, new TreeCheckpoint(new() { Overwrite = true }, log).Run(program.Pid, program.Image).CopiedTasks);
            using var image = ImageFile.Open(program.Image);
            using var memory = new ImageMemory(image);
            var bytes = new byte[8];
            Assert.Equal(8, memory.Read(image.Model.Tasks[0], place, bytes, out _));
            var advice = BitConverter.ToUInt64(bytes);
            seen.Add(advice);
            if (advice != 0)
                Assert.Equal(advice == 1, (memory.MappingAt(image.Model.Tasks[0], place)!.Value.Vma.Flags & VmFlags.DontDump) != 0);
        }
        Assert.Contains(log.Text, t => t.Contains("once more", StringComparison.Ordinal));
        Assert.Superset(new HashSet<ulong> { 1, 2 }, seen);
        program.Kill();
        program.Restore();
        Assert.Equal("ok", program.Check());
    }

    /// <summary>Locks and guard pages are not what a copy has, or not seen in maps: they are kept all the same, whenever they came.</summary>
    [Theory]
    [InlineData("libc.mlock(ctypes.c_void_p(address + 8192), 16384)", "lo")]
    [InlineData("libc.madvise(ctypes.c_void_p(address + 8192), 16384, 102)", "")]
    public void WhatWasForeseenIsKept(string call, string flag)
    {
        using var program = new SelfCheckingProgram($$"""
                libc = ctypes.CDLL(None)
                libc.mmap.restype = ctypes.c_void_p
                size = 24 << 20
                address = libc.mmap(None, size, 3, 0x22, -1, 0)
                ctypes.memset(address, 7, size)
                done = {{call}}
                def guarded():
                    r, w = os.pipe()
                    try: libc.write.restype = ctypes.c_ssize_t; return done == 0 and libc.write(w, ctypes.c_void_p(address + 8192), 4) < 0
                    finally: os.close(r); os.close(w)
                def flags():
                    for line in open('/proc/self/smaps'):
                        if '-' in line.split()[0]: start, end = (int(x, 16) for x in line.split()[0].split('-'))
                        elif line.startswith('VmFlags:') and start <= address + 8192 < end: return line.split()[1:]
                before = guarded(), '{{flag}}' in flags()
                wait()
                same((guarded(), '{{flag}}' in flags()), before)
                same(ctypes.string_at(address, 8192) + ctypes.string_at(address + 24576, size - 24576), bytes([7]) * (size - 16384))
            """);
        Assert.Equal(1, program.SaveRunning().CopiedTasks);
        program.Kill();
        program.Restore();
        Assert.Equal("ok", program.Check());
    }

    private sealed class Story : ICrLog
    {
        public List<string> Text { get; } = [];

        public bool DebugEnabled => false;

        public void Verbose(string message) => Text.Add(message);

        public void Debug(string message)
        {
        }
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
