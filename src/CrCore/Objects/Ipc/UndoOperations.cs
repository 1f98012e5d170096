using CrCore.Kernel;

namespace CrCore.Objects.Ipc;

/// <summary>
/// Operations on one semaphore that leave its value as it was and change what the caller is going to undo of it (semadj of semop(2)).
/// Followed by one that cannot succeed, nothing of them remains: the kernel takes back what it has done, under the lock of the set
/// (perform_atomic_semop_slow in ipc/sem.c). What remains is the answer: EAGAIN, or ERANGE where an adjustment left its range on the
/// way. So an adjustment, which is shown nowhere, can be found.
/// </summary>
internal static class UndoOperations
{
    /// <summary>Adjustments lie from −SEMAEM − 1 to SEMAEM (include/uapi/linux/sem.h).</summary>
    public const int Highest = 32_767, Lowest = -32_768;

    /// <summary>Moves the caller's adjustment by some amount, in as few steps as the range of the value permits.</summary>
    public static void AddShift(List<SemaphoreOperation> operations, ushort number, int value, int amount)
    {
        var left = Math.Abs(amount);
        var sign = Math.Sign(amount);
        while (left > 0)
        {
            // What is undone is the opposite of what is done. Up first or down first, whichever has more room.
            var (up, room) = SemaphoreSetRecord.MaxValue - value >= value ? (1, SemaphoreSetRecord.MaxValue - value) : (-1, value);
            var step = (short)Math.Min(left, room);
            operations.Add(new(number, (short)(up * step), up == -sign ? SemaphoreOperation.Undo : (short)0));
            operations.Add(new(number, (short)(-up * step), up == sign ? SemaphoreOperation.Undo : (short)0));
            left -= step;
        }
    }

    /// <summary>
    /// Whether the adjustment could be moved by some amount: EAGAIN, or ERANGE if not. Up by one and then waiting for zero fails always, whatever
    /// others may have done to the value meanwhile; down first where it is at its highest.
    /// </summary>
    public static SemaphoreOperation[] Probe(ushort number, int value, int amount)
    {
        var operations = new List<SemaphoreOperation>(8);
        AddShift(operations, number, value, amount);
        if (value == SemaphoreSetRecord.MaxValue)
            operations.Add(new(number, -1, 0));
        operations.Add(new(number, 1, 0));
        operations.Add(new(number, 0, SemaphoreOperation.NoWait));
        return [.. operations];
    }
}

/// <summary>Finds one adjustment, probe by probe: first whether there is one, then by halves how much it is.</summary>
internal sealed class UndoSearch(int set, ushort number, int value)
{
    private int _low = UndoOperations.Lowest, _high = UndoOperations.Highest;

    public int Set => set;

    public ushort Number => number;

    /// <summary>The adjustment, once it is found.</summary>
    public int? Found { get; private set; }

    /// <summary>Why it cannot be found.</summary>
    public Errno Failure { get; private set; }

    public bool IsOver => Found is not null || Failure != Errno.None;

    /// <summary>The value of interest: is the adjustment greater than this? At first, for most are zero: greater than −1, than 0.</summary>
    private int Middle => _high < UndoOperations.Highest || _low > 0 ? _low + (_high - _low) / 2 : Math.Max(_low, -1);

    /// <summary>
    /// The next probe. Greater than m means that moving it up by what the range leaves above m is refused; for m below zero, that moving it
    /// down to just beneath the range is not.
    /// </summary>
    public SemaphoreOperation[] Next() => UndoOperations.Probe(number, value, Middle >= 0 ? UndoOperations.Highest - Middle : UndoOperations.Lowest - Middle - 1);

    public void Answer(Errno errno)
    {
        if (errno is Errno.EACCES or Errno.EINVAL or Errno.EIDRM)
        {
            // A task that may not change it has nothing to undo of it; one that is gone has nothing to be undone.
            Found = 0;
            return;
        }
        if (errno is not (Errno.EAGAIN or Errno.ERANGE))
        {
            Failure = errno;
            return;
        }
        var middle = Middle;
        if (middle >= 0 == (errno == Errno.ERANGE))
            _low = middle + 1;
        else
            _high = middle;
        if (_low == _high)
            Found = _low;
    }
}
