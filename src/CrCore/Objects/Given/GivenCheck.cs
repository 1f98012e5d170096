using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Sockets;
using CrCore.Restore;

namespace CrCore.Objects.Given;

/// <summary>Preflight of one given descriptor: can it do what the saved one could?</summary>
internal sealed class GivenCheck(CheckContext context, SavedDescription saved, GivenDescriptor given)
{
    private readonly GivenForm _form = GivenKind.FormOf(saved);

    private bool Reads => OpenFlags.CanRead(saved.Data.Flags);

    private bool Writes => OpenFlags.CanWrite(saved.Data.Flags);

    public void Check()
    {
        if (given.Path is { } path)
            CheckPath(path);
        else
            CheckHandle();
    }

    private void CheckPath(string path)
    {
        if (FileStatus.Read(path, out var status) is var errno && errno != Errno.None)
        {
            context.Refuse(saved.Task, "CrFileMissing", saved.Label, $"{path}, given for it, cannot be reached: {errno} ({errno.Describe()})", "Give the path of something that is there.", errno == Errno.ENOENT ? CrErrorKind.NotFound : CrErrorKind.Obstacle);
            return;
        }
        if (_form.Socket is not null || status.IsSocket)
        {
            Mismatch(_form.Socket is not null ? "a path" : "a socket's file", "A socket can be given only as an object that holds one, or as a descriptor's number.");
            return;
        }
        if (!CheckType(status, saved.Data.Flags))
            return;
        if (FileStatus.May(path, (Reads ? FileRights.Read : 0) | (Writes ? FileRights.Write : 0)) is var may && may != Errno.None)
        {
            context.Refuse(saved.Task, "CrFileRights", saved.Label, $"{path}, given for it, cannot be opened for {(Reads && Writes ? "reading and writing" : Writes ? "writing" : "reading")}: {may} ({may.Describe()})",
                "Restore as a user who may, or change the file's permissions.", CrErrorKind.PermissionDenied);
            return;
        }
        if (status.IsFifo && Writes && !Reads && IsUnread(path))
            context.Refuse(saved.Task, "CrDescriptorUnread", saved.Label, $"nobody has the FIFO {path}, given for it, open for reading: the first write would find a broken pipe", "Start its reader first.");
        DescriptorKinds.Find(saved.Was)?.CheckGiven(context, saved, status, null);
    }

    /// <summary>Opening one without readers for writing fails at once, where it would otherwise wait (fifo(7)).</summary>
    private static bool IsUnread(string path)
    {
        using var end = OwnDescriptor.Open(path, (int)(OpenFlags.WriteOnly | OpenFlags.NonBlock), out var errno);
        return errno == Errno.ENXIO;
    }

    private void CheckHandle()
    {
        using var own = OwnDescriptor.TryDuplicate(given.Handle!, out var errno);
        if (own is null)
        {
            context.Refuse(saved.Task, "CrDescriptorClosed", saved.Label, $"{given}, given for it, is not open: {errno} ({errno.Describe()})", "Give one that is open.");
            return;
        }
        FileStatus.ReadOwn(own.Number, out var status);
        var flags = (uint)own.StatusFlags;
        if (_form.Socket is not null != status.IsSocket && (_form.Socket is not null || _form.IsListening))
            Mismatch(GivenWords.Of(status, flags));
        else if (_form.Socket is { } socket)
            CheckSocket(own, socket);
        else if ((Reads && !OpenFlags.CanRead(flags)) || (Writes && !OpenFlags.CanWrite(flags)))
            Mismatch($"{GivenWords.Of(status, flags)}, which cannot be {(Reads && !OpenFlags.CanRead(flags) ? "read from" : "written to")}");
        else if (CheckType(status, flags))
            DescriptorKinds.Find(saved.Was)?.CheckGiven(context, saved, status, own);
    }

    private void CheckSocket(OwnDescriptor own, SocketIdentity was)
    {
        var now = SocketIdentity.Of(own);
        var listens = SocketCalls.GetNumber(own, SocketLevel.Socket, SocketLevel.AcceptsConnections, out _) != 0;
        var connected = SocketCalls.GetPeerName(own, out _) == Errno.None;
        var form = new GivenForm(now, listens, connected);
        if (now is null || now.Type != was.Type || listens != _form.IsListening || (_form.IsConnected && !connected))
            Mismatch(GivenWords.Of(form));
        else if (now.Family != was.Family)
            Warn($"it was {GivenWords.Of(_form)}, and {given}, which stands for it, is {GivenWords.Of(form)}: its addresses are of another kind");
    }

    /// <summary>Directories are only for directories; other types are told where the program may ask for more than reading and writing.</summary>
    private bool CheckType(in FileStatus status, uint flags)
    {
        var now = GivenWords.Of(status, flags);
        if (status.IsDirectory != (saved.Was == FdType.Directory))
        {
            Mismatch(now);
            return false;
        }
        if ((saved.Was is FdType.File or FdType.Ghost && !status.IsRegular) || (saved.Was == FdType.Terminal && !status.IsCharacterDevice))
            Warn($"it was {GivenWords.Of(saved)}, and {given}, which stands for it, is {now}: what only the former can do fails");
        return true;
    }

    private void Warn(string reason) => context.Warn(saved.Task, "CrDescriptorKind", saved.Label, reason);

    private void Mismatch(string now, string? advice = null)
        => context.Refuse(saved.Task, "CrDescriptorMismatch", saved.Label, $"it was {GivenWords.Of(saved)}, and {given}, given for it, is {now}", advice ?? "Give one that can do what the saved one could.");
}
