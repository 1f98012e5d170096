using CrCore;
using CrCore.Image;
using CrCore.Inspection;
using CrCore.Kernel;
using CrCore.Objects.Memory;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Memory;

/// <summary>Pages that are one page for several tasks since fork(2): stored once, and everybody's contents are right again.</summary>
public class SharedPageTests
{
    /// <summary>
    /// A block of memory of 4,096 pages, known to all. The parent writes to a part between its forks; children write to parts
    /// of their own, one has a child itself, one gives a part back, one makes a part read-only.
    /// </summary>
    private const string Family = """
            import mmap, hashlib
            PAGE, N = 4096, 4096
            libc = ctypes.CDLL(None)
            memory = mmap.mmap(-1, N * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
            def page(n, version): return hashlib.sha256(b'%d %d' % (n, version)).digest() * 128
            def write(pages, version):
                for n in pages: memory[n * PAGE:(n + 1) * PAGE] = page(n, version); expected[n] = page(n, version)
            expected = {}
            write(range(0, N), 0)
            children = []
            def child(work):
                r, w = os.pipe()
                there, here = os.pipe()
                pid = os.fork()
                if pid == 0:
                    work()
                    os.write(w, b'r')
                    os.read(there, 1)
                    check()
                    os._exit(7)
                os.read(r, 1)
                children.append((pid, here))
            def check():
                for n in range(N):
                    if expected[n] is not None: same(memory[n * PAGE:(n + 1) * PAGE], expected[n])
            def gone(pages):
                same(libc.madvise(ctypes.c_void_p(address + pages[0] * PAGE), len(pages) * PAGE, 4), 0)
                for n in pages: expected[n] = bytes(PAGE)
            def read_only(pages): same(libc.mprotect(ctypes.c_void_p(address + pages[0] * PAGE), len(pages) * PAGE, 1), 0)
            def deeper():
                children.clear()
                write(range(3000, 3100), 31)
                child(lambda: write(range(3050, 3060), 32))
                write(range(3100, 3110), 33)
            def end_children():
                for pid, way in children:
                    os.write(way, b'g')
                    same(os.waitpid(pid, 0), (pid, 7 << 8))
            check_own = check
            def check():
                check_own()
                if children: end_children()
            def leaf(work):
                def run():
                    children.clear()
                    work()
                child(run)
            libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
            libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
            leaf(lambda: None)
            write(range(100, 300), 1)
            leaf(lambda: write(range(0, 50), 11))
            leaf(lambda: None)
            write(range(200, 400), 2)
            child(deeper)
            leaf(lambda: gone(range(1000, 1100)))
            leaf(lambda: read_only(range(2000, 2010)))
            write(range(4000, 4096), 3)
            wait()
            check()
        """;

    [FactWith("python3")]
    public void PagesThatTasksShareAreStoredOnce() => AssertJourney(new());

    [FactWith("python3")]
    public void TheyAreFoundByTheirContentsWhereFramesAreNotShown() => AssertJourney(new() { CompareSharedPages = true });

    [FactWith("python3")]
    public void InANamespaceOfTheirOwnTheyAreSharedAgainToo() => AssertJourney(new(), new() { NewPidNamespace = true });

    [FactWith("python3")]
    public void TheyAreFoundAlthoughCopiesShareAllPages()
    {
        using var program = new SelfCheckingProgram(Family);
        var saved = program.SaveRunning(new() { LeastCopiedBytes = 1 << 20 });
        Assert.Equal(8, saved.CopiedTasks);
        AssertStoredOnce(program.Image, saved);
        program.Kill();
        program.Restore();
        Assert.Equal("ok", program.Check());
    }

    [FactWith("python3")]
    public void TheyAreSharedAgainAlsoThroughAPipe()
    {
        using var program = new SelfCheckingProgram(Family);
        var before = Proportional(program.Pid);
        AssertStoredOnce(program.Image, program.Save(new() { Compression = new(PageCodec.Lz4) }));
        var pipe = Path.Combine(program.Folder, "pipe");
        using (var make = System.Diagnostics.Process.Start("mkfifo", [pipe]))
            make.WaitForExit();
        using var feed = System.Diagnostics.Process.Start("sh", ["-c", $"cat '{program.Image}' > '{pipe}'"]);
        program.Restore(path: pipe);
        feed.WaitForExit();
        Assert.InRange(Proportional(program.RestoredPid), before / 2, before + (48 << 20));
        Assert.Equal("ok", program.Check());
    }

