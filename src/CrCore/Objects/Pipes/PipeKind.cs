using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Pipes;

/// <summary>Pipes without a name (pipe(2)), with what is in them.</summary>
internal sealed class PipeKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.Pipe];

    public IEnumerable<RecordType> Records =>
    [
        new(PipeRecord.Id, "PIPE", PipeRecord.Read, PipeRecord.PayloadSize),
        new(PipeDataRecord.Id, "PIPE_DATA", PipeDataRecord.Read, 4 + PipeDataRecord.MaxBytes),
    ];

    public bool Claims(Descriptor d) => d.Status.IsFifo && d.Place == NamePlace.Nameless && !d.IsPathOnly
        && d.Name.StartsWith("pipe:[", StringComparison.Ordinal);

    public void Inspect(DescriptorInspection inspection, Descriptor d) => OutsideEnds.Inspect(inspection, d, "pipe");

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        if (OutsideEnds.Chosen(capture, d, FdType.Pipe) is { } chosen)
            return chosen;
        var objRef = capture.Shared.Reference(("pipe", d.Status.Device, d.Status.Inode), out var first);
        return new(FdType.Pipe, d.Name, objRef, first ? PipeContents.Read(capture, d, objRef) : null);
    }

    public void CheckGiven(CheckContext context, SavedDescription saved, in FileStatus status, OwnDescriptor? given) => GivenPipe.Check(context, saved, status, given);

    public void Give(DescriptorServer server, SavedDescription saved, OwnDescriptor given) => GivenPipe.Give(saved, given);

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var pipes = server.Context.States.Get<Pipes>();
        Action? fill = null;
        if (!pipes.Ends.TryGetValue(saved.Data.Object, out var ends))
        {
            pipes.Ends.Add(saved.Data.Object, ends = (server.Reserve(), server.Reserve()));
            fill = Create(server, saved, ends, batch);
        }
        // Ends made by pipe(2) lack O_LARGEFILE, which every later open(2) of one sets (do_sys_open in fs/open.c).
        var isOriginal = (saved.Data.Flags & OpenFlags.LargeFile) == 0;
        var end = OpenFlags.CanRead(saved.Data.Flags) ? ends.Read : ends.Write;
        if (isOriginal && pipes.Given.Add(end))
        {
            batch.Must("take the pipe's end", saved.Label, Sys.dup3, end, server.NumberOf(saved), OpenFlags.CloseOnExec);
            server.SetFlags(saved, batch);
        }
        else
        {
            server.Reopen(saved, end, saved.Data.Flags, batch);
        }
        return fill;
    }

    private static Action Create(DescriptorServer server, SavedDescription saved, (int Read, int Write) ends, SyscallBatch batch)
    {
        var pipe = server.Context.Image.Object<PipeRecord>(saved.Data.Object);
        var made = batch.Out(8);
        batch.Must("make a pipe", saved.Label, Sys.pipe2, made, OpenFlags.CloseOnExec);
        // The server's low numbers are free, so that these are 0 and 1; checked below.
        DescriptorServer.Move(batch, saved.Label, 0, ends.Read);
        DescriptorServer.Move(batch, saved.Label, 1, ends.Write);
        return () =>
        {
            if (batch.Read<long>(made) != 1L << 32)
                throw new CrTargetException("CrDescriptorNumber", $"Task {server.Context.Root}: a new pipe did not get the numbers 0 and 1 in the server.", "Report this with the trace of -Debug.");
            using var end = server.Borrow(ends.Write, saved.Label);
            PipeContents.Write(end, pipe, saved);
        };
    }

    private sealed class Pipes
    {
        /// <summary>The server's numbers of each pipe's ends.</summary>
        public Dictionary<uint, (int Read, int Write)> Ends { get; } = [];

        /// <summary>Ends that have become a task's description.</summary>
        public HashSet<int> Given { get; } = [];
    }
}
