using CrCore;
using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Objects.Memory;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Memory;

/// <summary>Saves the memory of real programs, makes it again in a puppet, and compares both by /proc.</summary>
public class AddressSpaceTests
{
    /// <summary>Without it the kernel writes the number of the CPU into the program's memory whenever that changes (rseq(2)).</summary>
    private const string NoRseq = "GLIBC_TUNABLES=glibc.pthread.rseq=0";

    /// <summary>Whoever runs the tests may hand on descriptors, with locks that cannot be saved.</summary>
    private const string CloseOthers = "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ";

    private static readonly string[] Kept = ["VmFlags:", "ProtectionKey:"];

    [Fact]
    public void A_programs_address_space_comes_back_as_it_was()
    {
        using var child = OwnChild.Start("env", NoRseq, "sh", "-c", CloseOthers + "exec sleep 1000").WaitForCall("35", "230");
        RoundTrip(child.Pid);
    }

    [FactWith("python3")]
    public void All_kinds_of_mappings_come_back_with_their_contents()
    {
        using var child = OwnChild.Start("env", NoRseq, "python3", "-c", Zoo);
        Assert.Equal("ready", child.Output.ReadLine());
        RoundTrip(child.Pid);
    }

    [FactWith("python3")]
    public void Thousands_of_mappings_come_back_in_batches_that_fit_the_arena()
    {
        using var child = OwnChild.Start("env", NoRseq, "python3", "-c", Many);
        Assert.Equal("ready", child.Output.ReadLine());
        RoundTrip(child.Pid);
    }

    /// <summary>Its runtime reserves terabytes, maps a memory file twice and puts code where it was data.</summary>
    [Fact]
    public void A_runtime_that_compiles_while_it_runs_comes_back()
    {
        var shell = Path.Combine(AppContext.BaseDirectory, "crshell");
        using var child = OwnChild.Start("env", NoRseq, "DOTNET_EnableDiagnostics=0", "POWERSHELL_DIAGNOSTICS_OPTOUT=1", "sh", "-c",
            CloseOthers + $"exec '{shell}' -Command '\"ready\"; while ($true) {{ $null = foreach ($i in 1..1000) {{ [string]::new([char]65, $i) }} }}'");
        Assert.Equal("ready", child.Output.ReadLine());
        Thread.Sleep(200);
        const int sigStop = 19;
        Libc.Syscall(Sys.kill, child.Pid, sigStop);
        while (File.ReadAllText($"/proc/{child.Pid}/stat").Split(") ")[1][0] != 'T')
            Thread.Sleep(1);
        RoundTrip(child.Pid);
    }

    private const string Many = """
        import ctypes, os, time
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
        libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        pages = 6000
        at = libc.mmap(None, pages * 4096, 3, 0x22, -1, 0)
        ctypes.memset(at, 7, pages * 4096)
        for i in range(0, pages, 2):
            if libc.mprotect(at + i * 4096, 4096, 1): raise OSError('mprotect')
        os.closerange(3, 64)
        print('ready', flush=True)
        time.sleep(1000)
        """;

