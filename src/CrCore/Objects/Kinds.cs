using CrCore.Image;

namespace CrCore.Objects;

/// <summary>The list of kinds. A new kind is a folder beside this file and one line here.</summary>
public static class Kinds
{
    /// <summary>All kinds, in the order in which their records stand in the stream of a task.</summary>
    internal static IReadOnlyList<IKind> All { get; } =
    [
        new Cgroups.RootCgroupsKind(),
        // Before files are opened in them.
        new Namespaces.MountNamespacesKind(),
        new Memory.MemoryKind(),
        new Ipc.SystemVKind(),
        new Ipc.SemaphoreUndoKind(),
        new Terminals.PtysKind(),
        new Memory.SharedMemoryKind(),
        new Memory.FilledMemoryKind(),
        new Memory.FutureLocksKind(),
        new Aio.AioRingsKind(),
        new Sockets.Packet.PacketRingsKind(),
        new UserFaults.UserFaultOwnersKind(),
        new Files.FilesKind(),
        new Locks.LeasesKind(),
        new Files.FsKind(),
        new Files.ServedDescriptorsKind(),
        new Events.ThreadPidFdsKind(),
        new Events.MessageNoticesKind(),
        new Locks.FileLocksKind(),
        new Terminals.ControllingTerminalKind(),
        new Namespaces.NamespacesKind(),
        new Namespaces.MountsKind(),
        new Cgroups.CgroupsKind(),
        // A thread's processor state is the first of its records, as in the seed.
        new Threads.ThreadsKind(),
        new Dispatch.UserDispatchKind(),
        new Signals.SignalsKind(),
        new Signals.ContinueNoticeKind(),
        // The last calls of a task, in this order: queued signals and timers need limits not yet lowered and rights not
        // yet given up, and credentials reset what the settings of a thread contain.
        new Signals.PendingSignalsKind(),
        new Timers.IntervalTimersKind(),
        new Timers.PosixTimersKind(),
        new ProcessState.ProcessStateKind(),
        new ProcessState.TaskModesKind(),
        new ProcessState.TaskModesKind.FutexTables(),
        new ProcessState.ThreadModesKind(),
        new Scheduler.AutogroupKind(),
        new Numa.MappingPoliciesKind(),
        new Numa.ThreadPolicyKind(),
        new Ipc.IpcLimitsKind(),
        new Ipc.SemaphorePidsKind(),
        new Limits.LimitsKind(),
        new Credentials.LoginUidKind(),
        new Namespaces.ChildrensClocksKind(),
        new Credentials.CredentialsKind(),
        new ProcessState.ThreadSettingsKind(),
        new Scheduler.SchedulerKind(),
        new Seccomp.SeccompKind(),
        new Confinement.ConfinementKind(),
        new Keyrings.KeyringsKind(),
        // Last: what the restore itself sends must not be filtered.
        new Namespaces.PacketFiltersKind(),
    ];

    /// <summary>Every record of revision 4, the frame's own and each kind's.</summary>
    public static RecordCatalog Catalog { get; } = new(FrameRecords.All.Concat(All.SelectMany(k => k.Records)));
}
