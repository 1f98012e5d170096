using System.Collections.Concurrent;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>How closely descriptors are looked at.</summary>
internal enum DescriptorLook
{
    /// <summary>From outside, without touching the task.</summary>
    FromOutside,
    /// <summary>The same without flags and offset of ordinary files: enough to see whether a running tree can be saved, and never saved.</summary>
    Glimpse,
    /// <summary>Of a frozen task: descriptors of this process onto the same descriptions may be asked.</summary>
    Frozen,
}

/// <summary>
/// The descriptors of tasks, each table read once: of a frozen tree what inspection read is what capture saves. Kept among
/// the states of kinds; several threads may use it.
/// </summary>
/// <param name="before">What an earlier look saw. Nothing of it is believed: names are tried first that were right then.</param>
internal sealed class KnownDescriptors(DescriptorLook look, KnownDescriptors? before = null) : IDisposable
{
    private readonly ConcurrentDictionary<int, List<Descriptor>> _byTask = new();

    /// <summary>Read: a table is being looked at. Written: none is.</summary>
    private readonly ReaderWriterLockSlim _looks = new();

    /// <summary>The pid of the tree's root, by whose mounts names are tried, too; 0 where it is not known.</summary>
    public int Root { get; init; }

    public KnownDescriptors()
        : this(DescriptorLook.FromOutside)
    {
    }

    /// <exception cref="CrKernelException">No ptrace access to the task.</exception>
    public IReadOnlyList<Descriptor> Of(ProcReader proc, int pid)
    {
        if (_byTask.TryGetValue(pid, out var list))
            return list;
        _looks.EnterReadLock();
        try
        {
            return _byTask.GetOrAdd(pid, DescriptorReader.Read(proc, pid, look, before?._byTask.GetValueOrDefault(pid), Root));
        }
        finally
        {
            _looks.ExitReadLock();
        }
    }

    /// <summary>
    /// Does something while no table is looked at, by whichever thread: looks borrow descriptors, and for a moment this process
    /// has what is the tree's.
    /// </summary>
    public void WhileNobodyLooks(Action action)
    {
        _looks.EnterWriteLock();
        try
        {
            action();
        }
        finally
        {
            _looks.ExitWriteLock();
        }
    }

    public void Dispose() => _looks.Dispose();
}
