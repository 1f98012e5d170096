using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Ipc;

/// <summary>What a task does to one semaphore when it ends.</summary>
/// <param name="Set">semid.</param>
/// <param name="Number">Of the semaphore in the set.</param>
/// <param name="Adjustment">semadj of semop(2); not 0.</param>
public readonly record struct SavedUndo(int Set, ushort Number, short Adjustment);

/// <summary>SEMAPHORE_UNDO (455), at a task: what it has to undo of the semaphores of the tree's own IPC namespace (SEM_UNDO of semop(2)).</summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Undos">At most one a semaphore.</param>
public sealed record SemaphoreUndoRecord(int VPid, IReadOnlyList<SavedUndo> Undos) : ICrRecord
{
    private const int UndoSize = 8;
    private const int MaxUndos = 1 << 20;

    internal const int MaxPayload = 4 + MaxUndos * UndoSize;

    /// <inheritdoc/>
    public short Type => IpcRecordIds.SemaphoreUndo;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Undos.Count);
        foreach (var undo in Undos)
        {
            w.I32(undo.Set);
            w.U16(undo.Number);
            w.I16(undo.Adjustment);
        }
    }

    internal static SemaphoreUndoRecord Read(uint parent, ref FieldReader r)
    {
        var undos = new SavedUndo[r.Count(UndoSize)];
        if (undos.Length > MaxUndos)
            throw r.Bad($"a task has {undos.Length} semaphores to undo");
        for (var i = 0; i < undos.Length; i++)
        {
            undos[i] = new(r.I32(), r.U16(), r.I16());
            if (undos[i].Set < 0 || undos[i].Adjustment == 0)
                throw r.Bad($"a task undoes {undos[i].Adjustment} of semaphore {undos[i].Number} of the set {undos[i].Set}");
        }
        return new((int)parent, undos);
    }

    /// <inheritdoc/>
    public bool Equals(SemaphoreUndoRecord? other) => other is not null && VPid == other.VPid && Undos.SequenceEqual(other.Undos);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(VPid, Undos.Count);
}
