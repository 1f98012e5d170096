namespace CrCore.Image;

/// <summary>
/// THREAD (103): starts a thread; the records up to the next THREAD, TASK or SEAL belong to it. The leader comes first.
/// </summary>
/// <param name="VPid">The task it belongs to: the framing's parent.</param>
/// <param name="VTid">The thread as seen from the root's pid namespace; the leader's is the task's vpid.</param>
public sealed record ThreadRecord(int VPid, int VTid) : ICrRecord
{
    /// <summary>Bytes of the payload.</summary>
    public const int PayloadSize = 16;

    // GDT_ENTRY_TLS_ENTRIES and sizeof(thread_struct.tls_array), as the lineage writes them. 64-bit threads
    // have their TLS behind fs, not in the GDT, so there are never entries to follow.
    internal const short TlsEntries = 3, TlsArraySize = 24;

    /// <inheritdoc/>
    public short Type => RecordIds.Thread;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <summary>TLS entries in use; revision 4 has none.</summary>
    public short TlsCount { get; init; }

    /// <summary>The raw TLS entries of a thread of revision 3 that has any.</summary>
    public ReadOnlyMemory<byte> Tls { get; init; }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I16(TlsEntries);
        w.I16(TlsArraySize);
        w.I16(0);
        w.U16(0);
        w.I32(VTid);
        w.U32(0);
    }

    /// <summary>Reads a payload that <see cref="Write"/> wrote.</summary>
    /// <exception cref="CrImageException">CrImageBadField: it breaks the format.</exception>
    public static ThreadRecord Read(uint parent, ref FieldReader r)
    {
        var seed = ReadSeed(parent, ref r, out var pad);
        if (seed.TlsCount != 0 || pad != 0)
            throw r.Bad($"a thread has {seed.TlsCount} TLS entries and the padding {pad}; revision 4 has none");
        var vtid = r.I32();
        r.Pad4();
        return vtid is >= 1 and <= ImageLimits.MaxPid
            ? seed with { VTid = vtid }
            : throw r.Bad($"a thread of task {parent} has the vtid {vtid}");
    }

    /// <summary>The form of 2008: a task has one thread, itself.</summary>
    internal static ThreadRecord ReadRevision3(uint parent, ref FieldReader r) => ReadSeed(parent, ref r, out _);

    private static ThreadRecord ReadSeed(uint parent, ref FieldReader r, out ushort pad)
    {
        var (entries, size, used) = (r.I16(), r.I16(), r.I16());
        pad = r.U16();
        if (entries != TlsEntries || size != TlsArraySize || used is < 0 or > TlsEntries)
            throw r.Bad($"a thread has {used} of {entries} TLS entries of {size} bytes in all");
        return parent is >= 1 and <= ImageLimits.MaxPid
            ? new ThreadRecord((int)parent, (int)parent) { TlsCount = used }
            : throw r.Bad($"a thread belongs to task {parent}");
    }
}
