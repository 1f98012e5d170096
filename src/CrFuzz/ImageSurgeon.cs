using System.Buffers.Binary;
using System.IO.Hashing;
using CrCore.Image;

namespace CrFuzz;

/// <summary>
/// Changes bytes of an image and makes every checksum right again, as one would who forges an image: what is left to
/// stop it are the reader's other rules. Knows the layout from docs/image-format.md only.
/// </summary>
public sealed class ImageSurgeon
{
    private readonly List<(long Offset, short Type, long Length)> _records;

    /// <param name="image">A valid image, left as it is: a copy is worked on.</param>
    /// <param name="catalog">The records that it may hold; by default all that this program knows.</param>
    /// <exception cref="CrCore.CrImageException">It is not valid.</exception>
    public ImageSurgeon(byte[] image, RecordCatalog? catalog = null)
    {
        Bytes = (byte[])image.Clone();
        _records = [];
        using var reader = new ImageReader(new MemoryStream(image), catalog);
        foreach (var r in reader.ReadRecords())
        {
            if (r.Value is HeadRecord head)
                Revision = head.Revision;
            _records.Add((r.Offset, r.Type.Id, r.Length));
        }
    }

    /// <summary>Another copy of the same image, without reading it again.</summary>
    internal ImageSurgeon(byte[] image, ImageSurgeon layout) => (Bytes, Revision, _records) = ((byte[])image.Clone(), layout.Revision, layout._records);

    /// <summary>Of the format.</summary>
    internal int Revision { get; }

    /// <summary>The image as it is by now.</summary>
    public byte[] Bytes { get; }

    /// <summary>All records in their order; the length is that of header and payload.</summary>
    public IReadOnlyList<(long Offset, short Type, long Length)> Records => _records;

    /// <summary>The offset of the nth record with an id.</summary>
    public int Find(short type, int nth = 0) => (int)_records.Where(r => r.Type == type).ElementAt(nth).Offset;

    /// <summary>Puts 2 bytes, little-endian, at an offset.</summary>
    public ImageSurgeon Put16(int offset, short value) { BinaryPrimitives.WriteInt16LittleEndian(Bytes.AsSpan(offset), value); return this; }
    /// <summary>Puts 4 bytes, little-endian, at an offset.</summary>
    public ImageSurgeon Put32(int offset, uint value) { BinaryPrimitives.WriteUInt32LittleEndian(Bytes.AsSpan(offset), value); return this; }
    /// <summary>Puts 8 bytes, little-endian, at an offset.</summary>
    public ImageSurgeon Put64(int offset, ulong value) { BinaryPrimitives.WriteUInt64LittleEndian(Bytes.AsSpan(offset), value); return this; }

    /// <summary>Makes the seals, the index's hashes and the tail's right, where they were before.</summary>
    public byte[] Reseal()
    {
        var start = 0;
        var hashes = new List<(long Start, ulong Hash)>();
        foreach (var (offset, type, _) in _records)
        {
            if (type != RecordIds.Seal)
                continue;
            // The index comes last: by then all hashes that it lists are known.
            if (Find(RecordIds.Index) == start)
                PutIndex(start, hashes);
            var hash = XxHash3.HashToUInt64(Bytes.AsSpan(start, (int)offset - start));
            Put64((int)offset + 8, (ulong)(offset - start)).Put64((int)offset + 16, hash);
            hashes.Add((start, hash));
            start = (int)offset + 24;
        }
        return Put64(Bytes.Length - 8, XxHash3.HashToUInt64(Bytes.AsSpan(Bytes.Length - 40, 32))).Bytes;
    }

    private void PutIndex(int index, List<(long Start, ulong Hash)> hashes)
    {
        // A small image: its index is one piece.
        var at = index + 8;
        Put64(at + 8, hashes[0].Hash);
        var tasks = _records.Count(r => r.Type == RecordIds.Task);
        var block = 0;
        foreach (var (offset, type, _) in _records)
            if (type == RecordIds.PageArray)
                Put64(at + 40 + tasks * 16 + block++ * 48 + 32, hashes.Single(h => h.Start == offset).Hash);
        var trailer = BinaryPrimitives.ReadInt64LittleEndian(Bytes.AsSpan(at + 16));
        foreach (var h in hashes)
            if (trailer > 0 && h.Start == trailer)
                Put64(at + 24, h.Hash);
    }
}
