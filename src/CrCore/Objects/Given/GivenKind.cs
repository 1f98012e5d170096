using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Given;

/// <summary>
/// Descriptions for which others stand, given at the restore: a path is opened in the tree, with the access that the saved
/// one had; a descriptor of this program is handed on as it is. What outsiders can notice (flags, contents) comes last.
/// </summary>
internal sealed class GivenKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.Given];

    public IEnumerable<RecordType> Records => [new(GivenRecord.Id, "GIVEN", GivenRecord.Read, GivenRecord.PayloadSize)];

    /// <summary>The kinds of what they were claim them, and may say that they are to be given.</summary>
    public bool Claims(Descriptor d) => false;

    public SavedForm Capture(DescriptorCapture capture, Descriptor d) => throw new NotSupportedException();

    /// <summary>What the kind of the saved one asks for.</summary>
    internal static GivenForm FormOf(SavedDescription saved)
        => saved.Get<GivenRecord>()?.Form ?? DescriptorKinds.Find(saved.Was)?.FormOf(saved) ?? GivenForm.File;

    public void Check(CheckContext context, SavedDescription saved)
    {
        if (saved.Given is { } given)
            new GivenCheck(context, saved, given).Check();
        else
            context.Refuse(saved.Task, "CrDescriptorNotGiven", saved.Label, $"it was {GivenWords.Of(saved)} with its other side outside of the tree, and was saved to be given",
                $"Give one with -Descriptor @{{ '{GivenKeys.KeyOf(saved)}' = … }}: a path, a number, or an object that holds a descriptor.");
    }

    public int HelperNumbers(SavedDescription saved) => 1;

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var given = saved.Given ?? throw new CrTargetException("CrDescriptorNotGiven", $"{saved.Task}: {saved.Label} was saved to be given, and nothing was.") { Object = saved.Label };
        if (given.Path is { } path)
            return OpenPath(server, saved, path, batch);
        return () =>
        {
            var own = OwnDescriptor.TryDuplicate(given.Handle!, out var errno)
                ?? throw new CrKernelException("CrDescriptorUnreachable", $"{saved.Task}: duplicating {given}, given for {saved.Label}", errno) { Object = saved.Label };
            DescriptorHandover.Hand(server, own, server.NumberOf(saved), saved.Label);
            Complete(server, saved, own, setsFlags: true);
        };
    }

    private static Action OpenPath(DescriptorServer server, SavedDescription saved, string path, SyscallBatch batch)
    {
        if (FileStatus.Read(path, out var status) is var errno && errno != Errno.None)
            throw new CrKernelException("CrFileMissing", $"{saved.Task}: looking at {path}, given for {saved.Label}", errno) { Object = saved.Label };
        // Only a file has those of its flags that depend on the file system.
        var flags = OpenFlags.Reopening(saved.Data.Flags) & ~(OpenFlags.NoFollow | (status.IsRegular && IsFile(saved) ? 0 : OpenFlags.Direct | OpenFlags.NoAccessTime | OpenFlags.Directory));
        if (status.IsFifo)
            // Opened for both directions first, so that the end itself does not wait for another (fifo(7)).
            DescriptorServer.OpenAs(server.Reserve(), saved.Label, path, OpenFlags.ReadWrite | OpenFlags.NonBlock, batch);
        server.Open(saved, path, flags | (status.IsFifo ? OpenFlags.NonBlock : 0) | (status.IsDirectory ? OpenFlags.Directory : 0), batch);
        if (status.IsRegular)
            Seek(server, saved, status, batch);
        return () => Complete(server, saved, server.Borrow(server.NumberOf(saved), saved.Label), setsFlags: status.IsFifo);
    }

    private static bool IsFile(SavedDescription saved) => saved.Was is FdType.File or FdType.Ghost;

    /// <summary>A file goes on where it was, or at its end; for what has no place, a pipe or terminal, it is written at its end.</summary>
    private static void Seek(DescriptorServer server, SavedDescription saved, in FileStatus status, SyscallBatch batch)
    {
        var place = IsFile(saved) ? (long)Math.Min(saved.Data.Position, (ulong)status.Size) : OpenFlags.CanWrite(saved.Data.Flags) ? status.Size : 0;
        if (place > 0)
            batch.Must("set the offset", saved.Label, Sys.lseek, server.NumberOf(saved), place, 0);
    }

    private static void Complete(DescriptorServer server, SavedDescription saved, OwnDescriptor own, bool setsFlags)
    {
        server.Context.States.Get<Kept>().Descriptors.Add(own);
        server.Context.AtRelease.Add(() =>
        {
            DescriptorKinds.Find(saved.Was)?.Give(server, saved, own);
            if (setsFlags)
                SetFlags(saved, own);
        });
    }

    /// <summary>The program relies on whether its calls wait, and where they write.</summary>
    private static void SetFlags(SavedDescription saved, OwnDescriptor own)
    {
        const uint relied = OpenFlags.NonBlock | OpenFlags.Append;
        var flags = own.StatusFlags;
        var wanted = flags & ~(long)relied | saved.Data.Flags & relied;
        var r = flags < 0 || wanted == flags ? flags : own.SetStatusFlags(wanted);
        if (r < 0)
            throw new CrKernelException("CrDescriptorFlags", $"{saved.Task}: setting the flags of {saved.Given}, given for {saved.Label}", (Errno)(-r)) { Object = saved.Label };
    }

    /// <summary>What this process holds until the tree runs.</summary>
    private sealed class Kept : IDisposable
    {
        public List<OwnDescriptor> Descriptors { get; } = [];

        public void Dispose()
        {
            foreach (var own in Descriptors)
                own.Dispose();
        }
    }
}