    private const string Zoo = """
        import ctypes, mmap, os, sys, time
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
        libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        libc.mlock2.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        def map(pages, prot=3, flags=0x22, fd=-1, offset=0):
            at = libc.mmap(None, pages * 4096, prot, flags, fd, offset)
            if at in (None, 2**64 - 1): raise OSError(ctypes.get_errno(), 'mmap')
            return at
        def fill(at, pages, step=1):
            for i in range(0, pages, step):
                ctypes.memset(at + i * 4096, 65 + i % 26, 4096)
        def check(r):
            if r != 0: raise OSError(ctypes.get_errno(), 'call')
        a = map(64); fill(a, 64, 3)                                   # private, with holes
        b = map(16); fill(b, 16); libc.mprotect(b + 4096 * 4, 4096 * 4, 1); libc.mprotect(b + 4096 * 8, 4096 * 4, 0)
        map(1 << 28, 0, 0x4022)                                       # a reservation of a TiB
        for n, advice in enumerate((1, 2, 10, 14, 15, 16, 18)):       # random, sequential, dontfork, huge, nohuge, dontdump, wipeonfork
            c = map(8); fill(c, 4); check(libc.madvise(c, 8 * 4096, advice))
        d = map(4, 3, 0x122); fill(d, 4)                              # MAP_GROWSDOWN
        e = map(8); check(libc.mlock2(e, 4 * 4096, 0)); check(libc.mlock2(e + 4 * 4096, 4 * 4096, 1))
        f = map(32, 3, 0x21); fill(f, 32, 5)                          # shared anonymous
        g = map(32); fill(g, 32); libc.madvise(g + 4096 * 4, 4096 * 2, 102); libc.madvise(g + 4096 * 9, 4096, 102)   # guard pages
        m = os.memfd_create('double', os.MFD_ALLOW_SEALING)
        os.ftruncate(m, 40 * 4096 + 100)
        h = map(16, 3, 1, m, 0); map(16, 5, 1, m, 0); fill(h, 16, 2)  # writable here, executable there
        i = map(8, 3, 2, m, 20 * 4096); os.pwrite(m, b'behind every mapping', 39 * 4096); fill(i, 2)
        s = os.memfd_create('sealed', os.MFD_ALLOW_SEALING)
        os.write(s, b'sealed' * 1000)
        import fcntl
        fcntl.fcntl(s, 1033, 15)
        map(2, 1, 2, s); map(2, 1, 1, os.open('/proc/self/fd/%d' % s, os.O_RDONLY))
        t = os.open(sys.argv[1] if len(sys.argv) > 1 else '/usr/bin/env', os.O_RDONLY)
        j = map(4, 3, 2, t); ctypes.memset(j + 4096, 0, 4096); ctypes.memset(j, 7, 100)   # a page of zeros over a file's
        map(4, 1, 1, t)                                               # shared, of a file that is open for reading only
        z = os.open('/dev/zero', os.O_RDWR); k = map(4, 3, 2, z); fill(k, 1)
        libc.prctl(0x53564d41, 0, ctypes.c_void_p(a), ctypes.c_size_t(4096 * 8), ctypes.c_char_p(b'named'))
        libc.sbrk(12345)
        os.closerange(3, 64)
        print('ready', flush=True)
        time.sleep(1000)
        """;

    private static void RoundTrip(int pid)
    {
        using var folder = new Module.ScratchFolder();
        var path = folder.File("memory.cr");
        // Stopped, so that what is looked at afterwards is what was saved.
        using (var stop = System.Diagnostics.Process.Start("/bin/kill", ["-STOP", $"{pid}"]))
            stop.WaitForExit();
        new TreeCheckpoint(new CheckpointOptions { ExternalPipe = ExternalPipePolicy.Null, Terminal = TerminalPolicy.Null }).Run(pid, path);
        var saved = Look(pid);
        RestoredPuppet.Make(path, (puppet, own) =>
        {
            var restored = Look(puppet);
            restored.Maps.RemoveAll(m => own.Contains(new AddressRange((ulong)m.Start, (ulong)(m.Start + m.Length))));
            Assert.Equal(saved.Fields, restored.Fields);
            Assert.Equal(saved.Auxv, restored.Auxv);
            Assert.Equal(saved.Exe, restored.Exe);
            for (var i = 0; i < Math.Max(saved.Maps.Count, restored.Maps.Count); i++)
                if (i >= saved.Maps.Count || i >= restored.Maps.Count || saved.Maps[i].Text != restored.Maps[i].Text)
                    Assert.Fail($"Mapping {i} differs. Saved:\n{Around(saved.Maps, i)}\nRestored:\n{Around(restored.Maps, i)}");
            CompareContents(pid, puppet, saved);
        });
    }

    private static string Around(List<Mapping> maps, int at) => string.Join('\n', maps.Skip(Math.Max(0, at - 1)).Take(3).Select(m => m.Text));

