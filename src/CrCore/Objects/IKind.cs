using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects;

/// <summary>
/// A kind of kernel object or task state: a folder with its records, its capture and its restore. It implements the
/// interfaces below that it needs; the pipelines know kinds only through them. Kinds do not call each other.
/// </summary>
internal interface IKind
{
    /// <summary>The records this kind puts into an image.</summary>
    IEnumerable<RecordType> Records { get; }
}

/// <summary>Looks at a running task from outside and names what of it could not be saved. Touches nothing.</summary>
internal interface IInspectsTask : IKind
{
    void Inspect(InspectContext context, LiveTask task);
}

/// <summary>
/// Captures what belongs to a whole task (thread group). Called for each task in the order of the stream, tasks frozen.
/// </summary>
internal interface ICapturesTask : IKind
{
    /// <summary>
    /// Adds the calls that must run inside the task to <paramref name="batch"/> (run by its leader).
    /// The returned step is called after the batch has run; it reads the results and emits the records.
    /// </summary>
    /// <returns>The step, or null when the kind has nothing to say of this task.</returns>
    Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch);
}

/// <summary>
/// Asks a task in several goes, where what to ask next depends on the answers. They come after the batch of
/// <see cref="ICapturesTask"/> and before its steps are taken.
/// </summary>
internal interface IAsksTask : IKind
{
    /// <returns>
    /// What is called with an empty batch to add calls, and again with it once they have run, until it returns false. Null when the kind
    /// has nothing to ask of this task.
    /// </returns>
    Func<SyscallBatch, bool>? Ask(CaptureContext context, FrozenTask task);
}

/// <summary>Captures what belongs to one thread; else as <see cref="ICapturesTask"/>.</summary>
internal interface ICapturesThread : IKind
{
    Action<RecordSink>? Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch);
}

/// <summary>
/// When a kind's restore runs. Each task passes the stages in this order. Stages that follow one another without a line
/// between run together, task by task, in one batch where it can be: a task is through with them when its children begin,
/// and the root when any other does. At a line all tasks wait for each other.
/// </summary>
internal enum RestoreStage
{
    /// <summary>Only the root's puppet exists. What must be inherited is made now (namespaces, shared memory).</summary>
    Root,

    // ---- All tasks are created. ----

    /// <summary>All tasks exist, with their ids, sessions and groups. Open file descriptions and descriptors.</summary>
    Descriptors,
    /// <summary>Address spaces: everything is mapped. Then the pages are filled in.</summary>
    Memory,

    // ---- The pages are filled in, and tasks that had ended end. ----

    /// <summary>All pages are in place: last rights, locks, seals, the end of what served to get there.</summary>
    Filled,
    /// <summary>Process-wide state: signal actions, timers' definitions, limits, names.</summary>
    State,

    // ---- Threads are created. ----

    /// <summary>Threads exist; each thread's own state.</summary>
    Threads,
    /// <summary>What takes rights away: credentials, capabilities, seccomp, dumpable. The last calls of a task.</summary>
    Privileges,
}

/// <summary>Restores what belongs to a whole task.</summary>
internal interface IRestoresTask : IKind
{
    RestoreStage Stage { get; }

    /// <summary>
    /// Whether the step that <see cref="Restore"/> returns must be taken before the calls of the kinds that come after this
    /// one: because it makes calls itself, or needs rights that those give up. Where not, all of it travels in one batch.
    /// </summary>
    bool StepComesFirst => true;

    /// <summary>
    /// Adds calls to the batch, run by the task's leader once all kinds of the stage have added theirs.
    /// A kind that needs a call's result at once runs a batch of its own through <see cref="RestoringTask.Remote"/>.
    /// </summary>
    /// <returns>A step to call after the batch has run, or null.</returns>
    Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch);
}

/// <summary>Restores what belongs to one thread (<see cref="RestoreStage.Threads"/>, or Privileges).</summary>
internal interface IRestoresThread : IKind
{
    RestoreStage ThreadStage { get; }

    /// <summary>As <see cref="IRestoresTask.StepComesFirst"/>, of this thread's calls.</summary>
    bool ThreadStepComesFirst => true;

    Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch);
}

/// <summary>Gives a session's leader what its children inherit, between setsid(2) and the birth of the first of them.</summary>
internal interface IStartsSession : IKind
{
    /// <param name="leader">Its session is new; its descriptors are those that the root's puppet had at the end of <see cref="RestoreStage.Root"/>.</param>
    void SessionStarted(RestoreContext context, RestoringTask leader);
}

/// <summary>Compares what an image asks for with what this machine has, before anything is created.</summary>
internal interface IChecksImage : IKind
{
    void Check(CheckContext context);
}

/// <summary>
/// The same, when all else was looked at. Where nothing is in the way so far, the first puppet may begin its work meanwhile
/// (<see cref="CheckContext.FirstPuppet"/>).
/// </summary>
internal interface IChecksImageLast : IKind
{
    void CheckLast(CheckContext context);
}
