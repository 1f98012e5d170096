using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CrCore.Kernel;
using CrCore.Objects.Threads;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>A restartable sequence found in memory; this process's own serves as well as another's.</summary>
public unsafe class RseqSectionTests
{
    private const ulong Start = 0x4000, Length = 0x20, Abort = 0x9000;

    [Theory]
    [InlineData(Start - 1, false)]
    [InlineData(Start, true)]
    [InlineData(Start + Length - 1, true)]
    [InlineData(Start + Length, false)]
    public void AnInstructionInsideIsSentToTheAbortHandler(ulong ip, bool due)
    {
        var section = new RseqCriticalSection { StartIp = Start, PostCommitOffset = Length, AbortIp = Abort };
        Assert.Equal(due, Look(&section, ip, out var abort));
        Assert.Equal(due ? Abort : 0, abort);
    }

    [Fact]
    public void WithoutAnAnnouncedSectionNothingIsDone()
    {
        Assert.False(Look(null, Start, out _));
        Assert.False(RseqSection.TryGetAbort(Environment.ProcessId, 0, Start, out _));
        // A pointer that leads nowhere.
        Assert.False(Look((RseqCriticalSection*)16, Start, out _));
    }

    private static bool Look(RseqCriticalSection* section, ulong ip, out ulong abort)
    {
        // struct rseq: cpu_id_start, cpu_id, then the pointer.
        var area = (ulong*)NativeMemory.AlignedAlloc(32, 32);
        try
        {
            Unsafe.InitBlock(area, 0, 32);
            area[1] = (ulong)section;
            return RseqSection.TryGetAbort(Environment.ProcessId, (ulong)area, ip, out abort);
        }
        finally
        {
            NativeMemory.AlignedFree(area);
        }
    }
}
