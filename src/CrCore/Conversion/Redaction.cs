using System.Runtime.InteropServices;
using CrCore.Image;
using CrCore.Inspection;
using CrCore.Objects.Memory;

namespace CrCore.Conversion;

/// <summary>
/// Where patterns stand in an image, found before anything is written, so that what lies across the border of two blocks or two
/// pieces of a file is found as well.
/// </summary>
internal sealed class Redaction
{
    private readonly Dictionary<uint, SortedSet<(ulong Start, ulong End)>> _pages = [];
    private readonly Dictionary<int, List<(int Start, int Length)>> _contents = [];

    public static Redaction None { get; } = new();

    /// <summary>Places found.</summary>
    public long Count { get; private set; }

    public static Redaction Find(ImageFile image, IReadOnlyList<MemoryPattern> patterns, bool contentsOnly, CancellationToken cancel)
    {
        var redaction = new Redaction();
        foreach (var pattern in patterns)
        {
            if (!contentsOnly)
                redaction.FindInPages(image, pattern, cancel);
            redaction.FindInContents(image, pattern);
        }
        return redaction;
    }

    /// <summary>Overwrites what lies in a block.</summary>
    public void Apply(PageBlock block, byte mask)
    {
        if (!_pages.TryGetValue(block.ObjRef, out var list))
            return;
        // The block is this program's own; nobody else sees its bytes.
        var data = MemoryMarshal.AsMemory(block.DataMemory).Span;
        var at = 0;
        foreach (var run in block.Runs)
        {
            foreach (var (start, end) in list)
            {
                var (from, to) = (Math.Max(start, run.VAddr), Math.Min(end, run.End));
                if (from < to)
                    data.Slice(at + (int)(from - run.VAddr), (int)(to - from)).Fill(mask);
            }
            at += (int)(run.End - run.VAddr);
        }
    }

    /// <param name="number">Of the record among those with contents.</param>
    public ICrRecord Apply(IContentRecord record, int number, byte mask)
    {
        if (!_contents.TryGetValue(number, out var list))
            return record;
        var bytes = record.Contents.ToArray();
        foreach (var (start, length) in list)
            bytes.AsSpan(start, length).Fill(mask);
        return record.WithContents(bytes);
    }

    private void FindInPages(ImageFile image, MemoryPattern pattern, CancellationToken cancel)
    {
        var search = new MemorySearch(image, pattern);
        var shared = new MemoryLayouts().SharedPagesOf(image.Model);
        var objects = new HashSet<uint>();
        foreach (var block in image.Index.Blocks)
            objects.Add(block.ObjRef);
        objects.UnionWith(shared.Takers);
        foreach (var objRef in objects)
            foreach (var (address, bytes) in search.FindStored(objRef, cancel))
                if (NotePages(shared, objRef, address, address + (ulong)bytes.Length))
                    Count++;
    }

    /// <summary>What tasks share is overwritten for all of them, and counted once.</summary>
    private bool NotePages(SharedPages shared, uint objRef, ulong start, ulong end)
    {
        var isNew = false;
        while (start < end)
        {
            var owner = shared.OwnerAt(objRef, start, out var until);
            until = Math.Min(until, end);
            if (!_pages.TryGetValue(owner, out var list))
                _pages.Add(owner, list = []);
            isNew |= list.Add((start, until));
            start = until;
        }
        return isNew;
    }

    /// <summary>Pieces of one object that follow one another are searched as one.</summary>
    private void FindInContents(ImageFile image, MemoryPattern pattern)
    {
        var (number, first) = (0, 0);
        IContentRecord? last = null;
        var lengths = new List<int>();
        var joined = new List<byte>();
        foreach (var (record, _, _) in image.ReadRecords(withPages: false))
        {
            if (record.Value is not IContentRecord content)
                continue;
            if (last is null || last.Type != content.Type || last.Parent != content.Parent)
            {
                Search();
                first = number;
            }
            joined.AddRange(content.Contents.Span);
            lengths.Add(content.Contents.Length);
            (last, number) = (content, number + 1);
        }
        Search();

        void Search()
        {
            var bytes = CollectionsMarshal.AsSpan(joined);
            for (var from = 0; from < bytes.Length && pattern.Find(bytes, from, out var length) is >= 0 and var at; from = at + length)
            {
                Count++;
                Note(at, length);
            }
            joined.Clear();
            lengths.Clear();
        }

        void Note(int at, int length)
        {
            for (var (i, start) = (0, 0); i < lengths.Count; start += lengths[i++])
            {
                var (from, to) = (Math.Max(at, start), Math.Min(at + length, start + lengths[i]));
                if (from >= to)
                    continue;
                if (!_contents.TryGetValue(first + i, out var list))
                    _contents.Add(first + i, list = []);
                list.Add((from - start, to - from));
            }
        }
    }
}
