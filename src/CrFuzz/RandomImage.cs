using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Memory;
using CrCore.Objects.Threads;

namespace CrFuzz;

/// <summary>How large a random image becomes.</summary>
/// <param name="MaxTasks">Most tasks, 1 or more.</param>
/// <param name="MaxMappings">Most mappings of a task.</param>
/// <param name="MaxPages">Most stored pages of a mapping.</param>
public sealed record RandomImageSize(int MaxTasks = 12, int MaxMappings = 8, int MaxPages = 16);

/// <summary>
/// Makes up valid images: trees of any shape, names of any bytes, endings of every kind, threads, mappings, pages,
/// descriptors. No process was ever like it, so such an image is for readers and not for a restore. The same seed and
/// size give the same tree for ever.
/// </summary>
public sealed class RandomImage
{
    private const ulong LowestAddress = 0x10000;
    private const int FirstPid = 100;

    /// <summary>Where every task has memory that it may have in common with others, above all that is drawn by lot.</summary>
    private const ulong CommonAddress = 0x6000_0000_0000;
    private const int CommonParts = 4, PagesOfPart = 4;

    private readonly Random _random;

    /// <summary>Draws what was added later, so that all else of a seed stays as it was.</summary>
    private readonly Random _added;
    private readonly RandomImageSize _size;
    private readonly List<Node> _nodes = [];
    private readonly List<(uint ObjRef, PageRun Run)> _pages = [];
    private uint _objRef;
    private int _pid = FirstPid;

    private sealed class Node
    {
        public required int VPid { get; init; }
        public required Node? Parent { get; init; }
        public List<Node> Children { get; } = [];
        public required bool Ended { get; init; }
        public List<int> Tids { get; } = [];

        /// <summary>Under whose reference each part of the common memory stands.</summary>
        public uint[] Owners { get; } = new uint[CommonParts];
    }

    private RandomImage(int seed, RandomImageSize size) => (_random, _added, _size) = (new Random(seed), new Random(seed ^ 0x600), size);

    /// <summary>Writes the image of a seed.</summary>
    /// <param name="destination">At its beginning; it need not be seekable.</param>
    /// <returns>The number of tasks.</returns>
    public static int Write(int seed, Stream destination, RandomImageSize? size = null)
        => new RandomImage(seed, size ?? new()).WriteTo(destination);

    /// <summary>The same, in memory.</summary>
    public static byte[] Bytes(int seed, RandomImageSize? size = null)
    {
        using var stream = new MemoryStream();
        Write(seed, stream, size);
        return stream.ToArray();
    }

    private int WriteTo(Stream destination)
    {
        Grow();
        using var writer = new ImageWriter(destination, leaveOpen: true);
        writer.WriteRecord(Head());
        writer.WriteRecord(new HeadArchRecord(true, true, 2432));
        var order = new List<Node>();
        Walk(_nodes[0], order);
        writer.WriteRecord(new TreeRecord([.. order.Select(n => new TreePids(n.VPid, n.VPid, n.Parent?.VPid ?? 0))]));
        foreach (var node in order)
            WriteTask(writer, node);
        writer.SealMetadata();
        foreach (var (objRef, run) in _pages)
        {
            var data = new byte[run.Pages * ImageFormat.PageSize];
            _random.NextBytes(data);
            writer.WritePages(objRef, [run], data);
        }
        writer.Finish();
        return order.Count;
    }

    private void Grow()
    {
        var count = _random.Next(1, Math.Max(1, _size.MaxTasks) + 1);
        // Mostly bushy, at times a chain or a fan.
        var style = _random.Next(6);
        for (var i = 0; i < count; i++)
        {
            var living = _nodes.Where(n => !n.Ended).ToList();
            var parent = i == 0 ? null : style switch { 0 => living[^1], 1 => _nodes[0], _ => living[_random.Next(living.Count)] };
            var node = new Node { VPid = _pid++, Parent = parent, Ended = i > 0 && _random.Next(5) == 0 };
            if (!node.Ended)
            {
                node.Tids.Add(node.VPid);
                for (var t = _random.Next(4); t > 0; t--)
                    node.Tids.Add(_pid++);
            }
            parent?.Children.Add(node);
            _nodes.Add(node);
        }
    }

    private static void Walk(Node root, List<Node> order)
    {
        var todo = new Stack<Node>([root]);
        while (todo.TryPop(out var node))
        {
            order.Add(node);
            for (var i = node.Children.Count - 1; i >= 0; i--)
                todo.Push(node.Children[i]);
        }
    }

    private HeadRecord Head()
    {
        var id = new byte[16];
        _random.NextBytes(id);
        return new()
        {
            Major = 6, Minor = (ushort)_random.Next(30), Patch = (ushort)_random.Next(30), Time = 1_700_000_000, CreatedNanoseconds = 1_700_000_000_000_000_000,
            Release = "6.0.0-random", Version = "#1 SMP", Machine = "x86_64", NodeName = "random", Writer = "random image", ImageId = new Guid(id),
        };
    }

