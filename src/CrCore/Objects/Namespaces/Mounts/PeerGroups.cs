namespace CrCore.Objects.Namespaces;

/// <summary>Peer groups that a restore has begun, each with a mount of it: a path below /proc/PID/root, which any task of the tree can take.</summary>
internal sealed class PeerGroups
{
    public Dictionary<uint, string> Mounts { get; } = [];
}
