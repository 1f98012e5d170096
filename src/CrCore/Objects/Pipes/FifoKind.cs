using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Pipes;

/// <summary>FIFOs: pipes with a name (fifo(7)), whichever of their ends are open, with what is in them.</summary>
internal sealed class FifoKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.Fifo];

    public bool Claims(Descriptor d) => d.Status.IsFifo && d.Place != NamePlace.Nameless && !d.IsPathOnly;

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        NameRules.Inspect(inspection, d);
        OutsideEnds.Inspect(inspection, d, "FIFO");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        if (OutsideEnds.Chosen(capture, d, FdType.Fifo) is { } chosen)
            return chosen;
        var anchor = NameRules.Anchor(capture, d);
        var objRef = capture.Shared.Reference(("fifo", d.Status.Device, d.Status.Inode), out var first);
        return new(FdType.Fifo, d.Name, objRef, first ? anchor.Due.Concat(PipeContents.Read(capture, d, objRef)) : anchor.Due, anchor.ObjRef);
    }

    public void Check(CheckContext context, SavedDescription saved)
    {
        if (saved.Data.Anchor == 0)
            FileCheck.SameType(context, saved.Task, saved.Label, saved.Name, FileStatus.Fifo, 0);
    }

    public void CheckGiven(CheckContext context, SavedDescription saved, in FileStatus status, OwnDescriptor? given) => GivenPipe.Check(context, saved, status, given);

    public void Give(DescriptorServer server, SavedDescription saved, OwnDescriptor given) => GivenPipe.Give(saved, given);

    /// <summary>
    /// Opened for both directions first, which never waits (fifo(7)); then every end can be opened without waiting,
    /// whichever others there are.
    /// </summary>
    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var fifos = server.Context.States.Get<Fifos>();
        Action? fill = null;
        if (!fifos.Numbers.TryGetValue(saved.Data.Object, out var number))
        {
            fifos.Numbers.Add(saved.Data.Object, number = server.Reserve());
            DescriptorServer.OpenAs(number, saved.Label, server.PathOf(saved), OpenFlags.ReadWrite | OpenFlags.NonBlock, batch);
            fill = () => Fill(server, saved, number);
        }
        server.Open(saved, server.PathOf(saved), OpenFlags.Reopening(saved.Data.Flags) & ~OpenFlags.NoFollow | OpenFlags.NonBlock, batch);
        server.SetFlags(saved, batch);
        return fill;
    }

    private static void Fill(DescriptorServer server, SavedDescription saved, int number)
    {
        using var end = server.Borrow(number, saved.Label);
        if (end.Available > 0)
            throw new CrTargetException("CrFifoInUse", $"{saved.Task}: the FIFO {saved.Name} is in use and holds {end.Available} bytes.", "End the processes that have it open, and restore again.") { Object = saved.Label };
        PipeContents.Write(end, server.Context.Image.Object<PipeRecord>(saved.Data.Object), saved);
    }

    private sealed class Fifos
    {
        /// <summary>The server's number of each FIFO, open for both directions.</summary>
        public Dictionary<uint, int> Numbers { get; } = [];
    }
}
