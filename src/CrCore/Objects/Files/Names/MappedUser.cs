using CrCore.Kernel;
using CrCore.Objects.Namespaces;

namespace CrCore.Objects.Files;

/// <summary>
/// The root of a user namespace, or its first user where it has none, in front of this machine's files. Its capabilities count for files whose
/// owner and group its namespace knows (capable_wrt_inode_uidgid in kernel/capability.c); for others it is an ordinary user.
/// </summary>
/// <remarks>Access control lists are not looked at: they may give a right that is not seen here.</remarks>
/// <param name="groups">This process' supplementary groups, which puppets keep.</param>
internal sealed class MappedUser(IdMapsRecord ids, IReadOnlyList<uint> groups)
{
    private readonly uint _user = ProcIdMap.LeadingOutside(ids.Users), _group = ProcIdMap.LeadingOutside(ids.Groups);

    /// <summary>Whether it may enter all directories of an absolute path.</summary>
    public bool MayReach(string path)
    {
        for (var slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
            if (FileStatus.Read(path[..slash], out var directory) == Errno.None && !May(directory, FileRights.Execute))
                return false;
        return true;
    }

    /// <summary>Whether it has the rights on a file.</summary>
    public bool May(in FileStatus file, FileRights rights)
    {
        if (ProcIdMap.KnowsOutside(ids.Users, file.Uid) && ProcIdMap.KnowsOutside(ids.Groups, file.Gid))
            return true;
        var granted = (FileRights)(file.Mode >> (file.Uid == _user ? 6 : file.Gid == _group || groups.Contains(file.Gid) ? 3 : 0)) & (FileRights.Read | FileRights.Write | FileRights.Execute);
        return (rights & ~granted) == 0;
    }
}
