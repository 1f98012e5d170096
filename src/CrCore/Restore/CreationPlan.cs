using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Restore;

/// <summary>In which order the processes of a tree have to come into being, and by whom, so that each gets its parent and its session.</summary>
public static class CreationPlan
{
    /// <summary>Makes the plan. Numbers that lead nowhere (their leader has ended) get a helper each.</summary>
    /// <param name="image">The tree.</param>
    /// <param name="inherited">
    /// Whether a session or group number outside of the tree is taken over from the creator of the root: 0 (not visible
    /// from the tree's namespace), or one that a process outside of the tree still leads. Not asked about a number that a task
    /// of the tree has: that task leads it, and an answer may take a look at every process of the machine.
    /// </param>
    /// <param name="problems">Takes the tasks whose session cannot be made, with the reason.</param>
    public static PlannedTask Make(ImageModel image, Func<int, bool> inherited, ICollection<(TaskImage Task, string Reason)> problems)
    {
        var kin = Kin.Of(image);
        var unplaced = new List<(Kin Task, string Reason)>();
        var places = new BirthPlaces(kin, IsInherited, unplaced);
        foreach (var (task, reason) in unplaced)
            problems.Add((image.Tasks[task.Index], reason));

        var planned = new Dictionary<Kin, PlannedTask>(kin.Length);
        var numbers = new HashSet<int>(kin.Length);
        foreach (var task in kin)
        {
            numbers.Add(task.VPid);
            planned[task] = new PlannedTask
            {
                Image = image.Tasks[task.Index],
                VPid = task.VPid,
                LeadsSession = task.Leads,
                Group = IsInherited(task.Group) ? 0 : task.Group,
                Sharing = TaskSharing.FlagsOf(image.Tasks[task.Index]),
            };
        }
        foreach (var leader in places.Gone)
        {
            numbers.Add(leader.VPid);
            planned[leader] = NewLeader(leader.VPid, leads: true);
            Under(leader.Place!, leader.Birth, planned[leader]);
        }
        var first = planned[kin[0]];
        if (kin[0].Birth is not (Kin.Any or Kin.Outside) && numbers.Add(kin[0].Birth))
        {
            // Its own parent is the creator of all, in whose session it cannot be.
            first = NewLeader(kin[0].Birth, leads: true);
            Behind(first, planned[kin[0]]);
        }
        foreach (var task in kin)
        {
            if (task.Parent is not null && Place(task) is { } problem)
                problems.Add((image.Tasks[task.Index], problem));
            // A group whose leader has ended needs a stand-in, in the session of a member.
            if (planned[task].Group is not 0 and var group && numbers.Add(group))
                planned[task].After.Insert(0, NewLeader(group, leads: false));
        }
        return first;

        bool IsInherited(int number) => image.FindTask(number) is null && inherited(number);

        string? Place(Kin task)
        {
            var (plan, parent) = (planned[task], task.Parent!);
            if (task.Maker is null && task.Place == parent)
            {
                Under(parent, task.Birth, plan);
                return null;
            }
            var creator = task.Maker ?? task.Place!;
            if (task is { Maker: not null, IsBelowMaker: false } && creator.IsBornTo(parent))
            {
                Behind(planned[creator], plan);
            }
            else
            {
                var helper = new PlannedTask { Image = null, VPid = 0, LeadsSession = false, Group = 0, Adopter = planned[parent], Sharing = plan.Sharing };
                helper.After.Add(plan);
                if (task.Maker is not null)
                    planned[creator].After.Add(helper);
                else
                    Under(creator, task.Birth, helper);
            }
            if (creator.IsGone)
                planned[creator].Sharing |= plan.Sharing;
            return plan.Sharing == CloneFlags.None || SharesLike(creator.IsGone ? creator.Place! : creator, parent, plan.Sharing) ? null
                : "it shares its descriptors or its working directory with its parent, which cannot give it its session, and with nobody who could";
        }

        bool SharesLike(Kin creator, Kin parent, CloneFlags what)
            => creator == parent || TaskSharing.AreShared(image.Tasks[creator.Index], image.Tasks[parent.Index], what);

        void Under(Kin place, int birth, PlannedTask plan)
            => (birth == Kin.Any || birth == (place.Leads ? place.VPid : place.Birth) ? planned[place].After : planned[place].Before).Add(plan);
    }

    private static PlannedTask NewLeader(int pid, bool leads) => new() { Image = null, VPid = pid, LeadsSession = leads, Group = pid };

    /// <summary>The creator makes the task as its own sibling, so that the task has its saved parent from the start.</summary>
    private static void Behind(PlannedTask creator, PlannedTask plan)
    {
        plan.AsSibling = true;
        creator.After.Add(plan);
    }
}
