using System.Buffers.Binary;
using CrCore.Kernel;

namespace CrCore.Objects.Bpf;

/// <summary>
/// Takes the elements of a map out and puts them in again. Nothing of it is changed by looking: lookups through bpf(2) are
/// no use of an element in the sense of maps that forget the least used (htab_lru_map_lookup_elem_sys in kernel/bpf/hashtab.c).
/// </summary>
internal static class BpfMapContents
{
    /// <summary>The elements in pieces. Of arrays, only those that are not zero. The descriptor is disposed of at the end.</summary>
    public static IEnumerable<BpfMapDataRecord> Read(BpfMapRecord map, OwnDescriptor own)
    {
        using (own)
        {
            var element = map.ElementBytes;
            var piece = new byte[BpfMapDataRecord.MaxBytes / element * element];
            var length = 0;
            foreach (var key in Keys(map, own))
            {
                var value = piece.AsSpan(length + key.Length, map.ValueBytes);
                var e = BpfCalls.Lookup(own, key, value);
                // Gone since its key was told: somebody else changes it.
                if (e == Errno.ENOENT)
                    continue;
                if (e != Errno.None)
                    throw new CrKernelException("CrBpfMapFailed", $"Reading an element of BPF map '{map.Name}'", e);
                if (map.IsArray && !value.ContainsAnyExcept((byte)0))
                    continue;
                key.CopyTo(piece, length);
                length += element;
                if (length < piece.Length)
                    continue;
                yield return new(map.ObjRef, piece);
                piece = new byte[piece.Length];
                length = 0;
            }
            if (length > 0)
                yield return new(map.ObjRef, piece.AsMemory(0, length));
        }
    }

    /// <summary>Puts the saved elements into a new map.</summary>
    public static void Write(BpfMapRecord map, IEnumerable<BpfMapDataRecord> pieces, OwnDescriptor own)
    {
        var (element, keySize, count) = (map.ElementBytes, (int)map.KeySize, 0L);
        foreach (var piece in pieces)
            for (var rest = piece.Bytes.Span; rest.Length >= element; rest = rest[element..])
            {
                var e = BpfCalls.Update(own, rest[..keySize], rest[keySize..element]);
                if (e != Errno.None)
                    throw new CrKernelException("CrBpfMapFailed", $"Putting element {count} into BPF map '{map.Name}'", e);
                count++;
            }
    }

    /// <summary>How many elements there are.</summary>
    public static long Count(BpfMapRecord map, OwnDescriptor own)
    {
        var count = 0L;
        foreach (var _ in Keys(map, own))
            count++;
        return count;
    }

    /// <summary>All keys, each in the same array. Of a queue, none.</summary>
    private static IEnumerable<byte[]> Keys(BpfMapRecord map, OwnDescriptor own)
    {
        var key = new byte[map.KeySize];
        if (map.IsArray)
        {
            for (var i = 0u; i < map.MaxEntries; i++)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(key, i);
                yield return key;
            }
            yield break;
        }
        if (map.IsQueue)
            yield break;
        var next = new byte[key.Length];
        // Each key leads to the next; where somebody takes keys out meanwhile, the kernel begins anew.
        for (var i = 0L; i <= map.MaxEntries; i++)
        {
            var e = BpfCalls.NextKey(own, i == 0 ? [] : key, next);
            if (e == Errno.ENOENT)
                yield break;
            if (e != Errno.None)
                throw new CrKernelException("CrBpfMapFailed", $"Reading the keys of BPF map '{map.Name}'", e);
            next.CopyTo(key, 0);
            yield return key;
        }
        throw new CrTargetException("CrBpfMapFailed", $"BPF map '{map.Name}' was changed while it was read.", "Something outside of the tree uses it, too. Try again.");
    }
}
