using System.Management.Automation;
using CrCore;
using CrModule.Completion;

namespace CrModule.Pipeline;

/// <summary>A command that saves trees, or asks whether it could: what is to become of things that not the tree alone holds.</summary>
public abstract class CheckpointPolicyCommand : ProcessTreeCommand
{
    /// <summary>How much of the control groups is saved.</summary>
    [Parameter]
    public CgroupPolicy Cgroup { get; set; } = new CheckpointOptions().Cgroup;

    /// <summary>From which root of every hierarchy groups are named.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? CgroupRoot { get; set; }

    /// <summary>The same for single hierarchies: hierarchy:/path.</summary>
    [Parameter]
    public string[] CgroupHierarchyRoot { get; set; } = [];

    /// <summary>Where the hierarchies are mounted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FilePathCompleter))]
    public string? CgroupYard { get; set; }

    /// <summary>What becomes of descriptors of terminals.</summary>
    [Parameter]
    public TerminalPolicy Terminal { get; set; } = new CheckpointOptions().Terminal;

    /// <summary>What becomes of pipes whose other end is outside of the tree.</summary>
    [Parameter]
    public ExternalPipePolicy ExternalPipe { get; set; } = new CheckpointOptions().ExternalPipe;

    /// <summary>What becomes of Unix sockets whose other end is outside of the tree.</summary>
    [Parameter]
    public ExternalUnixSocketPolicy ExternalUnixSocket { get; set; } = new CheckpointOptions().ExternalUnixSocket;

    /// <summary>Mounts of the tree that come from outside of it: a table of mount points and keys, or '*'.</summary>
    [Parameter]
    [ExternalMountArgument]
    public ExternalMountTable ExternalMount { get; set; } = ExternalMountTable.None;

    /// <summary>What becomes of TCP connections.</summary>
    [Parameter]
    public TcpEstablishedPolicy TcpEstablished { get; set; } = new CheckpointOptions().TcpEstablished;

    /// <summary>In bytes.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long MaxDeletedFileSize { get; set; } = new CheckpointOptions().MaxDeletedFileBytes;

    /// <summary>The engine's defaults with what was said here.</summary>
    private protected CheckpointOptions Policies => new()
    {
        Cgroup = Cgroup,
        CgroupRoot = CgroupRoot,
        CgroupHierarchyRoots = CgroupHierarchyRoot,
        CgroupYard = CgroupYard,
        Terminal = Terminal,
        ExternalPipe = ExternalPipe,
        ExternalUnixSocket = ExternalUnixSocket,
        ExternalMounts = ExternalMount.Keys,
        TcpEstablished = TcpEstablished,
        MaxDeletedFileBytes = MaxDeletedFileSize,
    };
}
