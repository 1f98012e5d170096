using CrCore.Image;
using CrCore.Inspection;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Memory;
using CrCore.Objects.Sockets.Unix;

namespace CrCore.Reporting;

/// <summary>What joins tasks.</summary>
internal enum ConnectionKind
{
    Pipe,
    Socket,
    SharedMemory,
    SharedDescription,
    OtherObject,
}

/// <summary>One end of a connection.</summary>
/// <param name="Place">A descriptor, or an address.</param>
internal readonly record struct ConnectionEnd(TaskImage Task, string Place);

/// <summary>An object that at least two tasks have.</summary>
internal sealed record Connection(ConnectionKind Kind, string Name)
{
    public List<ConnectionEnd> Ends { get; } = [];
}

/// <summary>Finds the connections between an image's tasks.</summary>
internal static class ImageConnections
{
    /// <summary>Pipes first, then sockets, memory, and so on; each kind in the image's order.</summary>
    /// <exception cref="CrImageException">The records do not fit together.</exception>
    public static List<Connection> Of(ImageModel image, ImageDescriptors descriptors, CancellationToken cancel)
    {
        var all = new Dictionary<(ConnectionKind, ulong, ulong, string), Connection>();
        foreach (var task in image.Tasks)
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var (fd, close, saved) in descriptors.Entries(task))
            {
                var d = new ImageDescriptor(task, fd, close, saved, "");
                Add(Key(d), saved.Name, task, $"descriptor {fd} ({d.Access})");
            }
            foreach (var mapping in SavedMappings.Of(task))
                if (mapping.Vma.IsShared && (mapping.Vma.ObjRef != 0 || (mapping.Path.Length > 0 && (mapping.Vma.Protection & MemoryProtection.Write) != 0)))
                    Add((ConnectionKind.SharedMemory, mapping.Vma.ObjRef, 0UL, mapping.Path), MappingText.Name(task, mapping), task, $"memory at {mapping.Vma.Start:x}");
        }
        return [.. all.Values.Where(JoinsTasks).OrderBy(c => c.Kind)];

        void Add((ConnectionKind, ulong, ulong, string) key, string name, TaskImage task, string place)
        {
            if (!all.TryGetValue(key, out var connection))
                all.Add(key, connection = new Connection(key.Item1, name));
            connection.Ends.Add(new(task, place));
        }
    }

    /// <summary>What the descriptor has in common with others: the object behind it, the pair of sockets, or the description itself.</summary>
    private static (ConnectionKind, ulong, ulong, string) Key(ImageDescriptor d)
    {
        var data = d.Saved.Data;
        ulong behind = data.Object;
        if (data.FdType is FdType.Pipe or FdType.Fifo)
            return behind != 0 ? (ConnectionKind.Pipe, behind, 0UL, "") : (ConnectionKind.Pipe, 0UL, 0UL, d.Saved.Name);
        if (data.FdType == FdType.UnixSocket && d.Saved.Get<UnixSocketRecord>() is { PeerState: UnixPeer.Saved } socket)
            return (ConnectionKind.Socket, Math.Min(socket.Inode, socket.Peer), Math.Max(socket.Inode, socket.Peer), "");
        return behind != 0 ? (ConnectionKind.OtherObject, behind, 0UL, "") : (ConnectionKind.SharedDescription, (ulong)data.ObjRef, 0UL, "");
    }

    private static bool JoinsTasks(Connection connection)
    {
        foreach (var end in connection.Ends)
            if (end.Task != connection.Ends[0].Task)
                return true;
        return false;
    }
}
