using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>A task that is being restored: its part of the image and the puppet that becomes it.</summary>
public sealed class RestoringTask
{
    /// <summary>Its part of the image.</summary>
    public required TaskImage Image { get; init; }

    /// <summary>Null for the root.</summary>
    public required RestoringTask? Parent { get; init; }

    /// <summary>The saved pid, as the tree's own pid namespace sees it.</summary>
    public int VPid => Image.VPid;

    /// <summary>As this process sees it; set when the puppet exists.</summary>
    public int Pid { get; set; }

    /// <summary>Runs calls inside the puppet (its leader).</summary>
    public IRemoteTask Remote { get; set; } = null!;

    /// <summary>The leader first. Filled when the threads exist.</summary>
    public List<RestoringThread> Threads { get; } = [];

    /// <summary>In the image's order.</summary>
    public List<RestoringTask> Children { get; } = [];

    /// <summary>
    /// The action of SIGTRAP, set when no batch runs any more: each ends with a trap, and a trap whose signal is ignored
    /// has the kernel reset the action (force_sig_info_to_task in kernel/signal.c).
    /// </summary>
    public KernelSigAction? TrapAction { get; set; }

    /// <summary>The signal that stops it before it is let go; 0 for a task that runs.</summary>
    public int StopSignal { get; set; }

    /// <summary>It had ended and waits for its parent: its puppet ends with the saved status.</summary>
    public bool IsZombie => Image.Task.IsEnded;

    /// <summary>Saved pid and name, as messages have them: "4711 (nginx)".</summary>
    public override string ToString() => $"{VPid} ({Image.Comm})";
}

/// <summary>A thread that is being restored.</summary>
public sealed class RestoringThread
{
    /// <summary>The task whose thread it is.</summary>
    public required RestoringTask Task { get; init; }

    /// <summary>Its part of the image.</summary>
    public required ThreadImage Image { get; init; }

    /// <summary>Runs calls inside the thread.</summary>
    public required IRemoteTask Remote { get; init; }

    /// <summary>As this process sees it.</summary>
    public int Tid => Remote.Tid;

    /// <summary>
    /// Gives the thread its own registers and extended state, on the tracer thread, when nothing more is run in it. Set by
    /// the kind that saves them.
    /// </summary>
    public Action? GiveRegisters { get; set; }

    /// <summary>Gives it its own signal mask, and the signals that no puppet can hold back: the very last step.</summary>
    public Action? GiveSignals { get; set; }
}
