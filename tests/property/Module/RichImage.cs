using CrCore.Image;
using CrCore.Objects.Files;
using CrCore.Objects.Memory;
using CrCore.Objects.Pipes;
using CrCore.Kernel;
using CrCore.Objects.Credentials;

namespace CrProperty.Module;

/// <summary>
/// An image with memory and descriptors, made without any process: 20 "server" and its child 21 "worker", who share memory
/// and a pipe.
/// </summary>
internal static class RichImage
{
    public const ulong Heap = 0x10_0000, Stack = 0x7ff_0000_0000, Shared = 0x20_0000, Worker = 0x30_0000;

    /// <summary>Stands across the border of two pages that are in two blocks.</summary>
    public const ulong TextAt = Heap + 4096 - 3;

    public const string Text = "Hidden Treasure";

    public const int PageSize = ImageFormat.PageSize;

    private const uint ServerMm = 1, SharedMemory = 2, WorkerMm = 3, Table = 4, Pipe = 5, ReadEnd = 6, WriteEnd = 7, Log = 8, WorkerTable = 9;

    public sealed record Options
    {
        /// <summary>A file that is mapped read-only at 0x40_0000, and whose pages are not stored.</summary>
        public string? MappedFile { get; init; }

        public uint WorkerUid { get; init; } = 1000;

        public bool WithLog { get; init; } = true;

        public byte Filling { get; init; } = 1;
    }

    public static void Write(string path, Options? options = null)
    {
        options ??= new Options();
        using var image = new ImageWriter(File.Create(path));
        image.WriteRecord(new HeadRecord { Major = 6, Minor = 18, Release = "6.18", Machine = "x86_64", Writer = "test", ImageId = Guid.NewGuid() });
        image.WriteRecord(new HeadArchRecord(true, true, 2432));
        image.WriteRecord(new TreeRecord([new(20, 20, 0), new(21, 21, 20)]));
        image.WriteTask(new TaskRecord { VPid = 20, ChildrenCount = 1, ThreadCount = 1, VPgid = 20, VSid = 20 }, "server");
        WriteServer(image, options);
        image.WriteTask(new TaskRecord { VPid = 21, ThreadCount = 1, VPgid = 20, VSid = 20 }, "worker");
        WriteWorker(image, options);
        image.SealMetadata();
        WritePages(image, options);
        image.Finish();
    }

    private static void WriteServer(ImageWriter image, Options options)
    {
        List<(VmaRecord Vma, string? Path)> mappings =
        [
            (Vma(Heap, 8, VmaType.Anonymous), null),
            (Vma(Shared, 2, VmaType.SharedAnonymous) with { ObjRef = SharedMemory, Flags = VmFlags.Shared }, null),
        ];
        if (options.MappedFile is { } file)
        {
            FileStatus.Read(file, out var status);
            mappings.Add((Vma(0x40_0000, 2, VmaType.File) with { Identity = FileIdentity.Of(status), Protection = MemoryProtection.Read }, file));
        }
        mappings.Add((Vma(Stack, 4, VmaType.Anonymous), null));
        image.WriteRecord(new SharedMemoryRecord { ObjRef = SharedMemory, Kind = SharedMemoryType.Anonymous, Size = 2 * PageSize });
        image.WriteRecord(new MmRecord { Parent = 20, ObjRef = ServerMm, MapCount = mappings.Count, StartBrk = Heap, Brk = Heap + (8 * PageSize), StartStack = Stack + 100, ExePath = "/usr/bin/server" });
        foreach (var (vma, name) in mappings)
        {
            image.WriteRecord(vma);
            if (name is not null)
                image.WriteRecord(new FNameRecord(name));
        }
        image.WriteRecord(new MmContextRecord(ServerMm));
        image.WriteRecord(new FilesRecord(20, Table, options.WithLog ? 2u : 1u));
        image.WriteRecord(new FdEntRecord(WriteEnd, 1, false));
        image.WriteRecord(new PipeRecord(Pipe, 65536));
        WriteDescription(image, WriteEnd, FdType.Pipe, 1, "pipe:[7]", Pipe);
        if (options.WithLog)
        {
            image.WriteRecord(new FdEntRecord(Log, 5, true));
            WriteDescription(image, Log, FdType.File, 1 | 0x400, "/var/log/server", 0, 42);
        }
        image.WriteRecord(new FsRecord(20, 30, 18, "/srv", "/"));
        image.WriteRecord(new ThreadRecord(20, 20));
        image.WriteRecord(new CredentialsRecord { VTid = 20 });
    }

    private static void WriteWorker(ImageWriter image, Options options)
    {
        image.WriteRecord(new MmRecord { Parent = 21, ObjRef = WorkerMm, MapCount = 2, ExePath = "/usr/bin/worker" });
        image.WriteRecord(Vma(Worker, 1, VmaType.SharedAnonymous) with { ObjRef = SharedMemory, Flags = VmFlags.Shared, PageOffset = 1 });
        image.WriteRecord(Vma(Worker + (16 * PageSize), 1, VmaType.Anonymous) with { Protection = MemoryProtection.Read | MemoryProtection.Execute, Name = "code" });
        image.WriteRecord(new MmContextRecord(WorkerMm));
        image.WriteRecord(new FilesRecord(21, WorkerTable, 1));
        image.WriteRecord(new FdEntRecord(ReadEnd, 0, false));
        WriteDescription(image, ReadEnd, FdType.Pipe, 0, "pipe:[7]", Pipe);
        image.WriteRecord(new ThreadRecord(21, 21));
        image.WriteRecord(new CredentialsRecord { VTid = 21, Uid = new(options.WorkerUid, options.WorkerUid, options.WorkerUid, options.WorkerUid) });
    }

    private static void WriteDescription(ImageWriter image, uint objRef, FdType type, uint flags, string name, uint behind, ulong position = 0)
    {
        image.WriteRecord(new FdDataRecord { ObjRef = objRef, FdType = type, Mode = 3, Flags = flags, Position = position, Object = behind });
        image.WriteRecord(new FNameRecord(name));
    }

    private static VmaRecord Vma(ulong start, ulong pages, VmaType kind) => new()
    {
        Kind = kind,
        Start = start,
        End = start + (pages * PageSize),
        Protection = MemoryProtection.Read | MemoryProtection.Write,
    };

    private static void WritePages(ImageWriter image, Options options)
    {
        var text = System.Text.Encoding.UTF8.GetBytes(Text);
        var heap = new byte[2 * PageSize];
        heap.AsSpan().Fill(options.Filling);
        text.CopyTo(heap.AsSpan((int)(TextAt - Heap)));
        image.WritePages(ServerMm, [new PageRun(Heap, 1)], heap.AsSpan(0, PageSize));
        image.WritePages(ServerMm, [new PageRun(Heap + PageSize, 1), new PageRun(Stack, 1)], [.. heap.AsSpan(PageSize, PageSize), .. new byte[PageSize]]);
        var shared = new byte[PageSize];
        text.CopyTo(shared.AsSpan(16));
        image.WritePages(SharedMemory, [new PageRun(PageSize, 1)], shared);
    }
}