    /// <summary>Thirteen tasks in a row; with four levels at most, the fifth and the ninth begin with copies of 16 MiB of their own.</summary>
    [FactWith("python3")]
    public void ALongRowOfForksSharesInStretches()
    {
        using var program = new SelfCheckingProgram("""
                import mmap, hashlib
                PAGE, N, DEEP = 4096, 4096, 12
                memory = mmap.mmap(-1, N * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
                for n in range(N): memory[n * PAGE:(n + 1) * PAGE] = hashlib.sha256(b'%d' % n).digest() * 128
                def check(level):
                    for n in range(N):
                        same(memory[n * PAGE:(n + 1) * PAGE], bytes([n]) * PAGE if 0 < n <= level else hashlib.sha256(b'%d' % n).digest() * 128)
                def deeper(level):
                    r, w = os.pipe()
                    there, here = os.pipe()
                    pid = os.fork()
                    if pid == 0:
                        memory[(level + 1) * PAGE:(level + 2) * PAGE] = bytes([level + 1]) * PAGE
                        below = deeper(level + 1) if level + 1 < DEEP else lambda: None
                        os.write(w, b'r')
                        os.read(there, 1)
                        check(level + 1)
                        below()
                        os._exit(7)
                    os.read(r, 1)
                    def end():
                        os.write(here, b'g')
                        same(os.waitpid(pid, 0), (pid, 7 << 8))
                    return end
                below = deeper(0)
                wait()
                check(0)
                below()
            """);
        var before = Proportional(program.Pid);
        program.Save();
        program.Restore(new() { MostInheritedLevels = 4 });
        Assert.InRange(Proportional(program.RestoredPid), before + (24 << 20), before + (56 << 20));
        Assert.Equal("ok", program.Check());
    }

    /// <summary>
    /// Two children in sessions that their parent was never in, made by a leader that has ended: at the restore a stand-in makes them
    /// again, whose memory is that of the parent in between.
    /// </summary>
    [FactWith("python3")]
    public void ChildrenOfAnEndedSessionLeaderShareWithWhoeverTookThemOver()
    {
        using var program = new SelfCheckingProgram("""
                import mmap, hashlib
                PAGE, N = 4096, 4096
                ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)   # PR_SET_CHILD_SUBREAPER
                memory = mmap.mmap(-1, N * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
                def page(n, version=0): return hashlib.sha256(b'%d %d' % (n, version)).digest() * 128
                for n in range(N): memory[n * PAGE:(n + 1) * PAGE] = page(n)
                r, w = os.pipe(); there, here = os.pipe()
                leader = os.fork()
                if leader == 0:
                    os.setsid()
                    for who in (1, 2):
                        if os.fork() == 0:
                            memory[who * PAGE:(who + 1) * PAGE] = page(who, who); os.write(w, struct.pack('i', os.getpid())); os.read(there, 1)
                            os._exit(7 if all(memory[n * PAGE:(n + 1) * PAGE] == page(n, who if n == who else 0) for n in range(N)) else 8)
                    os._exit(0)
                os.waitpid(leader, 0); children = struct.unpack('2i', os.read(r, 4) + os.read(r, 4))
                while any(int(open('/proc/%d/stat' % c).read().rsplit(')', 1)[1].split()[1]) != os.getpid() for c in children): time.sleep(0.01)
                wait()
                for c in children: same(os.getsid(c), leader); os.write(here, b'g')
                for c in children: same(os.waitpid(c, 0)[1], 7 << 8)

            """);
        var before = Proportional(program.Pid);
        program.Save();
        program.Restore();
        // Two more copies would be 32 MiB.
        Assert.InRange(Proportional(program.RestoredPid), before / 2, before + (12 << 20));
        Assert.Equal("ok", program.Check());
    }

