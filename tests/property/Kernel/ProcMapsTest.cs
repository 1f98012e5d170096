using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

public class ProcMapsTest
{
    [Fact]
    public void Every_line_of_a_real_program_is_read()
    {
        using var child = OwnChild.Sleep();
        using var reader = new ProcReader();
        var maps = new List<MemoryMapping>();

        Assert.True(ProcMaps.TryRead(reader, child.Pid, maps));

        var lines = File.ReadAllLines($"/proc/{child.Pid}/maps");
        Assert.Equal(lines.Select(l => l[..l.IndexOf(' ')]), maps.Select(m => $"{m.Start:x8}-{m.End:x8}"));
        Assert.Equal(lines.Select(l => l.Split(' ')[1]), maps.Select(Rights));
        Assert.Equal(lines.Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4]), maps.Select(m => m.Inode.ToString()));
        Assert.Single(maps, m => m.Kind == MappingKind.Stack);
        Assert.Single(maps, m => m.Kind == MappingKind.Vdso);
        Assert.Contains(maps, m => m.Kind == MappingKind.Vvar);
        var text = maps.First(m => m.Kind == MappingKind.File && m.Protection == (MemoryProtection.Read | MemoryProtection.Execute));
        Assert.EndsWith("sleep", text.Path);
        Assert.True(text.DeviceMajor != 0 || text.DeviceMinor != 0);
        Assert.True(text.Offset > 0);
    }

    [FactWith("python3")]
    public void Kinds_are_told_by_what_a_program_maps()
    {
        var directory = Directory.CreateTempSubdirectory();
        try
        {
            // A name with a line feed, blanks and the kernel's own suffix; the file is unlinked.
            var path = Path.Combine(directory.FullName, "a b\nc (deleted)");
            using var child = OwnChild.Python($$"""
                import ctypes, mmap, os, sys
                libc = ctypes.CDLL(None)
                libc.prctl.argtypes = [ctypes.c_long] * 4 + [ctypes.c_char_p]
                at = lambda m: ctypes.addressof(ctypes.c_char.from_buffer(m))
                shared = mmap.mmap(-1, 8192)
                named = mmap.mmap(-1, 8192, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
                libc.prctl(0x53564d41, 0, at(named), 8192, b'my name')
                fd = os.memfd_create('mem fd'); os.ftruncate(fd, 4096); memfd = mmap.mmap(fd, 4096)
                path = {{System.Text.Json.JsonSerializer.Serialize(path)}}
                fd = os.open(path, os.O_RDWR | os.O_CREAT); os.ftruncate(fd, 8192)
                file = mmap.mmap(fd, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE, offset=4096)
                inode = os.fstat(fd).st_ino
                os.unlink(path)
                libc.shmat.restype = ctypes.c_void_p
                shmid = libc.shmget(0, 4096, 0o1600); segment = libc.shmat(shmid, None, 0); libc.shmctl(shmid, 0, None)
                print('ready', flush=True)
                print(at(shared), at(named), at(memfd), at(file), segment, inode, shmid, flush=True)
                sys.stdin.read()
                """);
            var at = child.Output.ReadLine()!.Split(' ').Select(ulong.Parse).ToArray();
            using var reader = new ProcReader();
            var maps = new List<MemoryMapping>();

            Assert.True(ProcMaps.TryRead(reader, child.Pid, maps));

            MemoryMapping Find(ulong start) => maps.Single(m => m.Start <= start && start < m.End);
            Assert.Equal((MappingKind.SharedAnonymous, true, ""), About(Find(at[0])));
            Assert.Equal((MappingKind.MemoryFile, true, "mem fd"), About(Find(at[2])));
            Assert.Equal((MappingKind.File, false, path), About(Find(at[3])));
            Assert.Equal((4096ul, at[5], true), (Find(at[3]).Offset, Find(at[3]).Inode, Find(at[3]).IsDeleted));
            Assert.Equal((MappingKind.SystemVShared, true, "/SYSV00000000"), About(Find(at[4])));
            Assert.Equal(at[6], Find(at[4]).Inode);
            Assert.Equal((MappingKind.Anonymous, false), (Find(at[1]).Kind, Find(at[1]).IsShared));
            // Names of anonymous memory are an option of the kernel's (CONFIG_ANON_VMA_NAME).
            Assert.Equal(File.ReadAllText($"/proc/{child.Pid}/maps").Contains("[anon:my name]") ? "my name" : "", Find(at[1]).Path);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("[heap]", MappingKind.Heap, "[heap]")]
    [InlineData("[vvar_vclock]", MappingKind.VvarVclock, "[vvar_vclock]")]
    [InlineData("[vsyscall]", MappingKind.Vsyscall, "[vsyscall]")]
    [InlineData("[uprobes]", MappingKind.Special, "[uprobes]")]
    [InlineData("[anon:jit code]", MappingKind.Anonymous, "jit code")]
    [InlineData("[anon_shmem:x]", MappingKind.SharedAnonymous, "x")]
    [InlineData("anon_inode:[io_uring]", MappingKind.Special, "anon_inode:[io_uring]")]
    [InlineData("/[aio] (deleted)", MappingKind.Special, "/[aio]")]
    [InlineData("/dev/zero", MappingKind.File, "/dev/zero")]
    [InlineData("/a\\012b", MappingKind.File, "/a\nb")]
    public void Names_are_classified(string column, MappingKind kind, string path)
    {
        var maps = new List<MemoryMapping>();

        Assert.True(ProcMaps.TryParse(System.Text.Encoding.UTF8.GetBytes($"1000-3000 rw-s 00000000 00:01 2                          {column}\n"), maps));

        Assert.Equal((kind, path), (maps[0].Kind, maps[0].Path));
        Assert.Equal(0x2000ul, maps[0].Length);
    }

    [Theory]
    [InlineData("1000 3000 rw-s 0 00:01 2")]
    [InlineData("3000-1000 rw-p 0 00:01 2")]
    [InlineData("1000-3000 rw 0 00:01 2")]
    [InlineData("1000-3000 rw-p 0 00 2")]
    [InlineData("\n")]
    public void Text_in_an_unknown_form_is_refused(string line)
        => Assert.False(ProcMaps.TryParse(System.Text.Encoding.UTF8.GetBytes(line), new List<MemoryMapping>()));

    private static (MappingKind, bool, string) About(MemoryMapping m) => (m.Kind, m.IsShared, m.Path);

    private static string Rights(MemoryMapping m)
        => (m.Protection.HasFlag(MemoryProtection.Read) ? "r" : "-") + (m.Protection.HasFlag(MemoryProtection.Write) ? "w" : "-")
            + (m.Protection.HasFlag(MemoryProtection.Execute) ? "x" : "-") + (m.IsShared ? "s" : "p");
}
