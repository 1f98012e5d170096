using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using CrModule;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Module;

/// <summary>Export-CrCoreDump and Convert-CrImage.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private const uint PrStatus = 1, FpRegSet = 2, PrPsInfo = 3, Auxv = 6, Xstate = 0x202, SigInfo = 0x53494749, Files = 0x46494c45;

    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();
    private readonly string _image;

    public ExportCommandTests()
    {
        _image = _folder.File("rich.cr");
        RichImage.Write(_image);
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private Outcome Run(string script) => _session.Run($"param($Image, $Folder) {script}", _image, _folder.Path);

    [Fact]
    public void A_core_is_made_of_each_task_with_its_memory()
    {
        var cores = Run("Export-CrCoreDump $Image $Folder").Output.Select(o => (CrCoreDump)o.BaseObject).ToList();
        Assert.Equal([_folder.File("server-20.core"), _folder.File("worker-21.core")], cores.Select(c => c.CorePath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(cores[0].CorePath));
        var core = File.ReadAllBytes(cores[0].CorePath);
        Assert.Equal(cores[0].Length, core.Length);
        Assert.Equal(RichImage.Text, Encoding.ASCII.GetString(ReadMemory(core, RichImage.TextAt, RichImage.Text.Length)));
        Assert.Equal(RichImage.Text, Encoding.ASCII.GetString(ReadMemory(core, RichImage.Shared + RichImage.PageSize + 16, RichImage.Text.Length)));
        Assert.Equal(new byte[16], ReadMemory(core, RichImage.Heap + (5 * RichImage.PageSize), 16));
        Assert.Equal([PrStatus, PrPsInfo, SigInfo, Auxv, Files], NoteTypes(core));
    }

    [Fact]
    public void Files_are_in_the_core_on_request_as_long_as_they_are_unchanged()
    {
        var file = _folder.File("mapped");
        File.WriteAllText(file, new string('a', 2 * RichImage.PageSize));
        var image = _folder.File("mapped.cr");
        RichImage.Write(image, new() { MappedFile = file });
        var plain = File.ReadAllBytes(_session.Run("Export-CrCoreDump $args[0] $args[1] -VPid 20", image, _folder.File("plain.core")).Single<CrCoreDump>().CorePath);
        var full = File.ReadAllBytes(_session.Run("Export-CrCoreDump $args[0] $args[1] -VPid 20 -IncludeFile", image, _folder.File("full.core")).Single<CrCoreDump>().CorePath);
        Assert.Equal((byte)'a', ReadMemory(plain, 0x40_0000, 1)[0]);
        Assert.Empty(ReadMemory(plain, 0x40_1000, 1));
        Assert.Equal((byte)'a', ReadMemory(full, 0x40_1000, 1)[0]);
    }

    [Fact]
    public void Several_cores_need_their_own_names_and_none_is_replaced_unasked()
    {
        Assert.Equal("CrPathNotUnique", Run("Export-CrCoreDump $Image ($Folder + '/one.core')").ErrorId);
        Assert.Equal("CrImageExists", Run("Export-CrCoreDump $Image ($Folder + '/one.core') -VPid 20").ErrorId);
        Run("Export-CrCoreDump $Image ($Folder + '/one.core') -VPid 20 -Force").Single<CrCoreDump>();
        Assert.Empty(Run("Export-CrCoreDump $Image ($Folder + '/two.core') -VPid 20 -WhatIf").Output);
        Assert.False(File.Exists(_folder.File("two.core")));
        Assert.Equal("CrTaskNotFound", Run("Export-CrCoreDump $Image $Folder -VPid 99").ErrorId);
    }

    [FactWith("gdb", "gcc")]
    public void Gdb_opens_the_core_of_a_threaded_program()
    {
        var source = _folder.File("p.c");
        File.WriteAllText(source, """
            #include <pthread.h>
            #include <unistd.h>
            #include <sys/mman.h>
            #include <stdio.h>
            volatile int marker = 4711;
            char text[64] = "core text here";
            static void *worker(void *p)
            {
                static double v[4] = { 3.25, 0, 0, 4.5 }; static long ones[8] = { [7] = 77 };
                if (__builtin_cpu_supports("avx")) __asm__ volatile("vmovupd %0, %%ymm9" :: "m"(v));
                else __asm__ volatile("movupd %0, %%xmm9" :: "m"(v));
                if (__builtin_cpu_supports("avx512f")) __asm__ volatile("vmovdqu64 %0, %%zmm20; kmovw %1, %%k3" :: "m"(ones), "r"(0x5a5a));
                for (;;) pause();
            }
            static int inner(int n) { int local = n * 2; for (;;) pause(); return local; }
            int main(int c, char **v)
            {
                for (int i = 3; i < 256; i++) close(i);
                setsid();
                mmap(0, 1ul << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
                pthread_t t; pthread_create(&t, 0, worker, 0);
                marker = 4712;
                FILE *f = fopen(v[1], "w"); fputs("x", f); fclose(f);
                return inner(21);
            }
            """);
        Shell("gcc", "-g", "-O0", "-pthread", "-o", _folder.File("p"), source);
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"exec {_folder.File("p")} {_folder.File("ready")} </dev/null >/dev/null 2>&1"]))!;
        try
        {
            LiveProcess.WaitUntil(() => File.Exists(_folder.File("ready")) && new FileInfo(_folder.File("ready")).Length > 0);
            // Each of the two threads has one call of pause(2), and is there when all else is done.
            LiveProcess.WaitUntil(() => Directory.GetDirectories($"/proc/{process.Id}/task") is { Length: 2 } tasks && tasks.All(t => File.ReadAllText(t + "/syscall").StartsWith("34 ", StringComparison.Ordinal)));
            Run($"Checkpoint-ProcessTree -Id {process.Id} -Path ($Folder + '/p.cr')").Single<CrImage>();
        }
        finally
        {
            ChildEnd.Kill(process);
        }
        var core = Run("Export-CrCoreDump ($Folder + '/p.cr') ($Folder + '/p.core')").Single<CrCoreDump>();
        Assert.True(core.Length < 64 << 20);
        Assert.Equal([PrStatus, PrPsInfo, SigInfo, Auxv, Files, FpRegSet, Xstate, PrStatus, FpRegSet, Xstate], NoteTypes(File.ReadAllBytes(core.CorePath)));
        var said = Shell("gdb", "-batch", "-nx", "-ex", "thread apply all bt", "-ex", "p marker", "-ex", "p text", "-ex", "info auxv", "-ex", "info proc mappings",
            "-ex", "thread 2", "-ex", "p $xmm9.v2_double[0]", "-ex", "p $ymm9.v4_double[3]", "-ex", "p $zmm20.v8_int64[7]", "-ex", "p $k3", "-ex", "thread 1", "-ex", "frame function inner", "-ex", "info locals", core.ExePath, core.CorePath);
        foreach (var expected in (string[])["Core was generated by", $"LWP {process.Id}", "worker (p=0x0)", "inner (n=21)", "in main", "$1 = 4712", "\"core text here\"", "AT_SYSINFO_EHDR", "libc.so.6", "$3 = 3.25", "local = 42"])
            Assert.Contains(expected, said, StringComparison.Ordinal);
        // What gdb says of an area of another size than it expects; what else it warns of is its own business.
        Assert.DoesNotContain(".reg-xstate", said, StringComparison.Ordinal);
        var processor = File.ReadAllText("/proc/cpuinfo");
        if (processor.Contains(" avx ", StringComparison.Ordinal))
            Assert.Contains("$4 = 4.5", said, StringComparison.Ordinal);
        if (processor.Contains(" avx512f ", StringComparison.Ordinal))
            Assert.Contains("$5 = 77\n$6 = 23130\n", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Lz4")]
    [InlineData("Zstd")]
    public void Another_compression_changes_nothing_but_the_size(string codec)
    {
        var packed = Run($"Convert-CrImage $Image ($Folder + '/packed.cr') -Compression {codec}").Single<CrImageCopy>();
        Assert.True(packed.Length < packed.SourceLength);
        Assert.Empty(Run("Compare-CrImage $Image ($Folder + '/packed.cr') -IncludePage").Output);
        Assert.True(Run("Test-CrImage ($Folder + '/packed.cr')").Single<bool>());
        Run("Convert-CrImage ($Folder + '/packed.cr') ($Folder + '/plain.cr') -Compression None").Single<CrImageCopy>();
        Assert.Equal(new FileInfo(_image).Length, new FileInfo(_folder.File("plain.cr")).Length);
        // Without a choice it stays as it is.
        Assert.Equal(packed.Length, Run("Convert-CrImage ($Folder + '/packed.cr') ($Folder + '/again.cr')").Single<CrImageCopy>().Length);
    }

    [Fact]
    public void Without_memory_the_structure_stays_and_a_restore_is_refused()
    {
        Run("Convert-CrImage $Image ($Folder + '/bare.cr') -DropMemory").Single<CrImageCopy>();
        Assert.Equal(5, Run("Get-CrImageMapping ($Folder + '/bare.cr')").Output.Count);
        Assert.Empty(Run("Search-CrImageMemory ($Folder + '/bare.cr') treasure").Output);
        Assert.True(Run("Test-CrImage ($Folder + '/bare.cr')").Single<bool>());
        Assert.Contains("CrImageNoMemory", Run("Test-CrImage ($Folder + '/bare.cr') -Restore -Detailed").Output.Select(o => ((CrFinding)o.BaseObject).Id));
        Assert.Equal("CrRestoreObstacles", Run("Restore-ProcessTree ($Folder + '/bare.cr')").ErrorId);
    }

    [Fact]
    public void What_is_to_be_hidden_is_nowhere_any_more_also_across_blocks()
    {
        Run("Convert-CrImage $Image ($Folder + '/hidden.cr') -Redact $args[0] -RedactRegex 'x{3}'".Replace("$args[0]", $"'{RichImage.Text}'", StringComparison.Ordinal)).Single<CrImageCopy>();
        Assert.Empty(Run($"Search-CrImageMemory ($Folder + '/hidden.cr') '{RichImage.Text}'").Output);
        Assert.Equal(3, Run($"Search-CrImageMemory ($Folder + '/hidden.cr') '{new string('*', RichImage.Text.Length)}'").Output.Count);
        Assert.True(Run("Test-CrImage ($Folder + '/hidden.cr')").Single<bool>());
        Assert.Equal(-1, File.ReadAllBytes(_folder.File("hidden.cr")).AsSpan().IndexOf(Encoding.ASCII.GetBytes(RichImage.Text[3..])));
        Assert.Contains("CrImageRedacted", Run("Test-CrImage ($Folder + '/hidden.cr') -Restore -Detailed").Output.Select(o => ((CrFinding)o.BaseObject).Id));
    }

    [Fact]
    public void What_is_to_be_hidden_is_hidden_in_pipes_and_an_encrypted_image_stays_so()
    {
        using var live = LiveProcess.Script(_folder, $"mkfifo {_folder.File("f")}; exec 7<>{_folder.File("f")}; printf 'the password is swordfish' >&7; echo > $READY; exec sleep 600");
        LiveProcess.WaitUntil(() => File.ReadAllText($"/proc/{live.Id}/comm") == "sleep\n");
        File.WriteAllBytes(_folder.File("key"), new byte[32]);
        Run($"Checkpoint-ProcessTree -Id {live.Id} -Path ($Folder + '/pipe.cr') -KeyFile ($Folder + '/key')").Single<CrImage>();
        Run("Convert-CrImage ($Folder + '/pipe.cr') ($Folder + '/hidden.cr') -Redact swordfish -KeyFile ($Folder + '/key')").Single<CrImageCopy>();
        Assert.Equal("CrImageEncrypted", Run("Get-CrImageTask ($Folder + '/hidden.cr')").ErrorId);
        var record = Assert.Single(Run("Get-CrImageRecord ($Folder + '/hidden.cr') -Name PIPE_DATA -Raw -KeyFile ($Folder + '/key')").Output);
        Assert.EndsWith("the password is *********", Encoding.ASCII.GetString(((CrImageRecord)record.BaseObject).Raw!), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Convert-CrImage $Image ($Folder + '/x.cr') -CompressionLevel 3", "CrCompressionLevel")]
    [InlineData("Convert-CrImage $Image ($Folder + '/x.cr') -Compression Lz4 -CompressionLevel 19", "CrCompressionLevel")]
    [InlineData("Convert-CrImage $Image ($Folder + '/x.cr') -RedactRegex '('", "CrPatternInvalid")]
    [InlineData("Convert-CrImage $Image $Image", "CrImageExists")]
    public void Errors_leave_no_image(string script, string id)
    {
        Assert.Equal(id, Run(script).ErrorId);
        Assert.False(File.Exists(_folder.File("x.cr")));
    }

    private static string Shell(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var said = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
        process.WaitForExit();
        return said;
    }

    /// <summary>Reads the core as elf(5) says; nothing where it holds no bytes of an address.</summary>
    private static byte[] ReadMemory(byte[] core, ulong address, int length)
    {
        foreach (var (type, offset, start, size) in Headers(core))
            if (type == 1 && start <= address && address + (ulong)length <= start + (ulong)size)
                return core.AsSpan((int)offset + (int)(address - start), length).ToArray();
        return [];
    }

    private static List<uint> NoteTypes(byte[] core)
    {
        var (_, offset, _, size) = Headers(core).Single(h => h.Type == 4);
        var types = new List<uint>();
        for (var at = (int)offset; at < (int)offset + size;)
        {
            var (name, length) = (BinaryPrimitives.ReadInt32LittleEndian(core.AsSpan(at)), BinaryPrimitives.ReadInt32LittleEndian(core.AsSpan(at + 4)));
            types.Add(BinaryPrimitives.ReadUInt32LittleEndian(core.AsSpan(at + 8)));
            at += 12 + ((name + 3) & ~3) + ((length + 3) & ~3);
        }
        return types;
    }

    private static IEnumerable<(uint Type, long Offset, ulong Start, long Size)> Headers(byte[] core)
    {
        Assert.True(core.AsSpan().StartsWith("\u007fELF"u8));
        for (var i = 0; i < BinaryPrimitives.ReadUInt16LittleEndian(core.AsSpan(56)); i++)
        {
            var header = core.AsMemory(64 + (56 * i), 56);
            yield return (BinaryPrimitives.ReadUInt32LittleEndian(header.Span), BinaryPrimitives.ReadInt64LittleEndian(header.Span[8..]),
                BinaryPrimitives.ReadUInt64LittleEndian(header.Span[16..]), BinaryPrimitives.ReadInt64LittleEndian(header.Span[32..]));
        }
    }
}