    /// <summary>
    /// A child that has mapped something else over the beginning of what it inherited, and a child of its own, which has both: they
    /// share the new mapping with each other, and what was left of the old one with the parent.
    /// </summary>
    /// <param name="before">The new mapping begins so many pages before the old one.</param>
    [TheoryWith("python3")]
    [InlineData(0)]
    [InlineData(64)]
    public void WhatIsLeftOfAMappingIsSharedThoughAChildHasMappedOverAPartOfIt(int before)
    {
        using var program = new SelfCheckingProgram($$"""
                import hashlib
                PAGE, N, BEFORE, NEW = 4096, 4096, {{before}}, 512
                libc = ctypes.CDLL(None)
                libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
                libc.mmap.restype = ctypes.c_void_p
                def map(at, pages, protection, fixed=0x10): return libc.mmap(at, pages * PAGE, protection, 0x22 | fixed, -1, 0)
                def page(n): return hashlib.sha256(b'%d' % n).digest() * 128
                room = map(None, 64 + N + 64, 0, 0)
                memory = map(room + 64 * PAGE, N, 3)
                for n in range(N): ctypes.memmove(memory + n * PAGE, page(n), PAGE)
                def correct(at, numbers, more=0): return all(ctypes.string_at(at + n * PAGE, PAGE) == page(n + more) for n in numbers)
                r, w = os.pipe(); there, here = os.pipe()
                child = os.fork()
                if child == 0:
                    new = map(memory - BEFORE * PAGE, BEFORE + NEW, 7)
                    for n in range(NEW): ctypes.memmove(new + n * PAGE, page(n + 1), PAGE)
                    own = os.fork()
                    if own == 0: os.write(w, b'r')
                    os.read(there, 1)
                    good = correct(new, range(NEW), 1) and correct(memory, range(NEW, N))
                    if own: good = os.waitpid(own, 0)[1] == 7 << 8 and good
                    os._exit(7 if good else 8)
                os.read(r, 1)
                wait()
                os.write(here, b'gg')
                same(os.waitpid(child, 0)[1], 7 << 8)
                same(correct(memory, range(N)), True)
            """);
        var proportional = Proportional(program.Pid);
        program.Save();
        program.Restore();
        // One more copy of what is left of the old mapping would be 14 MiB.
        Assert.InRange(Proportional(program.RestoredPid), proportional / 2, proportional + (7 << 20));
        Assert.Equal("ok", program.Check());
    }

    [FactWith("python3")]
    public void InspectionFindsThemInEveryTask()
    {
        using var program = new SelfCheckingProgram(Family);
        program.SaveRunning(new() { NoCopy = true });
        using var image = ImageFile.Open(program.Image);
        using var memory = new ImageMemory(image);
        var bytes = new byte[1 << 20];
        foreach (var task in image.Model.Tasks)
        {
            using var live = File.OpenRead($"/proc/{task.VPid}/mem");
            foreach (var (vma, _) in memory.LayoutOf(task)!.Mappings)
            {
                if (vma.Kind != VmaType.Anonymous || vma.Length > 64 << 20 || (vma.Protection & MemoryProtection.Read) == 0)
                    continue;
                for (var at = vma.Start; at < vma.End;)
                {
                    var n = memory.Read(task, at, bytes, out _);
                    var now = new byte[n];
                    Assert.Equal(n, RandomAccess.Read(live.SafeFileHandle, now, (long)at));
                    // The main thread's rseq area is written by the kernel at any time.
                    if (!now.AsSpan().SequenceEqual(bytes.AsSpan(0, n)))
                        Assert.True(Differences(now, bytes) <= 64, $"{task} differs at {at:x}.");
                    at += (ulong)n;
                }
            }
        }
        using (var reader = ImageReader.Open(program.Image))
            Assert.Equal(image.Index.Blocks.Sum(b => (long)b.PageCount), ImageVerification.Verify(reader).Pages);
        // Page 5 has the parent's contents in all tasks but the one that wrote to it.
        var text = System.Security.Cryptography.SHA256.HashData("5 0"u8);
        var matches = new MemorySearch(image, MemoryPattern.OfBytes(text)).Find(_ => true, unmapped: false).Where(m => m.Address % 4096 == 0).ToList();
        // Somewhere in a heap the interpreter may have left another copy.
        Assert.Contains(matches.GroupBy(m => m.Address), g => g.Select(m => m.Task!.VPid).Distinct().Count() == 7);
        using var second = ImageFile.Open(program.Image);
        Assert.DoesNotContain(new ImageComparison(image, second).Compare(pages: true), d => d.Kind == DifferenceKind.Page);
    }

