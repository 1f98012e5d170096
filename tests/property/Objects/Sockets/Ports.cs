namespace CrProperty.Objects.Sockets;

/// <summary>
/// Tests whose programs have many ports that the kernel chose for them. While a tree is away its ports are anybody's: they run one after
/// another, so that none gets what another is about to have again.
/// </summary>
internal static class Ports
{
    public const string Name = "ports";
}
