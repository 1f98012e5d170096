using System.Globalization;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Namespaces;
using CrCore.Restore;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>Preflight of a restore: are the names free, and are those outside there who are to be connected to?</summary>
internal sealed class UnixCheck(CheckContext context)
{
    /// <summary>The kernel lets go of the sockets of a tree that has just ended a moment after it.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private const string BoundName = "net/unix/max_dgram_qlen";

    /// <summary>In a new network namespace (unix_net_init in net/unix/af_unix.c).</summary>
    private const int UsualBound = 10;

    private readonly long _start = System.Diagnostics.Stopwatch.GetTimestamp();
    private Dictionary<ulong, UnixDiagSocket>? _here;
    private UnixImage? _image;
    private UnixOrder? _order;
    private int? _bound;

    public void Check(SavedDescription saved)
    {
        if (saved.Get<UnixSocketRecord>() is not { } socket)
            return;
        if (BindsItself(socket))
        {
            if (socket.Address.IsAbstract && !HasOwnNetwork && IsTaken(s => s.Type == socket.SocketType && s.Name == socket.Address))
                context.Refuse(saved.Task, "CrUnixNameInUse", saved.Label, $"the abstract name {socket.Address} is in use by another socket", "End the program that has it.");
            else if (socket.File.State == UnixFileState.Named)
                CheckFile(saved, socket.File.Path);
        }
        if (socket.PeerState == UnixPeer.Outside)
            CheckOutside(saved, socket);
        if (socket.IsDatagram)
            CheckQueue(saved, socket);
    }

    /// <summary>A bound that is lower than at the checkpoint, or was lowered while messages waited, lets fewer of them be sent once more.</summary>
    private void CheckQueue(SavedDescription saved, UnixSocketRecord socket)
    {
        var bound = _bound ??= ReadBound();
        if (UnixMessages.Heads(saved).Count() <= bound + 1)
            return;
        _image ??= new UnixImage(SavedFiles.Of(context.Lasting, context.Image, context.Options), context.Options.ExternalUnixSocket == ExternalUnixSocketPolicy.Close);
        _order ??= new UnixOrder(_image);
        var s = _image.Get(socket.Inode);
        var least = _order.LeastBound(s, canConnect: !IsPeerNameLost(s));
        if (least > bound)
            context.Refuse(saved.Task, "CrUnixQueueBound", saved.Label, $"more messages wait in it than can be sent to it once more with a net.unix.max_dgram_qlen of {bound}, as it is {(HasOwnNetwork ? "in the tree's network" : "here")}",
                HasOwnNetwork ? "Take the checkpoint again with a higher one there, or when the program has read them." : $"Set it to {least} or more for the time of the restore.");
    }

    /// <summary>The name of a closed one that it is connected to is another's now.</summary>
    private bool IsPeerNameLost(UnixSaved s)
        => s.Socket is { PeerState: UnixPeer.Gone, PeerAddress: { IsAbstract: true } name, SocketType: var type } && !_order!.Pairs.Stays(s)
            && (_image!.All.Any(other => other.Socket.SocketType == type && other.Socket.Address == name) || (!HasOwnNetwork && IsTaken(other => other.Type == type && other.Name == name)));

    private bool HasOwnNetwork => (context.Namespaces.Flags & CloneFlags.NewNet) != 0;

    /// <summary>
    /// Of the network that the sockets will be in: each takes it over when it is made (unix_create1 in net/unix/af_unix.c). Where it
    /// is not shown nobody has set it.
    /// </summary>
    private int ReadBound()
        => int.TryParse(HasOwnNetwork ? SavedSysctl(BoundName) : NetworkSysctls.Read(BoundName), NumberStyles.None, CultureInfo.InvariantCulture, out var bound) ? bound : UsualBound;

    private string? SavedSysctl(string name)
        => context.Image.Tasks[0].Get<SysctlsRecord>()?.Values.FirstOrDefault(v => v.Key == name).Value;

    /// <summary>A socket that was accepted shares its address with the one that listens.</summary>
    private static bool BindsItself(UnixSocketRecord socket) => socket.IsDatagram || socket.State is not UnixState.Connected;

    private void CheckFile(SavedDescription saved, string path)
    {
        FileCheck.Directory(context, saved.Task, saved.Label, Path.GetDirectoryName(path) ?? "/");
        if (context.OnThisMachine(path) is not { } here || FileStatus.Read(here, out var now, follow: false) != Errno.None)
            return;
        if (!now.IsSocket)
            context.Refuse(saved.Task, "CrUnixNameTaken", saved.Label, $"{path}, which it was bound to, is something else now", "Remove it or move it away.");
        else if (IsTaken(s => s.FileInode == (uint)now.Inode && s.FileDevice == now.Device))
            context.Refuse(saved.Task, "CrUnixNameInUse", saved.Label, $"another program's socket is bound to {path}", "End the program that has it.");
    }

    private void CheckOutside(SavedDescription saved, UnixSocketRecord socket)
    {
        if (context.Options.ExternalUnixSocket is ExternalUnixSocketPolicy.Fail or ExternalUnixSocketPolicy.Given)
            context.Refuse(saved.Task, "CrExternalUnixSocket", saved.Label, $"it was saved to be connected to {socket.PeerAddress} outside of the tree", "Allow it with -ExternalUnixSocket Reconnect, give it up with Close, or give another one with -Descriptor.");
        else if (context.Options.ExternalUnixSocket == ExternalUnixSocketPolicy.Reconnect && !Here(false).Values.Any(s => s.Type == socket.SocketType && s.Name == socket.PeerAddress))
            context.Refuse(saved.Task, "CrUnixOutsideGone", saved.Label, $"it is to be connected to {socket.PeerAddress}, and no socket has that address here", "Start the program that has it, or restore with -ExternalUnixSocket Close.", CrErrorKind.NotFound);
    }

    private bool IsTaken(Func<UnixDiagSocket, bool> match)
    {
        while (Here(false).Values.Any(match))
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(_start) > _patience)
                return true;
            Thread.Sleep(20);
            Here(true);
        }
        return false;
    }

    private Dictionary<ulong, UnixDiagSocket> Here(bool anew) => anew || _here is null ? _here = UnixDiag.Read(context.Proc, Environment.ProcessId) : _here;
}