    private static void CompareContents(int pid, int puppet, AddressSpace saved)
    {
        using var was = File.OpenRead($"/proc/{pid}/mem");
        using var @is = File.OpenRead($"/proc/{puppet}/mem");
        var (a, b) = (new byte[65536], new byte[65536]);
        long compared = 0;
        foreach (var m in saved.Maps)
        {
            // A reservation has no contents; the kernel's own data changes by itself.
            if (m.Length > 1L << 30 || m.Text.Contains("[v", StringComparison.Ordinal))
                continue;
            for (var at = m.Start; at < m.Start + m.Length; at += 4096)
            {
                var (x, y) = (ReadPage(was, at, a), ReadPage(@is, at, b));
                Assert.True(x == y && a.AsSpan(0, x).SequenceEqual(b.AsSpan(0, y)), $"The page at {at:x} of {m.Text} differs ({x} and {y} bytes).");
                compared += x;
            }
        }
        Assert.True(compared > 0);
    }

    private static int ReadPage(FileStream memory, long at, byte[] into)
    {
        try
        {
            memory.Seek(at, SeekOrigin.Begin);
            return RandomAccess.Read(memory.SafeFileHandle, into.AsSpan(0, 4096), at);
        }
        catch (IOException)
        {
            // A guard page, or a page behind the end of a file.
            return 0;
        }
    }

    private sealed record Mapping(long Start, long Length, string Text);

    private sealed record AddressSpace(string Fields, string Auxv, string Exe, List<Mapping> Maps);

    /// <summary>Reads /proc by itself: nothing here is shared with the engine.</summary>
    private static AddressSpace Look(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        // start_code, end_code, start_stack; start_data, end_data, start_brk, arg and env areas.
        var addresses = string.Join(' ', fields[23..26].Concat(fields[42..49]));
        var maps = new List<Mapping>();
        foreach (var line in File.ReadLines($"/proc/{pid}/smaps"))
        {
            if (char.IsAsciiDigit(line[0]) || char.IsAsciiLetterLower(line[0]))
            {
                var range = line.Split(' ')[0].Split('-');
                if (range[0].StartsWith("ffff", StringComparison.Ordinal) && range[0].Length == 16)
                    continue;
                var (start, end) = (Convert.ToInt64(range[0], 16), Convert.ToInt64(range[1], 16));
                maps.Add(new Mapping(start, end - start, Normalize(line)));
            }
            else if (maps.Count > 0 && Kept.Any(line.StartsWith))
            {
                // Whether memory is accounted depends on what it once was; soft-dirty is no state of the program's.
                var kept = line.Replace(" ac", "").Replace(" sd", "");
                maps[^1] = maps[^1] with { Text = maps[^1].Text + "\n    " + kept };
            }
        }
        return new AddressSpace(addresses, Convert.ToHexString(File.ReadAllBytes($"/proc/{pid}/auxv")), new FileInfo($"/proc/{pid}/exe").LinkTarget!, Joined(maps));
    }

    /// <summary>
    /// Neighbours that differ in nothing that is looked at are one: the kernel keeps anonymous mappings apart by their
    /// history (accounting, anon_vma), which a restored address space does not share.
    /// </summary>
    private static List<Mapping> Joined(List<Mapping> maps)
    {
        var joined = new List<Mapping>();
        foreach (var m in maps)
        {
            var rest = m.Text[m.Text.IndexOf(' ')..];
            if (joined.Count > 0 && joined[^1] is var last && last.Start + last.Length == m.Start
                && last.Text[last.Text.IndexOf(' ')..] == rest && rest.Contains(" 00:00 0", StringComparison.Ordinal))
                joined[^1] = new Mapping(last.Start, last.Length + m.Length, $"{last.Start:x}-{m.Start + m.Length:x}{rest}");
            else
                joined.Add(m);
        }
        return joined;
    }

    /// <summary>The inode numbers of shared memory are new ones.</summary>
    private static string Normalize(string line)
    {
        var parts = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length > 5 && parts[5].EndsWith("(deleted)", StringComparison.Ordinal))
            parts[4] = "*";
        return string.Join(' ', parts.Select(p => p.Trim()));
    }
}
