using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Objects.Namespaces;

namespace CrCore.Objects.Ipc;

/// <summary>Tasks that have a list of semaphores to undo, where there are semaphores, and the sets that can be in it.</summary>
internal sealed class UndoHolders
{
    private List<(int Id, ushort[] Values)>? _sets;
    private readonly List<int> _byList = [];

    /// <summary>The sets are in an IPC namespace of the tree's own, and saved.</summary>
    public bool IsOwn { get; private set; }

    public HashSet<int> Pids { get; } = [];

    public void Inspect(InspectContext context, LiveTask task)
    {
        _sets ??= FindSets(context);
        if (_sets.Count == 0 || task.Tids.Count == 0)
            return;
        var holders = UndoLists.Holders(task.Tids);
        // glibc gives the threads of a process one list (CLONE_SYSVSEM of clone(2)); so does a restore.
        foreach (var tid in task.Tids)
            if (tid != task.Pid && (holders.Contains(tid) || holders.Contains(task.Pid)) && !Kcmp.Same(task.Pid, tid, KcmpType.SemaphoreUndo))
                context.Refuse(task, "CrSemaphoreUndo", $"thread {tid}", "it has a list of its own of semaphores to undo (SEM_UNDO), which is not saved");
        if (!holders.Contains(task.Pid))
            return;
        Pids.Add(task.Pid);
        var place = _byList.BinarySearch(task.Pid, Comparer<int>.Create(static (a, b) => a == b ? 0 : Kcmp.Compare(a, b, KcmpType.SemaphoreUndo)));
        if (place >= 0)
            context.Refuse(task, "CrSemaphoreUndo", "semaphores", $"it shares its list of semaphores to undo (SEM_UNDO) with task {_byList[place]}, which is not saved");
        else
            _byList.Insert(~place, task.Pid);
    }

    /// <summary>A search for each semaphore, at its beginning.</summary>
    public List<UndoSearch> Searches()
    {
        var searches = new List<UndoSearch>();
        foreach (var (id, values) in _sets ?? [])
            for (var i = 0; i < values.Length; i++)
                searches.Add(new(id, (ushort)i, values[i]));
        return searches;
    }

    private List<(int, ushort[])> FindSets(InspectContext context)
    {
        var sets = new List<(int, ushort[])>();
        IsOwn = (OwnNamespaces.Read(context.Proc, context.Root.Pid) & NamespaceSet.Ipc) != 0;
        if (IsOwn)
        {
            // One that may not be entered has to be empty.
            foreach (var set in context.States.Get<TreeIpc>().Found?.Sets ?? [])
                sets.Add((set.Id, set.Values));
            return sets;
        }
        foreach (var (id, status) in SystemVObjects.AnySemaphoreSets())
        {
            // Where this program may not read them: as a rule they are few units.
            SystemVObjects.TryReadValues(id, (int)status.Count, out var values);
            sets.Add((id, values));
        }
        return sets;
    }
}
