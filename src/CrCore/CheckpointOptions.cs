using CrCore.Image;
using CrCore.Protection;

namespace CrCore;

/// <summary>What happens to descriptors of the controlling terminal and of pty slaves whose master is outside the tree.</summary>
public enum TerminalPolicy
{
    /// <summary>Preflight refuses the tree.</summary>
    Fail,
    /// <summary>Restored onto the terminal of the restoring shell.</summary>
    Inherit,
    /// <summary>Restored onto /dev/null.</summary>
    Null,
    /// <summary>Another one must be given at the restore (<see cref="RestoreOptions.Descriptors"/>).</summary>
    Given,
}

/// <summary>What happens to a pipe whose other end is held outside the tree.</summary>
public enum ExternalPipePolicy
{
    /// <summary>Preflight refuses the tree.</summary>
    Fail,
    /// <summary>The other end is restored closed: readers see end of file, writers EPIPE.</summary>
    Close,
    /// <summary>Restored onto /dev/null.</summary>
    Null,
    /// <summary>Another one must be given at the restore (<see cref="RestoreOptions.Descriptors"/>); what waits to be read is put into it.</summary>
    Given,
}

/// <summary>What happens to a Unix socket whose other end is held outside the tree.</summary>
public enum ExternalUnixSocketPolicy
{
    /// <summary>Preflight refuses the tree.</summary>
    Fail,
    /// <summary>Connected anew to the other end's address. One without an address that leads to it from anywhere is refused.</summary>
    Reconnect,
    /// <summary>Restored as if the other end had been closed.</summary>
    Close,
    /// <summary>Another one must be given at the restore (<see cref="RestoreOptions.Descriptors"/>).</summary>
    Given,
}

/// <summary>What becomes of TCP connections.</summary>
public enum TcpEstablishedPolicy
{
    /// <summary>They go on where they were: both ends see nothing of it.</summary>
    Restore,
    /// <summary>They are closed: the program reads what had come, then the end of file; writing gives EPIPE.</summary>
    Reset,
    /// <summary>Refused.</summary>
    Fail,
}

/// <summary>A choice for the connections whose local or remote end fits a pattern.</summary>
/// <param name="Pattern">Address and port with the wildcards * and ?, such as <c>10.0.0.*:5432</c> or <c>[::1]:*</c>.</param>
/// <param name="Policy">What becomes of them.</param>
public sealed record TcpEstablishedChoice(string Pattern, TcpEstablishedPolicy Policy);

/// <summary>What becomes of the control groups (cgroups(7)) that tasks are in.</summary>
public enum CgroupPolicy
{
    /// <summary>Not saved; restored tasks are in the restoring program's groups.</summary>
    Ignore,
    /// <summary>The names of the groups are saved; restored tasks join those that are there, and a missing one is told.</summary>
    Join,
    /// <summary>The groups' settings are saved, too; missing ones are made, and the restore fails where that cannot be.</summary>
    Create,
}

/// <summary>How a checkpoint is made.</summary>
public sealed record CheckpointOptions
{
    /// <summary>End the tree once the image is safely on disk. Otherwise it runs on.</summary>
    public bool Stop { get; init; }

    /// <summary>
    /// Write all memory while the tree stands still. Otherwise a tree that runs on stands still only until a copy on write of
    /// its large address spaces is made.
    /// </summary>
    public bool NoCopy { get; init; }

    /// <summary>
    /// Address spaces with less resident memory than so many bytes are not copied: they are written in a moment, and a copy
    /// takes some hundred microseconds.
    /// </summary>
    public long LeastCopiedBytes { get; init; } = 16L << 20;

    /// <summary>Find pages that tasks share by their contents, also where the kernel shows frame numbers: for tests of that way.</summary>
    internal bool CompareSharedPages { get; init; }

    /// <summary>Whether tasks are asked where the memory of each mapping is taken from; null where the machine has several nodes. For tests.</summary>
    internal bool? AsksForMappingPolicies { get; init; }

    /// <summary>Replace an image that exists under the path.</summary>
    public bool Overwrite { get; init; }

    /// <summary>What happens to terminals whose other side is outside the tree.</summary>
    public TerminalPolicy Terminal { get; init; } = TerminalPolicy.Fail;

    /// <summary>What happens to pipes whose other end is held outside the tree.</summary>
    public ExternalPipePolicy ExternalPipe { get; init; } = ExternalPipePolicy.Fail;

    /// <summary>What happens to Unix sockets whose other end is held outside the tree.</summary>
    public ExternalUnixSocketPolicy ExternalUnixSocket { get; init; } = ExternalUnixSocketPolicy.Fail;

    /// <summary>Whether the state of TCP connections is saved.</summary>
    public TcpEstablishedPolicy TcpEstablished { get; init; } = TcpEstablishedPolicy.Restore;

    /// <summary>Largest deleted file saved with its contents, in bytes; a larger one is an obstacle.</summary>
    public long MaxDeletedFileBytes { get; init; } = 64L << 20;

    /// <summary>Whether and how pages are compressed.</summary>
    public PageCompression Compression { get; init; }

    /// <summary>Encrypt the image with it; null for an image in the clear. It stays the caller's to dispose of.</summary>
    public ImageKey? Key { get; init; }

