namespace CrCore.Objects.Namespaces;

/// <summary>Ids of the records of this kind.</summary>
internal static class NamespaceRecordIds
{
    public const short Namespaces = 400;
    public const short IdMaps = 401;
    public const short Mount = 402;
    public const short Sysctls = 403;
    public const short PacketFilter = 404;
    public const short Netfilter = 405;
    public const short TreeMount = 406;
    public const short MountedFile = 407;
    public const short MountNamespace = 410;
}
