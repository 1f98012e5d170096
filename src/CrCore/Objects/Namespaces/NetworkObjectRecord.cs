using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>NETWORK_OBJECT (415), at the root of a tree with a network namespace of its own: an interface, address, route, lasting neighbour or routing rule there.</summary>
/// <param name="VPid">The root: the framing's parent.</param>
/// <param name="Object">As the kernel listed it.</param>
public sealed record NetworkObjectRecord(int VPid, NetworkObject Object) : ICrRecord
{
    internal const short Id = 415;

    internal const int MaxPayload = 2 + 2 + 4 + MaxMessage;
    private const int MaxMessage = 1 << 16;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <summary>What it is, for people: "route 10.0.0.0/8 via 10.1.2.3".</summary>
    public string What => Object.ToString();

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U16((ushort)Object.Kind);
        w.U16(0);
        w.Blob(Object.Message);
    }

    internal static NetworkObjectRecord Read(uint parent, ref FieldReader r)
    {
        var kind = r.U16();
        r.U16();
        var message = r.Blob(MaxMessage);
        // Nothing but what adds: no message of another meaning reaches the kernel.
        if (!NetworkObject.IsKind(kind) || message.Length < NetworkObject.FixedSize((NetworkObjectKind)kind))
            throw r.Bad($"message {kind} of {message.Length} bytes makes nothing of a network namespace");
        return new((int)parent, new((NetworkObjectKind)kind, message));
    }
}
