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

    [Property]
    public void PollingOfDevices(ushort microseconds, ushort budget, bool isPreferred) => Same(new EpollPollingRecord(new EpollPolling(microseconds, budget, isPreferred ? (byte)1 : (byte)0)));

    [Fact]
    public void ABudgetThatNoInstanceHasIsAnError()
    {
        var reader = new FieldReader([1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0], 0);
        CrImageException? seen = null;
        try
        {
            EpollPollingRecord.Read(0, ref reader);
        }
        catch (CrImageException e)
        {
            seen = e;
        }
        Assert.NotNull(seen);
    }

    [Fact]
    public void ACounterThatNobodyCanWriteIsAnError()
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new EventFdRecord(ulong.MaxValue, false)));

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    [InlineData(0, 1_000_000_000)]
    public void ATimeThatIsNoneIsAnError(long seconds, long nanoseconds)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new TimerFdRecord { Clock = 1, Flags = 0, Ticks = 0, Time = default, Expiry = new(seconds, nanoseconds) }));

    [Property]
    public void Watch(ushort number, uint mask, bool isNamed, uint anchor, int type, byte first)
        => Same(new InotifyWatchRecord(number + 1, mask, isNamed ? new("/tmp/a", 0, mask, "", default) : anchor != 0 ? new("", anchor, mask, "", default) : new("", 0, mask, "/mnt", new FileHandle(type, new byte[] { first, 7 }))));

    [Property]
    public void FanotifyGroup(uint flags, uint eventFlags) => Same(new FanotifyRecord(flags, eventFlags));

    [Property]
    public void FanotifyMark(bool isMount, uint flags, ulong mask, ulong ignored)
        => Same(new FanotifyMarkRecord(isMount ? FanotifyMarkRecord.Mount : FanotifyMarkRecord.FileSystem, flags, mask, ignored, new("/tmp/a", 0, flags, "", default)));

    [Property]
    public void PidFd(ushort vpid, uint ended, int status) => Same(ended == 0 ? new PidFdRecord(vpid + 1, 0, status) : new PidFdRecord(0, ended, status));

    [Theory]
    [InlineData(0, 0u), InlineData(5, 1u), InlineData(-5, 0u)]
    public void APidFdOfNothingIsAnError(int vpid, uint ended) => Assert.Throws<CrImageException>(() => RecordCode.Again(new PidFdRecord(vpid, ended, 0)));

    [Fact]
    public void AWatchOfNothingIsAnError()
    {
        Assert.Throws<CrImageException>(() => RecordCode.Again(new InotifyWatchRecord(1, 2, new("", 0, 0, "/mnt", default))));
        Assert.Throws<CrImageException>(() => RecordCode.Again(new InotifyWatchRecord(0, 2, new("/tmp", 0, 0, "", default))));
        Assert.Throws<CrImageException>(() => RecordCode.Again(new FanotifyMarkRecord(1, 0, 0, 0, new("/tmp", 0, 0, "", default))));
    }

    private static void Same(ICrRecord record) => Assert.Equal(record, RecordCode.Again(record));
}