    [FactWith("python3")]
    public void ASecretIsOverwrittenInEveryTaskAlsoWhereItLiesInSharedPagesInPart()
    {
        using var program = new SelfCheckingProgram("""
                import mmap
                memory = mmap.mmap(-1, 64 * 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
                for i in range(64): memory[i * 4096] = 1
                secret = bytes(b ^ 255 for b in bytes([0xac, 0x9a, 0x9c, 0x8d, 0x9a, 0x8b, 0xd2, 0xce, 0xcd, 0xcc]))
                at = 8 * 4096 - 5
                for i, b in enumerate(secret): memory[at + i] = b
                memory[20 * 4096] = 2
                r, w = os.pipe()
                if os.fork() == 0:
                    memory[9 * 4096 - 100] = 3      # the second half of the secret is in a page of its own now, with the same bytes
                    os.write(w, b'r')
                    time.sleep(1000)
                del secret
                os.read(r, 1)
                wait()
            """);
        program.SaveRunning(new() { NoCopy = true });
        var secret = "Secret-123"u8.ToArray();
        var redacted = program.Image + ".new";
        using (var before = ImageFile.Open(program.Image))
            Assert.Equal(2, Where(before).Count);
        var result = new CrCore.Conversion.ImageConversion(new() { Redact = [MemoryPattern.OfBytes(secret)] }).Run(program.Image, redacted);
        Assert.InRange(result.Redacted, 2, 100);
        using var after = ImageFile.Open(redacted);
        Assert.Empty(Where(after));
        using var memory = new ImageMemory(after);
        foreach (var task in after.Model.Tasks)
            foreach (var (vma, _) in memory.LayoutOf(task)!.Mappings)
            {
                var bytes = new byte[vma.Length > 64 << 20 ? 0 : vma.Length];
                for (var at = 0; at < bytes.Length;)
                    at += memory.Read(task, vma.Start + (ulong)at, bytes.AsSpan(at), out _);
                Assert.Equal(-1, bytes.AsSpan().IndexOf(secret));
            }

        List<MemoryMatch> Where(ImageFile image)
            => [.. new MemorySearch(image, MemoryPattern.OfBytes(secret)).Find(_ => true, unmapped: false).Where(m => m.Address % 4096 == 4091)];
    }

    private static int Differences(byte[] a, byte[] b)
    {
        var count = 0;
        for (var i = 0; i < a.Length; i++)
            count += a[i] == b[i] ? 0 : 1;
        return count;
    }

    private static void AssertJourney(CheckpointOptions options, RestoreOptions? restore = null)
    {
        using var program = new SelfCheckingProgram(Family);
        var before = Proportional(program.Pid);
        AssertStoredOnce(program.Image, program.Save(options));
        program.Restore(restore);
        var after = Proportional(program.RestoredPid);
        // Seven more copies of the block alone would be 112 MiB. Where the kernel makes huge pages everywhere, some are sparse.
        Assert.InRange(after, before / 2, before + (48 << 20));
        Assert.Equal("ok", program.Check());
    }

    /// <summary>Bytes of private memory of a whole tree, shared pages counted once (proc_pid_smaps(5), Pss_Anon).</summary>
    private static long Proportional(int root)
    {
        using var proc = new ProcReader();
        long sum = 0;
        foreach (var task in CrCore.Checkpoint.TreeWalk.Walk(proc, root))
            foreach (var line in File.ReadLines($"/proc/{task.Pid}/smaps_rollup"))
                if (line.StartsWith("Pss_Anon:", StringComparison.Ordinal))
                    sum += long.Parse(line["Pss_Anon:".Length..^2], System.Globalization.CultureInfo.InvariantCulture) << 10;
        return sum;
    }

    private static void AssertStoredOnce(string path, CheckpointResult saved)
    {
        // Seven children have at least 3,500 of the 4,096 pages in common with the parent.
        Assert.InRange(saved.Pages.Shared, 7 * 3_500, long.MaxValue);
        // The block once, what the program expects there once, and what each of eight interpreters wrote for itself.
        Assert.InRange(saved.Pages.Stored, 2 * 4_096, 2 * 4_096 + 8 * 1_000);
        Assert.Equal(saved.Pages.Scanned, saved.Pages.Stored + saved.Pages.Zero + saved.Pages.Shared);
        using var image = ImageFile.Open(path);
        Assert.Equal(saved.Pages.Shared, new MemoryLayouts().SharedPagesOf(image.Model).Count);
        Assert.Equal(saved.Pages.Stored, image.Index.Blocks.Sum(b => (long)b.PageCount));
    }
}
