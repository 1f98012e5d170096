using System.Runtime.InteropServices;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>Anonymous memory of this process whose every page a test decides about.</summary>
internal sealed unsafe partial class OwnMemory : IDisposable
{
    public const int Page = 4096;
    public const int ProtNone = 0, ReadOnly = 1, ReadWrite = 3;

    private readonly int _pages;

    public OwnMemory(int pages, bool shared = false, int protection = ReadWrite)
    {
        _pages = pages;
        var at = Mmap(null, (nuint)(pages * Page), protection, 0x20 | (shared ? 1 : 2), -1, 0);
        Assert.NotEqual(-1, (nint)at);
        Start = (ulong)at;
        // One page is one page: no huge pages (MADV_NOHUGEPAGE).
        Advise(0, pages, 15);
    }

    public ulong Start { get; }

    public ulong End => Start + (ulong)(_pages * Page);

    public Span<byte> this[int page] => new((byte*)Start + page * Page, Page);

    public Span<byte> All => new((byte*)Start, _pages * Page);

    public ulong AddressOf(int page) => Start + (ulong)(page * Page);

    public bool Advise(int page, int count, int advice) => Madvise((byte*)AddressOf(page), (nuint)(count * Page), advice) == 0;

    public void Protect(int page, int count, int protection)
        => Assert.Equal(0, Mprotect((byte*)AddressOf(page), (nuint)(count * Page), protection));

    public void Dispose() => Assert.Equal(0, Munmap((byte*)Start, (nuint)(_pages * Page)));

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial byte* Mmap(byte* at, nuint size, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Munmap(byte* at, nuint size);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Mprotect(byte* at, nuint size, int protection);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(byte* at, nuint size, int advice);
}
