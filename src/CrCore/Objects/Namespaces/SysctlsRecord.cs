using CrCore.Image;

namespace CrCore.Objects.Namespaces;

/// <summary>SYSCTLS (403), at the root of a tree with a network namespace of its own: what is set there otherwise than in a new one.</summary>
/// <param name="VPid">The root: the framing's parent.</param>
/// <param name="Values">Names below /proc/sys, such as net/ipv4/ip_forward, with their values.</param>
public sealed record SysctlsRecord(int VPid, IReadOnlyList<KeyValuePair<string, string>> Values) : ICrRecord
{
    private const string Allowed = "net/";
    private const int MaxCount = 4096, LeastSize = 8, MaxText = 8192;

    internal const int MaxPayload = 4 + 256 * MaxText;

    /// <inheritdoc/>
    public short Type => NamespaceRecordIds.Sysctls;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Values.Count);
        foreach (var (name, value) in Values)
        {
            w.Text(name);
            w.Text(value);
        }
    }

    internal static SysctlsRecord Read(uint parent, ref FieldReader r)
    {
        var count = r.Count(LeastSize);
        if (count > MaxCount)
            throw r.Bad($"there are {count} sysctls");
        var values = new KeyValuePair<string, string>[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = new(r.Text(), r.Text());
            // Each is written to by its name: nothing but a file of that tree.
            if (!values[i].Key.StartsWith(Allowed, StringComparison.Ordinal) || values[i].Key.Split('/').Contains(".."))
                throw r.Bad($"'{values[i].Key}' is no sysctl of a network namespace");
        }
        return new((int)parent, values);
    }

    /// <inheritdoc/>
    public bool Equals(SysctlsRecord? other) => other is not null && VPid == other.VPid && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(VPid, Values.Count);
}
