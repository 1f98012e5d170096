using CrCore.Image;

namespace CrCore.Objects.Ipc;

/// <summary>A semaphore of a System V set.</summary>
/// <param name="Value">0 to 32,767 (SEMVMX of linux/sem.h).</param>
/// <param name="Pid">The last that changed it (sempid of semctl(2)), where that is a task of the tree; 0 for nobody, −1 for any other.</param>
public readonly record struct SavedSemaphore(ushort Value, int Pid);

/// <summary>SEMAPHORE_SET (451), at the root of a tree with an IPC namespace of its own: a set of semget(2).</summary>
/// <param name="VPid">The root: the framing's parent.</param>
/// <param name="Name">What it is called and whose it is.</param>
/// <param name="Semaphores">In the order of their numbers.</param>
public sealed record SemaphoreSetRecord(int VPid, SystemVName Name, IReadOnlyList<SavedSemaphore> Semaphores) : ICrRecord
{
    /// <summary>Their numbers have 16 bits (struct sembuf).</summary>
    public const int MaxSemaphores = 65_536;

    /// <summary>SEMVMX of include/uapi/linux/sem.h.</summary>
    public const int MaxValue = 32_767;

    private const int SemaphoreSize = 6;

    internal const int MaxPayload = SystemVName.Size + 4 + MaxSemaphores * SemaphoreSize;

    /// <inheritdoc/>
    public short Type => IpcRecordIds.SemaphoreSet;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        Name.Write(ref w);
        w.U32((uint)Semaphores.Count);
        foreach (var s in Semaphores)
        {
            w.U16(s.Value);
            w.I32(s.Pid);
        }
    }

    internal static SemaphoreSetRecord Read(uint parent, ref FieldReader r)
    {
        var name = SystemVName.Read(ref r);
        var semaphores = new SavedSemaphore[r.Count(SemaphoreSize)];
        if (semaphores.Length is 0 or > MaxSemaphores)
            throw r.Bad($"a semaphore set has {semaphores.Length} semaphores");
        for (var i = 0; i < semaphores.Length; i++)
        {
            semaphores[i] = new SavedSemaphore(r.U16(), r.I32());
            if (semaphores[i].Value > MaxValue || semaphores[i].Pid < -1)
                throw r.Bad($"a semaphore has the value {semaphores[i].Value} and the process {semaphores[i].Pid}");
        }
        return new((int)parent, name, semaphores);
    }

    /// <inheritdoc/>
    public bool Equals(SemaphoreSetRecord? other)
        => other is not null && (VPid, Name) == (other.VPid, other.Name) && Semaphores.SequenceEqual(other.Semaphores);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(VPid, Name, Semaphores.Count);

    /// <inheritdoc/>
    public override string ToString() => $"semaphore set {Name}";
}
