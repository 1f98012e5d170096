using System.Collections.Immutable;

namespace CrHarness.Plans;

/// <summary>Where the root of a tree stands.</summary>
public enum RootPlace
{
    /// <summary>A child of the init of a fresh pid namespace; that init stays outside the tree.</summary>
    ChildOfInit,
    /// <summary>Pid 1 of a pid namespace of its own: the tree is a container.</summary>
    NamespaceInit,
    /// <summary>In the pid namespace of the caller.</summary>
    Host,
}

/// <summary>
/// A process tree to be spawned, as plain data. References between tasks (parent, process group) are choices among what is
/// possible, taken modulo their number; <see cref="PlanNormalizer"/> turns any plan into one that can be spawned, so that a
/// plan stays valid whatever is cut out of it.
/// </summary>
public sealed record TreePlan
{
    /// <summary>Where the root stands.</summary>
    public RootPlace Root { get; init; }

    /// <summary>Namespaces beside the pid namespace; only with <see cref="RootPlace.NamespaceInit"/>.</summary>
    public ContainerPlan? Container { get; init; }

    /// <summary>The tasks, the root first. Each one's parent comes before it.</summary>
    public ImmutableArray<TaskPlan> Tasks { get; init; } = [new TaskPlan()];
}

/// <summary>Mount, UTS and IPC namespaces of the tree's own, and a network namespace if asked for.</summary>
public sealed record ContainerPlan
{
    /// <summary>At most 64 bytes (sethostname(2)).</summary>
    public string HostName { get; init; } = "plan";

    /// <summary>At most 64 bytes (setdomainname(2)).</summary>
    public string DomainName { get; init; } = "(none)";

    /// <summary>A network namespace, too.</summary>
    public bool Network { get; init; }

    /// <summary>Whether its loopback interface is up.</summary>
    public bool LoopbackUp { get; init; }
}
