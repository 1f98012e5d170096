using System.Runtime.InteropServices;
using CrCore.Image;
using CrCore.Inspection;

namespace CrCore.Conversion;

/// <summary>
/// Where patterns stand in an image, found before anything is written, so that what lies across the border of two blocks or two
/// pieces of a file is found as well.
/// </summary>
internal sealed class Redaction
{
    private readonly Dictionary<uint, List<(ulong Start, ulong End)>> _pages = [];
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
        foreach (var list in redaction._pages.Values)
            list.Sort();
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
        var seen = new HashSet<uint>();
        foreach (var block in image.Index.Blocks)
        {
            if (!seen.Add(block.ObjRef))
                continue;
            foreach (var (address, bytes) in search.FindStored(block.ObjRef, cancel))
            {
                if (!_pages.TryGetValue(block.ObjRef, out var list))
                    _pages.Add(block.ObjRef, list = []);
                list.Add((address, address + (ulong)bytes.Length));
                Count++;
            }
        }
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
