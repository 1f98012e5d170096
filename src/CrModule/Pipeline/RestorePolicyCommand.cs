using System.Collections;
using System.Management.Automation;
using CrCore;
using CrModule.Completion;

namespace CrModule.Pipeline;

/// <summary>A command that restores images, or asks whether it could: where the tree goes, and what stands for what was outside of it.</summary>
public abstract class RestorePolicyCommand : ImagePathCommand
{
    /// <summary>Put the tree into a fresh pid namespace.</summary>
    [Parameter]
    public SwitchParameter NewPidNamespace { get; set; }

    /// <summary>Put the tree into a fresh time namespace, in which its clocks go on.</summary>
    [Parameter]
    public SwitchParameter NewTimeNamespace { get; set; }

    /// <summary>Accept files that have changed since the checkpoint.</summary>
    [Parameter]
    public SwitchParameter AcceptChangedFile { get; set; }

    /// <summary>Which control groups the tasks are in.</summary>
    [Parameter]
    public CgroupPolicy Cgroup { get; set; } = new RestoreOptions().Cgroup;

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

    /// <summary>Where descriptors of a terminal come back.</summary>
    [Parameter]
    public TerminalPolicy Terminal { get; set; } = new RestoreOptions().Terminal;

    /// <summary>What becomes of Unix sockets whose other end is outside of the tree.</summary>
    [Parameter]
    public ExternalUnixSocketPolicy ExternalUnixSocket { get; set; } = new RestoreOptions().ExternalUnixSocket;

    /// <summary>What is mounted where mounts from outside of the tree were: a table of keys and paths, or '*'.</summary>
    [Parameter]
    [ExternalMountArgument]
    public ExternalMountTable ExternalMount { get; set; } = ExternalMountTable.None;

    /// <summary>A policy, or a table of policies by wildcards on a connection's ends.</summary>
    [Parameter]
    [TcpEstablishedArgument]
    public TcpEstablishedChoices TcpEstablished { get; set; } = new(new RestoreOptions().TcpEstablished, []);

    /// <summary>What stands for saved descriptors: a table of names, or task/number, and of paths, numbers or objects.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Descriptor { get; set; }

    /// <summary>The engine's defaults with what was said here. On the pipeline's thread: paths are the session's to resolve.</summary>
    /// <exception cref="CrException">A key or a descriptor's stand-in is not to be had.</exception>
    private protected RestoreOptions Policies => new()
    {
        NewPidNamespace = NewPidNamespace,
        NewTimeNamespace = NewTimeNamespace,
        AcceptChangedFiles = AcceptChangedFile,
        Cgroup = Cgroup,
        CgroupRoot = CgroupRoot,
        CgroupHierarchyRoots = CgroupHierarchyRoot,
        CgroupYard = CgroupYard,
        Terminal = Terminal,
        ExternalUnixSocket = ExternalUnixSocket,
        ExternalMounts = ExternalMount.Paths(this),
        TcpEstablished = TcpEstablished.Policy,
        TcpEstablishedChoices = TcpEstablished.Choices,
        Descriptors = GivenDescriptors.Of(this, Descriptor),
        Key = Key,
    };
}
