using CrCore.Image;

namespace CrCore.Restore;

/// <summary>
/// One process to be created: a task of the image, or a helper that stands in for an ended session or group leader
/// while its session is inherited and its group joined. Plain data.
/// </summary>
public sealed class PlannedTask
{
    /// <summary>Null for a helper.</summary>
    public required TaskImage? Image { get; init; }

    public required int VPid { get; init; }

    /// <summary>The task calls setsid(2) after the children in <see cref="Before"/> exist.</summary>
    public required bool LeadsSession { get; init; }

    /// <summary>The process group that the task is to be in; 0 leaves the inherited one.</summary>
    public required int Group { get; init; }

    /// <summary>Created by its creator as a sibling (CLONE_PARENT): the creator is a helper.</summary>
    public bool AsSibling { get; set; }

    /// <summary>Created before the task starts its own session.</summary>
    public List<PlannedTask> Before { get; } = [];

    /// <summary>Created after that (or in any session).</summary>
    public List<PlannedTask> After { get; } = [];

    public bool IsHelper => Image is null;

    public override string ToString() => IsHelper ? $"helper {VPid}" : $"{VPid} ({Image!.Comm})";
}

/// <summary>
/// In which order the processes of a tree have to come into being so that each gets its session: a session can only be
/// started (with the starter's own pid as its number) or inherited at birth (setsid(2), fork(2)).
/// </summary>
public static class CreationPlan
{
    /// <summary>Birth sessions that are not numbers: it does not matter, or whatever the root's creator is in.</summary>
    private const int Any = 0, Outside = -1;

    /// <summary>Makes the plan. Numbers that lead nowhere (their leader has ended) get a helper each.</summary>
    /// <param name="image">The tree.</param>
    /// <param name="inherited">
    /// Whether a session or group number outside of the tree is taken over from the creator of the root: 0 (not visible
    /// from the tree's namespace), or one that a process outside of the tree still leads.
    /// </param>
    /// <param name="problems">Takes the tasks whose session cannot be made, with the reason.</param>
    public static PlannedTask Make(ImageModel image, Func<int, bool> inherited, ICollection<(TaskImage Task, string Reason)> problems)
    {
        var leaders = new HashSet<int>();
        foreach (var t in image.Tasks)
            leaders.Add(t.VPid);
        var births = Births(image, inherited);
        var planned = new Dictionary<TaskImage, PlannedTask>(image.Tasks.Count);
        var helpers = new HashSet<int>();
        var adopted = new List<(PlannedTask Plan, TaskImage Task)>();
        PlannedTask? first = null;
        foreach (var task in image.Tasks)
        {
            var plan = planned[task] = new PlannedTask
            {
                Image = task,
                VPid = task.VPid,
                LeadsSession = task.Task.VSid == task.VPid,
                Group = inherited(task.Task.VPgid) ? 0 : task.Task.VPgid,
            };
            var parent = task.Parent is null ? null : planned[task.Parent];
            var birth = births[task];
            if (parent is null)
                first = birth is Any or Outside ? plan : Behind(NewHelper(birth, leads: true), plan);
            else if (birth == Any || birth == (parent.LeadsSession ? parent.VPid : births[task.Parent!]))
                parent.After.Add(plan);
            else if (parent.LeadsSession && birth == births[task.Parent!])
                parent.Before.Add(plan);
            else if (leaders.Contains(birth))
                adopted.Add((plan, task));
            else if (birth == Outside)
                problems.Add((task, $"its session {task.Task.VSid} cannot be inherited from its parent, nor is its leader gone"));
            else
                Behind(HelperOf(parent, birth), plan);
            // A group whose leader has ended needs a stand-in, in the session of a member.
            if (plan.Group != 0 && !leaders.Contains(plan.Group) && !helpers.Contains(plan.Group))
                plan.After.Insert(0, NewHelper(plan.Group, leads: false));
        }
        // Reparented, away from its session's leader: a leader that became its sibling can make it.
        foreach (var (plan, task) in adopted)
            if (task.Parent!.Children.FirstOrDefault(t => t.VPid == births[task]) is { } leader)
                Behind(planned[leader], plan);
            else
                problems.Add((task, $"its session {task.Task.VSid} cannot be inherited from its parent or from a sibling"));
        return first!;

        PlannedTask NewHelper(int pid, bool leads)
        {
            helpers.Add(pid);
            return new PlannedTask { Image = null, VPid = pid, LeadsSession = leads, Group = pid };
        }

        PlannedTask HelperOf(PlannedTask parent, int session)
        {
            foreach (var c in parent.After)
                if (c.IsHelper && c.VPid == session)
                    return c;
            var helper = NewHelper(session, leads: true);
            parent.After.Add(helper);
            return helper;
        }
    }

    /// <summary>The helper makes the task as its own sibling, so that the task has its saved parent from the start.</summary>
    private static PlannedTask Behind(PlannedTask helper, PlannedTask plan)
    {
        plan.AsSibling = true;
        helper.After.Add(plan);
        return helper;
    }

    /// <summary>
    /// The session in which each task must be born. Children before parents, so that a session leader is born in the
    /// session that its older children still have.
    /// </summary>
    private static Dictionary<TaskImage, int> Births(ImageModel image, Func<int, bool> inherited)
    {
        var births = new Dictionary<TaskImage, int>(image.Tasks.Count);
        for (var i = image.Tasks.Count - 1; i >= 0; i--)
        {
            var task = image.Tasks[i];
            var session = task.Task.VSid;
            var birth = session == task.VPid ? Any : inherited(session) ? Outside : session;
            if (birth == Any)
                foreach (var child in task.Children)
                    // A namespace's init is its first process: no helper can be there before it.
                    if (births[child] is var b && b != Any && b != task.VPid && (b == Outside || task.VPid != 1))
                    {
                        birth = b;
                        break;
                    }
            births[task] = birth;
        }
        return births;
    }
}
