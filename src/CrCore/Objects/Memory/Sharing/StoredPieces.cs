using CrCore.Image;

namespace CrCore.Objects.Memory;

/// <summary>
/// The stored bytes of an address space or shared memory, piece by piece, ascending: its own, and those that stand in the image
/// as another's. Not for several threads at once.
/// </summary>
internal sealed class StoredPieces(ImageFile image, SharedPages shared, uint objRef, ulong from = 0, ulong to = StoredPieces.End) : IDisposable
{
    /// <summary>Behind every address and offset.</summary>
    public const ulong End = 1UL << 63;

    /// <summary>Blocks kept at once: one for each owner whose pages come in turns.</summary>
    private const int MostBlocks = 8;

    private readonly Dictionary<uint, PageBlock> _blocks = [];
    private ulong _at = from, _to = to;
    private PageBlock? _block;
    private int _from, _length;

    /// <summary>The piece's address or offset.</summary>
    public ulong Address { get; private set; }

    /// <summary>Valid until the next call of <see cref="Next"/>.</summary>
    public ReadOnlySpan<byte> Bytes => _block!.Data.Slice(_from, _length);

    /// <summary>Goes on with other addresses. The blocks that are held may serve again.</summary>
    public void Seek(AddressRange range) => (_at, _to) = (range.Start, range.End);

    /// <summary>Goes on to the next piece.</summary>
    public bool Next()
    {
        while (_at < _to)
        {
            var owner = shared.OwnerAt(objRef, _at, out var end);
            if (Find(owner, Math.Min(end, _to)))
                return true;
            _at = Math.Min(end, _to);
        }
        return false;
    }

    public void Dispose()
    {
        foreach (var block in _blocks.Values)
            block.Dispose();
        _blocks.Clear();
    }

    private bool Find(uint owner, ulong end)
    {
        foreach (ref readonly var entry in image.FindPages(owner, _at, end))
        {
            var block = Load(owner, entry);
            var at = 0;
            foreach (var run in block.Runs)
            {
                var (start, stop) = (Math.Max(run.VAddr, _at), Math.Min(run.End, end));
                if (start < stop)
                {
                    (_block, _from, _length) = (block, at + (int)(start - run.VAddr), (int)(stop - start));
                    (Address, _at) = (start, stop);
                    return true;
                }
                at += (int)(run.End - run.VAddr);
            }
        }
        return false;
    }

    private PageBlock Load(uint owner, in PageBlockEntry entry)
    {
        if (!_blocks.TryGetValue(owner, out var block))
        {
            if (_blocks.Count == MostBlocks)
                Dispose();
            _blocks.Add(owner, block = new PageBlock());
        }
        if (block.ObjRef != owner || block.Offset != entry.Offset)
            image.ReadPages(entry, block);
        return block;
    }
}