    /// <summary>How long to wait for every task to stop before the tree is let go and an error is raised.</summary>
    public TimeSpan FreezeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What is saved of the control groups that tasks are in.</summary>
    public CgroupPolicy Cgroup { get; init; } = CgroupPolicy.Create;

    /// <summary>A root in every cgroup hierarchy, from which groups are named; null for the hierarchies' own.</summary>
    public string? CgroupRoot { get; init; }

    /// <summary>The same for single hierarchies, as "hierarchy:/path".</summary>
    public IReadOnlyList<string> CgroupHierarchyRoots { get; init; } = [];

    /// <summary>A directory below which the hierarchies are mounted, each under its controllers or name ("unified" for v2); null to mount them for this program.</summary>
    public string? CgroupYard { get; init; }

    /// <summary>Mounts of the tree's own mount namespace that the restore is to be given.</summary>
    public ExternalMounts ExternalMounts { get; init; } = ExternalMounts.None;
}

/// <summary>How a restore is made.</summary>
public sealed record RestoreOptions
{
    /// <summary>Put the tree into a fresh pid namespace, so that its pids need not be free here.</summary>
    public bool NewPidNamespace { get; init; }

    /// <summary>
    /// Put the tree into a fresh time namespace, in which CLOCK_MONOTONIC and CLOCK_BOOTTIME go on from what they showed at the
    /// checkpoint: for another start of the machine, or another machine.
    /// </summary>
    public bool NewTimeNamespace { get; init; }

    /// <summary>Accept files that are missing their saved size or mtime.</summary>
    public bool AcceptChangedFiles { get; init; }

    /// <summary>What stands for terminals whose other side was outside the tree.</summary>
    public TerminalPolicy Terminal { get; init; } = TerminalPolicy.Inherit;

    /// <summary>What becomes of Unix sockets that were saved to be connected anew to an address outside of the tree.</summary>
    public ExternalUnixSocketPolicy ExternalUnixSocket { get; init; } = ExternalUnixSocketPolicy.Reconnect;

    /// <summary>What becomes of saved TCP connections for which there is no choice of their own.</summary>
    public TcpEstablishedPolicy TcpEstablished { get; init; } = TcpEstablishedPolicy.Restore;

    /// <summary>Choices for single connections; the first that fits counts, <see cref="TcpEstablished"/> where none does.</summary>
    public IReadOnlyList<TcpEstablishedChoice> TcpEstablishedChoices { get; init; } = [];

    /// <summary>
    /// What stands for saved descriptors: those of which nothing was saved (<c>Given</c> of <see cref="CheckpointOptions"/>),
    /// terminals whose other side was outside, files, devices, and sockets that no other of the tree is tied to.
    /// </summary>
    public IReadOnlyList<GivenDescriptor> Descriptors { get; init; } = [];

    /// <summary>End the restored tree when the restoring process ends.</summary>
    public bool DieWithCaller { get; init; }

    /// <summary>Restore the tree, but leave every task stopped (as by SIGSTOP).</summary>
    public bool LeaveStopped { get; init; }

    /// <summary>
    /// Down to which depth tasks share pages with each other: those that many levels below the root begin with memory of their
    /// own, and so on below them. Each mapping that is inherited costs the kernel a link to every ancestor that had it
    /// (anon_vma_fork in mm/rmap.c): a chain of forks without a bound costs the square of its length.
    /// </summary>
    internal int MostInheritedLevels { get; init; } = 32;

    /// <summary>What the image was encrypted with; null for one in the clear.</summary>
    public ImageKey? Key { get; init; }

    /// <summary>
    /// Called with the root's pid, as the caller sees it, when all is restored and nothing runs yet: the moment to open a
    /// watch on it, which no end can come before. An exception from here undoes the restore.
    /// </summary>
    public Action<int>? RootReady { get; init; }

    /// <summary>
    /// How long to retry a pid that is still taken by a task that has just died. Seconds, because the init of some containers
    /// looks for ended orphans only now and then, and a loaded machine takes its time. A pid that a living
    /// process has is refused at once, unless the image comes right from the checkpoint that ends its tree.
    /// </summary>
    public TimeSpan PidRetry { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What becomes of the saved control groups.</summary>
    public CgroupPolicy Cgroup { get; init; } = CgroupPolicy.Join;

    /// <summary>A root in every cgroup hierarchy, from which groups are named; null for the hierarchies' own.</summary>
    public string? CgroupRoot { get; init; }

    /// <summary>The same for single hierarchies, as "hierarchy:/path".</summary>
    public IReadOnlyList<string> CgroupHierarchyRoots { get; init; } = [];

    /// <summary>A directory below which the hierarchies are mounted, each under its controllers or name ("unified" for v2); null to mount them for this program.</summary>
    public string? CgroupYard { get; init; }

    /// <summary>What is mounted where the tree's mounts from outside were.</summary>
    public GivenMounts ExternalMounts { get; init; } = GivenMounts.None;
}

/// <summary>A step of long work. Engines report it; hosts show it.</summary>
/// <param name="Activity">What the whole work is.</param>
/// <param name="Step">What is being done now.</param>
/// <param name="Done">Units done (bytes or tasks).</param>
/// <param name="Total">Units in all, or 0 when unknown.</param>
public readonly record struct CrProgress(string Activity, string Step, long Done, long Total);
