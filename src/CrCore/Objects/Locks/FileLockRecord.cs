using CrCore.Image;

namespace CrCore.Objects.Locks;

/// <summary>What sort of lock is held on a file; the numbers stand in images.</summary>
public enum FileLockKind : ushort
{
    /// <summary>A byte range that belongs to a process (F_SETLK of fcntl(2)).</summary>
    Posix = 1,
    /// <summary>A byte range that belongs to an open file description (F_OFD_SETLK).</summary>
    Description = 2,
    /// <summary>flock(2): the whole file, belongs to an open file description.</summary>
    Flock = 3,
    /// <summary>F_SETLEASE: its holder is told before others open the file.</summary>
    Lease = 4,
}

/// <summary>F_RDLCK, F_WRLCK and F_UNLCK of fcntl(2), which serve leases and flock(2) as well.</summary>
public enum FileLockType : ushort
{
    /// <summary>A shared lock, or a lease for reading: F_RDLCK.</summary>
    Read = 0,
    /// <summary>An exclusive lock, or a lease for writing: F_WRLCK.</summary>
    Write = 1,
    /// <summary>Of a lease that is being broken: nothing will be left of it.</summary>
    Unlock = 2,
}

/// <summary>
/// FILE_LOCK (344): a lock or lease that is held through a descriptor of the task. It stands behind the task's descriptors;
/// locks that belong to an open file description stand once for all that share it.
/// </summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Fd">A descriptor through which it is held.</param>
/// <param name="Kind">By which call it was taken, and so whose it is.</param>
/// <param name="LockType">For reading or writing.</param>
/// <param name="IsBreaking">Of a lease: its holder has been told, and has not let it go yet. The type is what it is to become.</param>
/// <param name="HolderVPid">The task that took it, as the kernel shows it; 0 where it is none of the tree.</param>
/// <param name="Start">First byte.</param>
/// <param name="End">Last byte; <see cref="long.MaxValue"/> for the end of the file, wherever it is.</param>
public sealed record FileLockRecord(uint VPid, int Fd, FileLockKind Kind, FileLockType LockType, bool IsBreaking, int HolderVPid, long Start, long End) : ICrRecord
{
    internal const short Id = 344;
    internal const int PayloadSize = 32;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(Fd);
        w.U16((ushort)Kind);
        w.U16((ushort)LockType);
        w.U32(IsBreaking ? 1u : 0);
        w.I32(HolderVPid);
        w.I64(Start);
        w.I64(End);
    }

    internal static FileLockRecord Read(uint parent, ref FieldReader r)
    {
        var record = new FileLockRecord(parent, r.I32(), (FileLockKind)r.U16(), (FileLockType)r.U16(), r.U32() != 0, r.I32(), r.I64(), r.I64());
        if (record.Kind is < FileLockKind.Posix or > FileLockKind.Lease)
            throw r.Bad($"a file lock is of the kind {(ushort)record.Kind}");
        if (record.LockType > FileLockType.Unlock || (record.LockType == FileLockType.Unlock && !record.IsBreaking) || (record.IsBreaking && record.Kind != FileLockKind.Lease))
            throw r.Bad($"a file lock is of the type {(ushort)record.LockType}");
        return record.Fd >= 0 && record.Start >= 0 && record.End >= record.Start ? record : throw r.Bad($"a file lock through descriptor {record.Fd} goes from {record.Start} to {record.End}");
    }
}
