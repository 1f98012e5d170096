using CrCore;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Events;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Events;

/// <summary>Records of event descriptors come out of their payloads as they went in; what could not be made again is an error.</summary>
public class EventRecordProperties
{
    [Property]
    public void EventFd(uint count, bool isSemaphore) => Same(new EventFdRecord(count, isSemaphore));

    [Property]
    public void SignalFd(ulong mask) => Same(new SignalFdRecord(mask));

    [Property]
    public void TimerFd(int clock, uint flags, ulong ticks, ushort seconds, ushort nanoseconds) => Same(new TimerFdRecord
    {
        Clock = clock,
        Flags = flags,
        Ticks = ticks,
        Time = new TimerSpec(new TimeSpec(seconds, nanoseconds), new TimeSpec(nanoseconds, seconds)),
        Expiry = new TimeSpec((long)seconds << 16, 999_999_999),
    });

    [Property]
    public void EpollTarget(ushort number, uint events, ulong data, int vpid, int fd) => Same(new EpollTargetRecord(number, events, data, vpid, fd));

    [Fact]
    public void ACounterThatNobodyCanWriteIsAnError()
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new EventFdRecord(ulong.MaxValue, false)));

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    [InlineData(0, 1_000_000_000)]
    public void ATimeThatIsNoneIsAnError(long seconds, long nanoseconds)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new TimerFdRecord { Clock = 1, Flags = 0, Ticks = 0, Time = default, Expiry = new(seconds, nanoseconds) }));

    private static void Same(ICrRecord record) => Assert.Equal(record, RecordCode.Again(record));
}
