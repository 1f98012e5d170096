using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Given;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// A kind of open file description: a folder of its own and one line in <see cref="DescriptorKinds"/>. Descriptors
/// themselves (numbers, close-on-exec, sharing within and between tasks) are none of its business.
/// </summary>
internal interface IDescriptorKind
{
    /// <summary>The fd_types that it writes and reads; no other kind has them.</summary>
    IReadOnlyList<FdType> Types { get; }

    /// <summary>Records that follow its FD_DATA and FNAME.</summary>
    IEnumerable<RecordType> Records => [];

    /// <summary>Whether the descriptor is of this kind. The first kind of the list that says so has it.</summary>
    bool Claims(Descriptor descriptor);

    /// <summary>Preflight of a checkpoint: names what of it could not be saved. Touches nothing.</summary>
    void Inspect(DescriptorInspection inspection, Descriptor descriptor)
    {
    }

    /// <summary>
    /// What it carries that may have no descriptor anywhere: descriptors in messages that nobody has read (unix(7)).
    /// Asked with the tree frozen; the caller disposes of them.
    /// </summary>
    IReadOnlyList<OwnDescriptor> Carried(Descriptor descriptor) => [];

    /// <summary>Says how a description is saved; called once for each, tasks frozen.</summary>
    SavedForm Capture(DescriptorCapture capture, Descriptor descriptor);

    /// <summary>
    /// Whether <see cref="Check"/> asks the context for nothing but options and image: then several threads may be at it,
    /// each with a context of its own, for there can be thousands.
    /// </summary>
    bool ChecksAlone => false;

    /// <summary>Preflight of a restore: compares a saved description with this machine.</summary>
    void Check(CheckContext context, SavedDescription saved)
    {
    }

    /// <summary>
    /// Makes the description once more, in the server (the root's puppet), at the number <see cref="DescriptorServer.NumberOf"/>.
    /// The server's low numbers are free when each kind's calls begin and must be free when they end, so that a call
    /// that makes a descriptor gets number 0, and a second one 1.
    /// </summary>
    /// <returns>A step to call after the batch has run, or null.</returns>
    Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch);

    /// <summary>Numbers of the server that it may reserve while a description is made.</summary>
    int HelperNumbers(SavedDescription saved) => 0;

    /// <summary>Called when all descriptions of all kinds exist, for what refers to others (epoll), in the server.</summary>
    void Link(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
    }

    /// <summary>Called for each descriptor once its task has it, inside that task (locks that belong to a process, …).</summary>
    void RestoreInTask(DescriptorServer server, RestoringTask task, FdEntRecord entry, SavedDescription saved, SyscallBatch batch)
    {
    }

    /// <summary>
    /// Called in the task that a description was first seen with, unless it is the root (there <see cref="Link"/> has run),
    /// when its table is full: for what depends on who does it. The root is reached by the pidfd at the server's
    /// <see cref="DescriptorServer.Base"/>; the numbers above are free.
    /// </summary>
    void LinkInTask(DescriptorServer server, RestoringTask task, SavedDescription saved, SyscallBatch batch)
    {
    }

    /// <summary>
    /// What a descriptor must be that is given at the restore for a saved one of this kind; null where none can be, because
    /// others of the tree depend on it. Those of which nothing is saved (<see cref="FdType.Given"/>) are not asked for.
    /// </summary>
    GivenForm? FormOf(SavedDescription saved) => null;

    /// <summary>Preflight: whether what was saved with it can go into the descriptor that is given for it.</summary>
    /// <param name="status">Of what is given.</param>
    /// <param name="given">Null where it is a path, to be opened later.</param>
    void CheckGiven(CheckContext context, SavedDescription saved, in FileStatus status, OwnDescriptor? given)
    {
    }

    /// <summary>
    /// Puts into the descriptor that was given what can be kept of the saved one, right before the tasks run: others outside
    /// of the tree may notice it.
    /// </summary>
    /// <param name="given">A descriptor of this process onto the task's.</param>
    void Give(DescriptorServer server, SavedDescription saved, OwnDescriptor given)
    {
    }

    /// <summary>Called when memory and threads exist and before the server's numbers are closed, in the server.</summary>
    void Finish(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
    }
}

/// <summary>How a kind saves a description.</summary>
/// <param name="Name">For FNAME: where it is opened again, or what people should see.</param>
/// <param name="Object">The reference of the object behind it, or 0.</param>
/// <param name="Records">Written after FD_DATA and FNAME; enumerated once.</param>
/// <param name="Anchor">The reference of the anchor of a file that its name does not lead to, or 0 (<see cref="Anchoring"/>).</param>
internal sealed record SavedForm(FdType Type, string Name, uint Object = 0, IEnumerable<ICrRecord>? Records = null, uint Anchor = 0)
{
    /// <summary>Saved as /dev/null: what it was cannot be restored, by the user's choice.</summary>
    public static SavedForm NullDevice { get; } = new(FdType.Device, "/dev/null");

    public bool IsNullDevice => ReferenceEquals(this, NullDevice);
}
