using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// Builds the mounts of a tree up from nothing, in the mount namespace of a puppet that is still a copy of this program's:
/// what comes from the machine is taken first (open_tree(2)), then the new root takes the place of the old one
/// (pivot_root(2)), and the other mounts follow by the names that they have in the tree. All can be written to, and nothing passes
/// from one to another, until <see cref="MountCloser"/> comes.
/// </summary>
/// <param name="tree">What is mounted where.</param>
/// <param name="puppet">In its own mount namespace already.</param>
/// <param name="maker">See <see cref="MountedFilesMaker"/>.</param>
internal sealed class MountTreeMaker(MountTree tree, Puppet puppet, (uint User, uint Group)? maker)
{
    private const uint OpenTreeClone = 1, OpenTreeCloseOnExec = 0x80000, MoveMountFromFd = 4, DirectoryMode = 0x1ed, FileMode = 0x8000 | 0x124;
    private const int MsBind = 0x1000, MntDetach = 2;
    private const ulong ReadOnly = 1;
    private const long None = -1;

    public void Make()
    {
        var files = new MountedFilesMaker(tree, OwnNamespaces.MountRoot(puppet.Pid), maker);
        var taken = TakeFromMachine();
        var batch = new SyscallBatch();
        if (!tree.IsCopy)
            TakeRoot(batch, taken[0]);
        for (var i = 0; i < taken.Length; i++)
        {
            if (i > 0)
                Mount(batch, i, taken[i]);
            if (tree.Mounts[i] is { Origin: MountOrigin.New } m && MountTable.IsInMemory(m.FileSystem))
            {
                // Others may be mounted on its files, or show them a second time.
                puppet.Run(batch);
                files.Make(i);
                batch = new SyscallBatch();
                if (tree.IsCovered(i))
                    MountCloser.CloseNew(batch, m);
            }
            batch = TakeFrom(batch, i, taken);
        }
        if (tree.LacksProc)
            PassingProc.Mount(batch);
        // The old root lies over the new one, and "." still leads there (pivot_root(2), "pivot_root(".", ".")").
        if (!tree.IsCopy)
            batch.Must("unmount the mounts that it was a copy of", null, Sys.umount2, batch.Text("."), MntDetach);
        batch.Must("change to the root directory", "/", Sys.chdir, batch.Text("/"));
        for (var i = 0; i < taken.Length; i++)
            if (tree.Mounts[i].Origin == MountOrigin.Host || tree.Mounts[i].From >= 0)
                batch.Must("close", tree.Mounts[i].Source, Sys.close, taken[i]);
        puppet.Run(batch);
    }

    /// <summary>Descriptors of the puppet, by the mounts' places in the tree; <see cref="None"/> for those that are made by their names.</summary>
    private long[] TakeFromMachine()
    {
        var numbers = new long[tree.Mounts.Count];
        Array.Fill(numbers, None);
        var batch = new SyscallBatch();
        var slots = new List<(int Index, Slot Slot)>();
        for (var i = 0; i < numbers.Length; i++)
            if (tree.Mounts[i] is { Origin: MountOrigin.Host } m)
                slots.Add((i, batch.Must("take for a mount", m.Source, Sys.open_tree, FileNative.AT_FDCWD, batch.Text(m.Source), OpenTreeClone | OpenTreeCloseOnExec)));
        if (slots.Count == 0)
            return numbers;
        puppet.Run(batch);
        foreach (var (index, slot) in slots)
            numbers[index] = batch.Result(slot);
        return numbers;
    }

    /// <summary>What later mounts show of this one is taken as long as it can be seen.</summary>
    private SyscallBatch TakeFrom(SyscallBatch batch, int from, long[] taken)
    {
        var slots = new List<(int Index, Slot Slot)>();
        for (var i = from + 1; i < taken.Length; i++)
            if (tree.Mounts[i] is { Origin: MountOrigin.Tree } m && m.From == from)
                slots.Add((i, batch.Must("take for a mount", m.Source, Sys.open_tree, FileNative.AT_FDCWD, batch.Text(m.Source), OpenTreeClone | OpenTreeCloseOnExec)));
        if (slots.Count == 0)
            return batch;
        puppet.Run(batch);
        foreach (var (index, slot) in slots)
            taken[index] = batch.Result(slot);
        return new SyscallBatch();
    }

    private void TakeRoot(SyscallBatch batch, long taken)
    {
        var root = tree.Mounts[0];
        if (root.Origin == MountOrigin.Host)
        {
            batch.Must("mount the root", root.Source, Sys.move_mount, taken, batch.Text(""), FileNative.AT_FDCWD, batch.Text(root.Source), MoveMountFromFd);
            batch.Must("change to the new root", root.Source, Sys.fchdir, taken);
        }
        else
        {
            // Any directory does: what is mounted there is the root a moment later.
            batch.Must("mount the root", root.FileSystem, Sys.mount, batch.Text(root.Source), batch.Text("/"), batch.Text(root.FileSystem), 0, batch.Text(root.Data));
            batch.Must("change to the new root", root.FileSystem, Sys.chdir, batch.Text("/.."));
        }
        batch.Must("change the root of the mount namespace", root.Source, Sys.pivot_root, batch.Text("."), batch.Text("."));
    }

    private void Mount(SyscallBatch batch, int index, long taken)
    {
        var m = tree.Mounts[index];
        if (m.Origin == MountOrigin.Kept)
        {
            // What a mount that comes now covers can be reached for the last time.
            if (tree.IsCovered(index) && !tree.IsCovered(index, MountOrigin.Kept))
                MountCloser.SetFlags(batch, m);
            return;
        }
        if (tree.OwnerOf(m.Point, index) is { Origin: MountOrigin.New } below && MountTable.IsInMemory(below.FileSystem))
            MakePoint(batch, m);
        switch (m.Origin)
        {
            case MountOrigin.Host or MountOrigin.Tree when taken != None:
                batch.Must("mount", $"{m.Source} on {m.Point}", Sys.move_mount, taken, batch.Text(""), FileNative.AT_FDCWD, batch.Text(m.Point), MoveMountFromFd);
                if (tree.IsCovered(index))
                    MountCloser.SetFlags(batch, m);
                break;
            case MountOrigin.Tree:
                batch.Must("mount", $"{m.Source} on {m.Point}", Sys.mount, batch.Text(m.Source), batch.Text(m.Point), 0, MsBind, 0);
                if (tree.IsCovered(index))
                    MountCloser.SetFlags(batch, m);
                break;
            default:
                batch.Must("mount", $"{m.FileSystem} on {m.Point}", Sys.mount, batch.Text(m.Source), batch.Text(m.Point), batch.Text(m.FileSystem), m.Flags & ~ReadOnly, m.Data.Length == 0 ? 0 : batch.Text(m.Data));
                break;
        }
    }

    /// <summary>With the directories above it; what is there already stays.</summary>
    private static void MakePoint(SyscallBatch batch, TreeMountRecord m)
    {
        for (var end = m.Point.IndexOf('/', 1); end > 0; end = m.Point.IndexOf('/', end + 1))
            batch.Try(Sys.mkdir, batch.Text(m.Point[..end]), DirectoryMode);
        if (m.IsDirectory)
            batch.Try(Sys.mkdir, batch.Text(m.Point), DirectoryMode);
        else
            batch.Try(Sys.mknod, batch.Text(m.Point), FileMode, 0);
    }
}
