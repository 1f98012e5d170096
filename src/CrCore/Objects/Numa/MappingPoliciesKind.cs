using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Numa;

/// <summary>
/// Parts of memory for which mbind(2) said where it is taken from. The task itself is asked, mapping by mapping: the
/// kernel's own list (numa_maps) walks over every page. On a machine of one node nothing depends on it, and nothing is asked.
/// </summary>
internal sealed class MappingPoliciesKind : ICapturesTask, IAsksTask, IRestoresTask
{
    public IEnumerable<RecordType> Records { get; } =
        [new(PolicyRecordIds.Mappings, "MAPPING_POLICIES", MappingPoliciesRecord.Read, MappingPoliciesRecord.MaxPayload)];

    public RestoreStage Stage => RestoreStage.Filled;

    public bool StepComesFirst => false;

    public Func<SyscallBatch, bool>? Ask(CaptureContext context, FrozenTask task)
    {
        if (!(context.Options.AsksForMappingPolicies ?? context.States.Get<NumaNodes>().AreSeveral))
            return null;
        var mappings = new List<MemoryMapping>();
        if (!ProcMaps.TryRead(context.Proc, task.Pid, mappings))
            return null;
        var search = new PolicySearch(mappings);
        context.States.Get<Searches>().ByPid[task.Pid] = search;
        return search.Next;
    }

    public Action<RecordSink> Capture(CaptureContext context, FrozenTask task, SyscallBatch batch) => sink =>
    {
        if (context.States.Get<Searches>().ByPid.Remove(task.Pid, out var search) && search.Found.Count > 0)
            sink.Emit(new MappingPoliciesRecord(task.VPid, search.Found));
    };

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.Image.Get<MappingPoliciesRecord>() is not { } saved)
            return null;
        var own = new SyscallBatch();
        var calls = new List<(MappingPolicy Policy, Slot Call)>();
        foreach (var p in saved.Policies)
        {
            calls.Add((p, own.Try(Sys.mbind, p.Start, p.End - p.Start, p.Policy.Mode, p.Policy.NodesFor(own), MemoryPolicy.NodeBits, 0)));
            if (own.ArenaBytes > task.Remote.ArenaSize / 2)
                Run();
        }
        Run();
        return null;

        void Run()
        {
            task.Remote.Run(own);
            foreach (var (p, call) in calls)
                if (own.ErrnoOf(call) is not Errno.None and var errno)
                    context.Warn(task, "CrMemoryPolicyLost", $"memory policy of 0x{p.Start:x}–0x{p.End:x}",
                        $"{p.Policy} could not be set again ({errno}: {errno.Describe()})", "Restore on a machine, and in a cpuset, with these NUMA nodes.");
            calls.Clear();
            own.Reset();
        }
    }

    /// <summary>What is asked of tasks, until their records are written.</summary>
    private sealed class Searches
    {
        public Dictionary<int, PolicySearch> ByPid { get; } = [];
    }
}
