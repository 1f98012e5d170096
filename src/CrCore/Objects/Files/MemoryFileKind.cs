using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Memory;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Files of memfd_create(2). Their contents, seals and size are those of the shared memory that mappings of them share, too.</summary>
internal sealed class MemoryFileKind : IDescriptorKind
{
    private const string Prefix = "/memfd:";

    public IReadOnlyList<FdType> Types { get; } = [FdType.MemoryFile];

    public bool Claims(Descriptor d) => d.Status.IsRegular && d.Place == NamePlace.Deleted && !d.IsPathOnly
        && d.Name.StartsWith(Prefix, StringComparison.Ordinal);

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        var found = capture.Context.States.Get<SharedMemoryCapture>().TakeDescriptor(capture.Context, d.Pid, d.Fd, d.Status, d.Name[Prefix.Length..]);
        return new(FdType.MemoryFile, d.Name, found.ObjRef, found.Due is { } due ? [due] : null);
    }

    public void Check(CheckContext context, SavedDescription saved) => context.Image.Object<SharedMemoryRecord>(saved.Data.Object);

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        if (!server.Context.ServedDescriptors.TryGetValue(saved.Data.Object, out var number))
            throw new CrTargetException("CrMemoryFileMissing", $"{saved.Task}: the memory file of {saved.Label} was not made.", "Report this with the trace of -Debug.") { Object = saved.Label };
        // The description that memfd_create(2) makes is no writer to execve(2), later ones are: with one of them, the file
        // is busy (ETXTBSY; get_write_access is do_dentry_open's, in fs/open.c). The first that can write is taken for it.
        var isOriginal = OpenFlags.CanRead(saved.Data.Flags) && OpenFlags.CanWrite(saved.Data.Flags);
        if (isOriginal && server.Context.States.Get<Originals>().Given.Add(saved.Data.Object))
        {
            batch.Must("take the memory file", saved.Label, Sys.dup3, number, server.NumberOf(saved), OpenFlags.CloseOnExec);
            server.SetFlags(saved, batch);
        }
        else
        {
            server.Reopen(saved, number, saved.Data.Flags, batch);
        }
        server.Seek(saved, batch);
        return null;
    }

    private sealed class Originals
    {
        /// <summary>Memory files whose first description is in use.</summary>
        public HashSet<uint> Given { get; } = [];
    }
}
