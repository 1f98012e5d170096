using CrCore.Image;
using CrCore.Objects.Memory;

namespace CrCore.Inspection;

/// <summary>
/// Compares the stored pages of one task in two images, mapping by mapping. A page that one image does not store counts as
/// removed or added: whether it would read the same is not asked.
/// </summary>
internal sealed class PageComparison(ImageFile reference, ImageFile difference)
{
    private readonly SharedPages _oldShared = new MemoryLayouts().SharedPagesOf(reference.Model), _newShared = new MemoryLayouts().SharedPagesOf(difference.Model);

    public IEnumerable<ImageDifference> Compare(TaskImage old, TaskImage now, CancellationToken cancel)
    {
        if (MemoryLayout.Of(old) is not { } a || MemoryLayout.Of(now) is not { } b)
            yield break;
        foreach (var d in CompareObject(old, a.Mm.ObjRef, b.Mm.ObjRef, null, cancel))
            yield return d;
        // Shared memory, once for each object, where both tasks have it at the same place.
        var seen = new HashSet<uint>();
        foreach (var m in a.Mappings)
        {
            if (m.Vma.ObjRef == 0 || !seen.Add(m.Vma.ObjRef))
                continue;
            var index = b.FirstEndingAfter(m.Vma.Start);
            if (index == b.Mappings.Count || b.Mappings[index].Vma is not { } other || other.Start != m.Vma.Start || other.ObjRef == 0 || other.PageOffset != m.Vma.PageOffset)
                continue;
            foreach (var d in CompareObject(old, m.Vma.ObjRef, other.ObjRef, m.Vma, cancel))
                yield return d;
        }
    }

    private IEnumerable<ImageDifference> CompareObject(TaskImage task, uint old, uint now, VmaRecord? mapped, CancellationToken cancel)
    {
        using var a = new StoredPages(new StoredPieces(reference, _oldShared, old));
        using var b = new StoredPages(new StoredPieces(difference, _newShared, now));
        var range = new Range();
        var (moreA, moreB) = (a.Next(), b.Next());
        while (moreA || moreB)
        {
            cancel.ThrowIfCancellationRequested();
            var address = !moreB || (moreA && a.Address < b.Address) ? a.Address : b.Address;
            var (inA, inB) = (moreA && a.Address == address, moreB && b.Address == address);
            DifferenceChange? change = !inA ? DifferenceChange.Added : !inB ? DifferenceChange.Removed : a.Page.SequenceEqual(b.Page) ? null : DifferenceChange.Changed;
            if (range.End != address || range.Change != change)
            {
                if (range.ToDifference(task, mapped) is { } done)
                    yield return done;
                range = new Range { Start = address, Change = change };
            }
            range.End = address + ImageFormat.PageSize;
            if (inA)
                moreA = a.Next();
            if (inB)
                moreB = b.Next();
        }
        if (range.ToDifference(task, mapped) is { } last)
            yield return last;
    }

    /// <summary>Neighbouring pages with the same change.</summary>
    private struct Range
    {
        public ulong Start, End;
        public DifferenceChange? Change;

        public readonly ImageDifference? ToDifference(TaskImage task, VmaRecord? mapped)
        {
            if (Change is not { } change)
                return null;
            var shift = mapped is null ? 0 : mapped.Start - mapped.PageOffset * ImageFormat.PageSize;
            var pages = (long)((End - Start) / ImageFormat.PageSize);
            return new(task.VPid, task.Comm, DifferenceKind.Page, change, $"{Start + shift:x}-{End + shift:x}", "Pages",
                change == DifferenceChange.Added ? null : pages, change == DifferenceChange.Removed ? null : pages);
        }
    }

    /// <summary>The stored pages of an object, one by one, ascending.</summary>
    private sealed class StoredPages(StoredPieces pieces) : IDisposable
    {
        private int _at, _length;

        public ulong Address => pieces.Address + (ulong)_at;

        public ReadOnlySpan<byte> Page => pieces.Bytes.Slice(_at, ImageFormat.PageSize);

        public bool Next()
        {
            _at += ImageFormat.PageSize;
            if (_at < _length)
                return true;
            if (!pieces.Next())
                return false;
            (_at, _length) = (0, pieces.Bytes.Length);
            return true;
        }

        public void Dispose() => pieces.Dispose();
    }
}
