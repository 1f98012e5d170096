using System.Diagnostics;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects;
using CrCore.Objects.Memory;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>Restores a process tree: read, plan, preflight, create, fill, finish, release.</summary>
public sealed class TreeRestore(RestoreOptions options, ICrLog? log = null, IProgress<CrProgress>? progress = null)
{
    private const string Activity = "Restore";
    private const int ArenaSize = 1 << 20;

    private readonly PhaseClock _clock = new();

    /// <summary>Reads the image, makes the plan and names every obstacle; creates nothing.</summary>
    public RestorePreview Preview(string path, CancellationToken cancel = default)
    {
        using var reader = ImageReader.Open(path, Kinds.Catalog, options.Key, cancel);
        return Preview(reader, cancel);
    }

    internal RestorePreview Preview(ImageReader reader, CancellationToken cancel = default)
    {
        using var proc = new ProcReader();
        var image = reader.ReadMetadata(cancel);
        var (_, check) = Plan(proc, image);
        var tasks = new TaskSummary[image.Tasks.Count];
        for (var i = 0; i < tasks.Length; i++)
            tasks[i] = RestorePreflight.Summary(image.Tasks[i]);
        return new RestorePreview(tasks, check.Obstacles);
    }

    /// <summary>Brings the tree back and lets it run.</summary>
    /// <exception cref="CrException">No process was left behind.</exception>
    public RestoreResult Run(string path, CancellationToken cancel = default)
        => TracerThread.Run("restore", () => RunTraced(path, cancel));

    /// <summary>
    /// As <see cref="Run(string, CancellationToken)"/>, without a thread of its own: on the calling one, which must have been made for this
    /// and end with it. Its end is what ends half-made processes should all else fail.
    /// </summary>
    /// <exception cref="CrException">No process was left behind.</exception>
    public RestoreResult RunHere(string path, CancellationToken cancel = default)
        => TracerThread.RunHere("restore", () => RunTraced(path, cancel));

    private RestoreResult RunTraced(string path, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        using var proc = new ProcReader();
        Step("Read");
        using var source = ImageSource.Open(path, options.Key, i => IsNeededWhole(proc, i), cancel);
        var image = source.Model;
        Step("Preflight");
        using var puppets = new PuppetTree(proc);
        var room = new Lazy<AddressRange>(() => FindRoom(image));
        var (plan, check) = Plan(proc, image, source.IsFromPipe, () => puppets.Start(room.Value.Start, ArenaSize));
        check.Obstacles.ThrowIfAny("CrRestoreObstacles");
        var namespaces = check.Namespaces;

        var tasks = RestoringTasks(image);
        var page = room.Value.Start;
        using var context = new RestoreContext
        {
            Options = options,
            Image = image,
            Proc = proc,
            Tasks = tasks,
            InUserNamespace = namespaces.NewUser,
            NewPidNamespace = namespaces.NewPid,
            Ids = namespaces.Ids,
            PuppetStart = page,
            PuppetEnd = page + (ulong)(PuppetElf.PageSize + ArenaSize),
            Lasting = check.Lasting,
        };
        Step("Create");
        puppets.Start(page, ArenaSize);
        using (var inheritance = MemoryInheritance.Make(context, source.File))
            puppets.Create(plan, namespaces, options, new PassingNumbers(image, SystemLimits.PidMax(proc)), tasks, cancel, inheritance, () => Run(context, [tasks[0]], cancel, RestoreStage.Root), leader => StartSession(context, leader));
        puppets.KillBootstrap();
        var living = tasks.Where(t => !t.IsZombie).ToArray();
        Step("Map");
        Run(context, living, cancel, RestoreStage.Descriptors, RestoreStage.Memory);
        Step("Pages");
        var pages = source.Fill(context, done => progress?.Report(new(Activity, "Pages", done, 0)), cancel);
        Step("State");
        foreach (var task in tasks)
            if (task.IsZombie)
                ZombieEnd.End(task, puppets[task], context.Warnings);
        Run(context, living, cancel, RestoreStage.Filled, RestoreStage.State);
        Step("Threads");
        foreach (var task in living)
            ThreadCreator.Create(task, puppets[task], proc);
        puppets.EndBootstrap();
        Run(context, living, cancel, RestoreStage.Threads, RestoreStage.Privileges);
        cancel.ThrowIfCancellationRequested();
        if (!tasks[0].IsZombie)
            options.RootReady?.Invoke(tasks[0].Pid);
        Step("Release");
        Release(context, living, puppets);
        _clock.Stop();
        log?.Verbose($"{tasks.Count} tasks restored in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0.0} ms.");
        return new RestoreResult
        {
            Path = path,
            Tasks = [.. tasks.Select(RestorePreflight.Restored)],
            NamespaceInitPid = puppets.Init?.Pid ?? 0,
            Duration = Stopwatch.GetElapsedTime(started),
            Phases = _clock.Phases,
            PagesRestored = pages,
            Warnings = [.. check.Obstacles, .. context.Warnings],
        };
    }

