using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>
/// TCP sockets that were connecting when the frozen tree was inspected. The network does not stand still: an answer may make a connection
/// of one before it is captured. Its program knows nothing of that, and to a socket that listens in the tree it would be a
/// connection that waits to be accepted, which is not saved. So each is saved as it was then, and asked for again at the restore.
/// </summary>
internal sealed class ConnectingSockets
{
    private readonly Dictionary<string, InetSocketRecord> _sockets = [];

    public static ConnectingSockets Of(KindStates states) => states.Get(() => new ConnectingSockets());

    /// <summary>Notes a socket that is connecting.</summary>
    public void Note(Descriptor d, InetSocketRecord socket)
    {
        if (socket.State == TcpState.SynSent)
            _sockets[d.Name] = socket;
    }

    /// <returns>null for what was not connecting.</returns>
    public InetSocketRecord? Find(Descriptor d) => _sockets.GetValueOrDefault(d.Name);
}
