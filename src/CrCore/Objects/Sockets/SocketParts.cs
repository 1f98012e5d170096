using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Sockets;

/// <summary>What the kinds of sockets have in common from their inspection to their restore.</summary>
internal static class SocketParts
{
    /// <summary>A descriptor of this process onto the socket, to look at it; null when it was closed meanwhile: the frozen tree is looked at again.</summary>
    public static OwnDescriptor? Look(DescriptorInspection inspection, Descriptor d)
    {
        using var task = PidFd.Open(d.Pid);
        var own = task.TryGet(d.Fd, out _);
        if (own is not null && SocketFilter.IsUnreadable(own))
            inspection.Refuse(d, "CrSocketFilterUnreadable", "it has a filter of extended BPF (SO_ATTACH_BPF), which the kernel does not give back", "Let the program take the filter off.");
        return own;
    }

    /// <summary>A socket's own record, then its options and its filter.</summary>
    public static List<ICrRecord> Capture(OwnDescriptor own, Descriptor d, ICrRecord record, params ReadOnlySpan<IReadOnlyList<SocketOption>> options)
    {
        List<ICrRecord> records = [record, SocketOptions.Capture(own, d, options)];
        if (SocketFilter.Capture(own, d) is { } filter)
            records.Add(filter);
        return records;
    }

    /// <summary>Makes the socket as the description's number in the server.</summary>
    public static void Make(DescriptorServer server, SavedDescription saved, int family, int type, int protocol, SyscallBatch batch)
    {
        DescriptorServer.Move(batch, saved.Label, batch.Must("make", saved.Label, Sys.socket, family, type | SocketType.CloseOnExec, protocol), server.NumberOf(saved));
        server.SetFlags(saved, batch);
    }

    /// <param name="right">The capability without which it fails.</param>
    public static void Must(SavedDescription saved, string id, string what, Errno errno, string right)
    {
        if (errno != Errno.None)
            throw new CrKernelException(id, $"{saved.Task}: {what} {saved.Label}", errno, errno is Errno.EPERM or Errno.EACCES ? $"Restore with {right}." : null) { Object = saved.Label };
    }

    /// <exception cref="CrImageException">The record is not there.</exception>
    public static T Require<T>(SavedDescription saved, string record) where T : class, ICrRecord
        => saved.Get<T>() ?? throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} has no {record} record.", saved.Task.Offset,
            "The image is damaged or was not written by this format; take another copy.");
}