    /// <summary>
    /// Pages that tasks share are asked for in the order in which the tasks are made. And where the numbers are taken, it may be
    /// the tree itself that has them, until its checkpoint has written the last byte.
    /// </summary>
    private bool IsNeededWhole(ProcReader proc, ImageModel image)
        => image.Head.Revision >= ImageFormat.Revision
        && (!new MemoryLayouts().SharedPagesOf(image).IsEmpty || (!Namespaces(proc, image).NewPid && RestorePreflight.IsAnyPidTaken(proc, image)));

    private NamespacePlan Namespaces(ProcReader proc, ImageModel image)
        => NamespacePlan.Make(image, options, privileged: Capabilities.Has(proc, Capabilities.SysAdmin));

    private (PlannedTask Plan, CheckContext Check) Plan(ProcReader proc, ImageModel image, bool awaitsPids = false, Func<Puppet>? firstPuppet = null)
    {
        if (image.Head.Revision < ImageFormat.Revision)
            throw ImageError.TooOld(0);
        var namespaces = Namespaces(proc, image);
        var check = new CheckContext { Options = options, Image = image, Proc = proc, Namespaces = namespaces, AwaitsPids = awaitsPids, FirstPuppet = firstPuppet };
        return (RestorePreflight.Check(check, namespaces), check);
    }

    /// <summary>Stages that follow one another, for all tasks.</summary>
    private void Run(RestoreContext context, IReadOnlyList<RestoringTask> tasks, CancellationToken cancel, params ReadOnlySpan<RestoreStage> stages)
    {
        var runner = new StageRunner(context, stages);
        for (var i = 0; i < tasks.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            progress?.Report(new(Activity, $"Stage {stages[0]}", i, tasks.Count));
            runner.Run(tasks[i]);
        }
        runner.Finish();
    }

    private static void StartSession(RestoreContext context, RestoringTask leader)
    {
        foreach (var kind in Kinds.All)
            if (kind is IStartsSession starts)
                starts.SessionStarted(context, leader);
    }

    /// <summary>Addresses for the puppets' page, arena and staging area: free in every saved address space.</summary>
    private static AddressRange FindRoom(ImageModel image)
    {
        var size = (ulong)(PuppetElf.PageSize + ArenaSize) + MemoryLayout.StagingBytes(image);
        return AddressPlan.FindHole(MemoryLayout.UsedRanges(image), size) ?? throw new CrTargetException("CrNoAddressSpace",
            $"No {size} bytes of addresses are free in all saved address spaces.", "The tasks reserve nearly all of their address space, which is not supported.");
    }

    private static void Release(RestoreContext context, IReadOnlyList<RestoringTask> living, PuppetTree puppets)
    {
        var instruction = VdsoSyscall.Find();
        var layouts = context.States.Get<MemoryLayouts>();
        TaskRelease.Prepare(living, puppets, task => instruction.In(VdsoOf(task, layouts)));
        foreach (var step in context.AtRelease)
            step();
        foreach (var task in living)
            TaskRelease.Disarm(task);
        puppets.Init?.BecomeInit(living[0].VPid);
        puppets.Released();
        for (var i = living.Count - 1; i >= 0; i--)
            TaskRelease.Detach(context.Proc, living[i]);
    }

    private static ulong VdsoOf(RestoringTask task, MemoryLayouts layouts)
    {
        foreach (var (vma, _) in layouts.Of(task.Image)!.Mappings)
            if (vma.Kind == VmaType.Vdso)
                return vma.Start;
        throw new CrTargetException("CrNoVdso", $"Task {task} has no vdso, and its last call cannot be made without one.") { Pid = task.VPid };
    }

    private static List<RestoringTask> RestoringTasks(ImageModel image)
    {
        var tasks = new List<RestoringTask>(image.Tasks.Count);
        foreach (var i in image.Tasks)
        {
            var parent = i.Parent is null ? null : tasks[i.Parent.Index];
            var task = new RestoringTask { Image = i, Parent = parent };
            parent?.Children.Add(task);
            tasks.Add(task);
        }
        return tasks;
    }

    private void Step(string step)
    {
        _clock.Start(step);
        CrEventSource.Log.Step(step);
        log?.Verbose(step + ".");
        progress?.Report(new(Activity, step, 0, 0));
    }
}
