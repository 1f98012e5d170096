using CrCore;
using CrCore.Kernel;
using CrCore.Objects.Limits;
using CrCore.Objects.Threads;
using CrCore.Objects.Timers;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>What is decided from registers and times alone.</summary>
public class RestartTests
{
    private static Registers In(Sys call, Errno result, ulong rip = 0x5000)
        => new() { OrigRax = (ulong)call, Rax = (ulong)-(long)result, Rip = rip, Cs = 0x33, Rdi = 1, Rsi = 2, Rdx = 3, R10 = 4 };

    [Theory]
    [InlineData(Sys.epoll_wait)]
    [InlineData(Sys.epoll_pwait)]
    [InlineData(Sys.rt_sigtimedwait)]
    [InlineData(Sys.semtimedop)]
    [InlineData(Sys.read)]
    public void ABrokenOffCallIsMadeAgain(Sys call)
    {
        var again = SyscallRestart.ForResume(In(call, Errno.EINTR), pendingUnblocked: false);
        Assert.Equal((ulong)call, again.Rax);
        Assert.Equal(0x4ffeul, again.Rip);
        Assert.False(again.InSyscall);
        Assert.Equal((1ul, 2ul, 3ul, 4ul), (again.Rdi, again.Rsi, again.Rdx, again.R10));
        // What was led back once is left alone afterwards.
        Assert.Equal(again, SyscallRestart.ForResume(again, pendingUnblocked: false));
    }

    [Theory]
    [InlineData(Sys.close, Errno.EINTR, false)]
    [InlineData(Sys.nanosleep, Errno.EINTR, false)]
    [InlineData(Sys.epoll_wait, Errno.EINTR, true)]
    [InlineData(Sys.epoll_wait, Errno.EBADF, false)]
    [InlineData(Sys.read, Errno.ERESTARTSYS, false)]
    [InlineData(Sys.poll, Errno.ERESTART_RESTARTBLOCK, false)]
    public void OtherResultsStand(Sys call, Errno result, bool pending)
        => Assert.Equal(In(call, result), SyscallRestart.ForResume(In(call, result), pending));

    /// <summary>Outside of a system call nothing is a result, whatever rax holds.</summary>
    [Property]
    public void RegistersOutsideOfCallsStand(ulong rax, ulong rip)
    {
        var registers = new Registers { OrigRax = ulong.MaxValue, Rax = rax, Rip = rip };
        Assert.Equal(registers, SyscallRestart.ForResume(registers, false));
        Assert.False(SyscallRestart.NeedsRestartBlock(registers));
    }

    private static TimeSpec? OneSecond(ulong address) => address is 0x7000 or 0x7010 ? new TimeSpec(1, 0) : null;

    [Theory]
    [InlineData(1ul, 0ul, 0x7000ul, 0x7010ul, Sys.clock_nanosleep)]
    [InlineData(0ul, 0ul, 0x7000ul, 0ul, Sys.clock_nanosleep)]
    [InlineData(0x7000ul, 0x7010ul, 0ul, 0ul, Sys.nanosleep)]
    [InlineData(0x7000ul, 0ul, 0ul, 0ul, Sys.nanosleep)]
    [InlineData(0x9000ul, 0x80ul, 5ul, 0x7000ul, Sys.futex)]
    [InlineData(0x9000ul, 0x189ul, 5ul, 0x7010ul, Sys.futex)]
    [InlineData(0x9000ul, 3ul, 5000ul, 0ul, Sys.poll)]
    [InlineData(0ul, 0ul, 5000ul, 0ul, Sys.poll)]
    public void ARestartedCallIsKnownByItsArguments(ulong rdi, ulong rsi, ulong rdx, ulong r10, Sys due)
        => Assert.Equal(due, RestartedCall.Infer(new Registers { Rdi = rdi, Rsi = rsi, Rdx = rdx, R10 = r10 }, OneSecond));

    [Theory]
    [InlineData(Sys.poll, 0x9000ul, 3ul, 5000ul, 0ul, 1.5, 3.5)]
    [InlineData(Sys.poll, 0x9000ul, 3ul, ulong.MaxValue, 0ul, 1.5, null)]
    [InlineData(Sys.nanosleep, 0x7000ul, 0ul, 0ul, 0ul, 0.25, 0.75)]
    [InlineData(Sys.nanosleep, 0x7000ul, 0x7010ul, 0ul, 0ul, 0.25, null)]
    [InlineData(Sys.clock_nanosleep, 1ul, 0ul, 0x7000ul, 0ul, 2.0, 1e-9)]
    [InlineData(Sys.clock_nanosleep, 2ul, 0ul, 0x7000ul, 0ul, 0.5, null)]
    [InlineData(Sys.futex, 0x9000ul, 0x80ul, 5ul, 0x7010ul, 0.5, 0.5)]
    [InlineData(Sys.futex, 0x9000ul, 0x89ul, 5ul, 0x7010ul, 0.5, null)]
    public void WhatIsLeftOfATimeout(Sys call, ulong rdi, ulong rsi, ulong rdx, ulong r10, double slept, double? due)
    {
        var registers = In(call, Errno.ERESTART_RESTARTBLOCK) with { Rdi = rdi, Rsi = rsi, Rdx = rdx, R10 = r10 };
        var rest = CallRest.Of(registers, TimeSpan.FromSeconds(slept), OneSecond);
        Assert.Equal(due, rest is { } t ? t.Seconds + t.Nanoseconds / 1e9 : null);
    }

    [Fact]
    public void ArgumentsOfNoCallGiveNone()
        => Assert.Null(RestartedCall.Infer(new Registers { Rdi = 0x9000, Rsi = ulong.MaxValue, Rdx = 0 }, OneSecond));

    [Fact]
    public void AnExpiredIntervalTimerGetsItsIntervalBack()
    {
        var expired = new IntervalTimer(new(3, 5), new(0, 0));
        Assert.Equal(new IntervalTimer(new(3, 5), new(3, 5)), IntervalTimersKind.Saved(expired));
        var running = new IntervalTimer(new(3, 5), new(1, 0));
        Assert.Equal(running, IntervalTimersKind.Saved(running));
        Assert.Equal(default, IntervalTimersKind.Saved(default));
    }

    [Property]
    public void ALimitIsKeptOrLoweredToTheHardLimitHere(ulong soft, ulong more, ulong hard)
    {
        var saved = new RLimit64(soft, soft > ulong.MaxValue - more ? RLimit64.Infinity : soft + more);
        var due = LimitsKind.Within(saved, hard);
        Assert.True(due.Soft <= due.Hard && due.Hard <= hard && due.Soft <= saved.Soft && due.Hard <= saved.Hard);
        if (saved.Hard <= hard)
            Assert.Equal(saved, due);
    }
}