    private void WriteTask(ImageWriter writer, Node node)
    {
        var stopped = !node.Ended && _random.Next(8) == 0;
        writer.WriteTask(new TaskRecord
        {
            VPid = node.VPid, VPgid = FirstPid, VSid = FirstPid, ExitSignal = 17, ChildrenCount = node.Children.Count, ThreadCount = node.Tids.Count,
            State = stopped ? TaskRecord.StateStopped : _random.Next(2) == 0 || node.Ended ? TaskRecord.StateRunning : TaskRecord.StateInterruptible,
            ExitState = node.Ended ? TaskRecord.ExitZombie : 0,
            ExitCode = node.Ended ? Ending() : stopped ? 19u : 0,
        }, Comm());
        if (node.Ended)
            return;
        WriteMemory(writer, node);
        WriteFiles(writer, node);
        foreach (var tid in node.Tids)
        {
            writer.WriteRecord(new ThreadRecord(node.VPid, tid));
            writer.WriteRecord(new CpuRecord { VTid = tid, Registers = new Registers { Cs = 0x33, Ss = 0x2b, Rip = 0x401000, OrigRax = ulong.MaxValue }, Xstate = default });
        }
    }

    /// <summary>A status as wait(2) gives it: an exit code, or a fatal signal with or without a core dump.</summary>
    private uint Ending() => _random.Next(3) switch
    {
        0 => (uint)_random.Next(256) << 8,
        1 => (uint)_random.Next(1, 16),
        _ => 11 | 0x80,
    };

    private string Comm()
    {
        var bytes = new byte[_random.Next(ImageFormat.CommLength)];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(_random.Next(4) == 0 ? _random.Next(1, 256) : _random.Next('a', 'z' + 1));
        return LinuxText.Decode(bytes);
    }

    private void WriteMemory(ImageWriter writer, Node node)
    {
        var mm = new MmRecord { Parent = (uint)node.VPid, ObjRef = ++_objRef, MapCount = _random.Next(_size.MaxMappings + 1) + 1, StartCode = 0x400000, EndCode = 0x401000, ExePath = "/bin/random" };
        writer.WriteRecord(mm);
        var at = LowestAddress;
        for (var i = 0; i < mm.MapCount - 1; i++)
        {
            at += (ulong)_random.Next(1, 1 << 20) * ImageFormat.PageSize;
            var pages = _random.Next(1, 1 << _random.Next(1, 16));
            var ofFile = _random.Next(3) == 0;
            writer.WriteRecord(new VmaRecord
            {
                Kind = ofFile ? VmaType.File : VmaType.Anonymous, Start = at, End = at + (ulong)pages * ImageFormat.PageSize,
                Protection = (MemoryProtection)_random.Next(8), Identity = ofFile ? Identity() : null,
            });
            if (ofFile)
                writer.WriteRecord(new FNameRecord(Path()));
            if (_random.Next(3) > 0)
                _pages.Add((mm.ObjRef, new PageRun(at, (uint)_random.Next(1, Math.Min(pages, _size.MaxPages) + 1))));
            at += (ulong)pages * ImageFormat.PageSize;
        }
        WriteCommonMemory(writer, node, mm.ObjRef);
        writer.WriteRecord(new MmContextRecord(mm.ObjRef));
    }

    /// <summary>A mapping that all tasks have, of which each has some pages for itself and some in common with its parent.</summary>
    private void WriteCommonMemory(ImageWriter writer, Node node, uint objRef)
    {
        writer.WriteRecord(new VmaRecord
        {
            Kind = VmaType.Anonymous, Start = CommonAddress, End = Part(CommonParts - 1).End, Protection = MemoryProtection.Read | MemoryProtection.Write,
        });
        for (var part = 0; part < CommonParts; part++)
            node.Owners[part] = node.Parent is null || _added.Next(2) == 0 ? objRef : node.Parent.Owners[part];
        foreach (var owner in node.Owners.Distinct().Order())
            if (owner != objRef)
                writer.WriteRecord(new SharedPagesRecord(objRef, owner, [.. Enumerable.Range(0, CommonParts).Where(p => node.Owners[p] == owner).Select(Part)]));
        for (var part = 0; part < CommonParts; part++)
            if (node.Owners[part] == objRef && _added.Next(4) > 0)
                _pages.Add((objRef, new PageRun(Part(part).Start, PagesOfPart)));
    }

    private static AddressRange Part(int number)
        => new(CommonAddress + (ulong)(number * PagesOfPart * ImageFormat.PageSize), CommonAddress + (ulong)((number + 1) * PagesOfPart * ImageFormat.PageSize));

    private void WriteFiles(ImageWriter writer, Node node)
    {
        var count = _random.Next(6);
        writer.WriteRecord(new FilesRecord((uint)node.VPid, ++_objRef, (uint)count));
        for (int i = 0, fd = _random.Next(3); i < count; i++, fd += _random.Next(1, 4))
        {
            writer.WriteRecord(new FdEntRecord(++_objRef, fd, _random.Next(2) == 0));
            writer.WriteRecord(new FdDataRecord { ObjRef = _objRef, FdType = FdType.File, Mode = 3, Flags = OpenFlags.ReadWrite, Position = (ulong)_random.Next(1 << 20), FileMode = 0x81a4, Identity = Identity() });
            writer.WriteRecord(new FNameRecord(Path()));
        }
    }

    private FileIdentity Identity() => new(1, (ulong)_random.Next(1, 1 << 30), _random.Next(1 << 20), 1_600_000_000_000_000_000 + _random.Next());

    private string Path() => $"/nonexistent/{_random.Next():x}/{Comm().Replace('/', '_')}x";
}
