using System.Collections.Concurrent;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>
/// The descriptors of tasks, each table read once: of a frozen tree what inspection read is what capture saves. Kept among
/// the states of kinds; several threads may use it.
/// </summary>
public sealed class KnownDescriptors
{
    private readonly ConcurrentDictionary<int, List<Descriptor>> _byTask = new();

    /// <exception cref="CrKernelException">No ptrace access to the task.</exception>
    public IReadOnlyList<Descriptor> Of(ProcReader proc, int pid)
    {
        if (!_byTask.TryGetValue(pid, out var list))
            list = _byTask.GetOrAdd(pid, DescriptorReader.Read(proc, pid));
        return list;
    }
}
