using CrCore.Image;

namespace CrProperty.Image;

/// <summary>A plan with its numbers given out: the values that go into an image and must come out again.</summary>
internal sealed class PlannedImage
{
    public sealed record Node(TaskRecord Task, string Comm, int ParentVPid, List<ThreadRecord> Threads, List<TestObject> Records, List<Node> Children);

    public sealed record Block(uint ObjRef, PageRun[] Runs, byte[] Data);

    public PlannedImage(ImagePlan plan)
    {
        var random = new Random(plan.Seed);
        var objRef = 1u;
        foreach (var size in plan.Objects)
            Objects.Add(NewObject(random, objRef++, size));
        Root = Build(plan, random, ref objRef);
        Walk(Root, Nodes);
        AddBlocks(plan, random, objRef);
        foreach (var size in plan.Trailer)
            Trailer.Add(NewObject(random, objRef++, size));
    }

    public HeadRecord Head { get; } = new()
    {
        Major = 6, Minor = 18, Patch = 5, Time = 1_700_000_000, CreatedNanoseconds = 1_700_000_000_123_456_789, Release = "6.18.5", Version = "#1 SMP",
        Machine = "x86_64", NodeName = "box", Writer = "tests", ImageId = Guid.NewGuid(), Features = ["one", "two"],
    };

    public HeadArchRecord Arch { get; } = new(true, true, 2432);
    public Node Root { get; }
    public List<Node> Nodes { get; } = [];
    public List<TestObject> Objects { get; } = [];
    public List<Block> Blocks { get; } = [];
    public List<TestObject> Trailer { get; } = [];

    public byte[] Encode()
    {
        using var stream = new MemoryStream();
        using var writer = new ImageWriter(stream, leaveOpen: true);
        writer.WriteRecord(Head);
        writer.WriteRecord(Arch);
        writer.WriteRecord(new TreeRecord([.. Nodes.Select(n => new TreePids(n.Task.VPid, n.Task.VPid, n.ParentVPid))]));
        Objects.ForEach(writer.WriteRecord);
        foreach (var n in Nodes)
        {
            writer.WriteTask(n.Task, n.Comm);
            n.Records.ForEach(writer.WriteRecord);
            n.Threads.ForEach(writer.WriteRecord);
        }
        writer.SealMetadata();
        foreach (var b in Blocks)
            writer.WritePages(b.ObjRef, b.Runs, b.Data);
        Trailer.ForEach(writer.WriteRecord);
        writer.Finish();
        return stream.ToArray();
    }

    private static Node Build(ImagePlan plan, Random random, ref uint objRef)
    {
        var nodes = new List<Node>();
        var number = 100;
        foreach (var t in plan.Tasks)
        {
            var parent = nodes.Count == 0 ? null : nodes[t.Parent % nodes.Count];
            var vpid = number++;
            var task = new TaskRecord
            {
                VPid = vpid, ExitSignal = 17, VPgid = 100, VSid = 100,
                State = t.ExitCode is null && t.Stopped ? TaskRecord.StateStopped : TaskRecord.StateInterruptible,
                ExitState = t.ExitCode is null ? 0 : TaskRecord.ExitZombie,
                ExitCode = t.ExitCode ?? (t.Stopped ? 19u : 0),
                ThreadCount = t.ExitCode is null ? t.Threads : 0,
            };
            var node = new Node(task, LinuxText.Decode(t.Comm), parent?.Task.VPid ?? 0, [], [], []);
            for (var i = 0; i < task.ThreadCount; i++)
                node.Threads.Add(new ThreadRecord(vpid, i == 0 ? vpid : number++));
            foreach (var size in t.Payloads)
                node.Records.Add(NewObject(random, objRef++, size));
            parent?.Children.Add(node);
            nodes.Add(node);
        }
        return WithCounts(nodes[0]);
    }

    private static Node WithCounts(Node n)
    {
        var children = n.Children.Select(WithCounts).ToList();
        return n with { Task = n.Task with { ChildrenCount = children.Count }, Children = children };
    }

    private static void Walk(Node n, List<Node> into)
    {
        into.Add(n);
        n.Children.ForEach(c => Walk(c, into));
    }

    private void AddBlocks(ImagePlan plan, Random random, uint objRefs)
    {
        if (objRefs == 1)
            return;
        var ends = new Dictionary<uint, ulong>();
        foreach (var b in plan.Blocks)
        {
            var objRef = 1 + (uint)b.Object % (objRefs - 1);
            var at = ends.GetValueOrDefault(objRef);
            var runs = new PageRun[b.Runs.Length];
            for (var i = 0; i < runs.Length; i++)
            {
                at += (ulong)b.Gap * 4096;
                runs[i] = new PageRun(at, (uint)b.Runs[i]);
                at = runs[i].End;
            }
            ends[objRef] = at;
            var data = new byte[b.Runs.Sum() * 4096];
            random.NextBytes(data);
            Blocks.Add(new Block(objRef, runs, data));
        }
    }

    private static TestObject NewObject(Random random, uint objRef, int size)
    {
        var bytes = new byte[size];
        random.NextBytes(bytes);
        return new TestObject(objRef, bytes);
    }
}
