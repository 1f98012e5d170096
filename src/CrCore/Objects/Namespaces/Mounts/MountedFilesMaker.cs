using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Namespaces;

/// <summary>Puts the saved files into the new file systems of a tree.</summary>
/// <param name="tree">Mounts and files.</param>
/// <param name="prefix">Leads to the root of the tree's new mount namespace from here.</param>
/// <param name="maker">A user and a group that the file systems know, by their ids here; null where they are this machine's.</param>
internal sealed class MountedFilesMaker(MountTree tree, string prefix, (uint User, uint Group)? maker)
{
    private const uint OwnerOnly = 0x180, DirectoryOwnerOnly = 0x1c0;

    private readonly ILookup<int, MountedFileRecord> _files = tree.Files.ToLookup(f => f.Mount);

    /// <summary>The files of one mount, which is empty yet.</summary>
    public void Make(int mount)
    {
        var files = _files[mount].ToList();
        if (maker is { } ids)
            MakeAs(ids, files, tree.Mounts[mount].Point);
        else
            MakeAll(files, tree.Mounts[mount].Point);
        // Once nothing is put into a directory any more, its times stay.
        for (var i = files.Count - 1; i >= 0; i--)
            SetAttributes(files[i]);
    }

    /// <summary>All is made in directories of the maker's own, who has no other rights; owners and permissions come afterwards.</summary>
    private void MakeAs((uint User, uint Group) ids, List<MountedFileRecord> files, string point)
    {
        using (var top = OwnDescriptor.Open(prefix + point, FileNative.O_PATH, out var errno))
            if (files.Count > 0)
            {
                Require(errno, "Opening", files[0]);
                Require(NodeAttributes.SetOwner(top!, ids.User, ids.Group), "Setting the owner of", files[0]);
                Require(NodeAttributes.SetMode(top!, DirectoryOwnerOnly), "Setting the permissions of", files[0]);
            }
        using var own = FileSystemIds.Become(ids.User, ids.Group);
        MakeAll(files, point);
    }

    private void MakeAll(List<MountedFileRecord> files, string point)
    {
        foreach (var file in files)
            if (file.Name != point)
                Create(file);
    }

    private void Create(MountedFileRecord file)
    {
        var path = prefix + file.Name;
        if (file.SameAs.Length > 0)
        {
            Require(NodeCreation.Link(prefix + file.SameAs, path), "Linking", file);
            return;
        }
        switch (file.FileType)
        {
            case FileStatus.Regular:
                using (var made = OwnDescriptor.Open(path, FileNative.O_RDWR | FileNative.O_CREAT | FileNative.O_EXCL | FileNative.O_NOFOLLOW, out var errno))
                {
                    Require(errno, "Making", file);
                    FileContents.Write(made!, file.Size, tree.Contents[file.ObjRef], file.Name);
                }
                break;
            case FileStatus.Directory:
                Require(NodeCreation.Directory(path, DirectoryOwnerOnly), "Making", file);
                break;
            case FileStatus.SymbolicLink:
                Require(NodeCreation.SymbolicLink(TargetOf(file), path), "Making", file);
                break;
            default:
                Require(NodeCreation.Node(path, file.FileType | OwnerOnly, file.RawDevice), "Making", file);
                break;
        }
    }

    private void SetAttributes(MountedFileRecord file)
    {
        if (file.SameAs.Length > 0)
            return;
        using var node = OwnDescriptor.Open(prefix + file.Name, FileNative.O_PATH | FileNative.O_NOFOLLOW, out var errno);
        Require(errno, "Opening", file);
        Require(NodeAttributes.Set(node!, file.Mode, file.Uid, file.Gid, file.AccessedNs, file.ModifiedNs, out var failing), $"Setting the {failing} of", file);
    }

    private string TargetOf(MountedFileRecord file)
        => tree.Contents[file.ObjRef].FirstOrDefault() is { } piece ? LinuxText.Decode(piece.Bytes.Span) : throw MountTree.Broken($"the symbolic link {file.Name} has no target");

    private static void Require(Errno errno, string doing, MountedFileRecord file)
    {
        if (errno != Errno.None)
            throw new CrKernelException("CrMountedFileFailed", $"{doing} {file.Name}", errno, "The restoring program may lack rights (a device takes CAP_MKNOD in the initial user namespace).") { Object = file.Name };
    }
}
