namespace CrCore.Objects.Events;

/// <summary>Ids of this room's records.</summary>
internal static class EventRecordIds
{
    public const short EventFd = 340, TimerFd = 341, SignalFd = 342, EpollTarget = 343, EpollPolling = 345, InotifyWatch = 346, Fanotify = 347, FanotifyMark = 348, PidFd = 349, MessageNotice = 354;
}
