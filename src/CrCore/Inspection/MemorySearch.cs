using System.Buffers;
using CrCore.Image;
using CrCore.Objects.Memory;

namespace CrCore.Inspection;

/// <summary>A place where a pattern was found.</summary>
/// <param name="Task">One of those that have the memory mapped; null for memory that only a descriptor leads to.</param>
/// <param name="Mapping">Where the task has it.</param>
/// <param name="Address">In the task's address space; without a task, the offset in the object.</param>
/// <param name="Bytes">What was found, as long as the pattern fitted.</param>
public sealed record MemoryMatch(TaskImage? Task, SavedMapping? Mapping, ulong Address, byte[] Bytes);

/// <summary>
/// Searches the pages that an image holds: shared memory once, whoever maps it, private memory as each task has it. What the image does not hold (untouched files, zeros)
/// is not searched.
/// </summary>
/// <param name="progress">Bytes searched and in all.</param>
public sealed class MemorySearch(ImageFile image, MemoryPattern pattern, Action<long, long>? progress = null)
{
    private sealed record Place(TaskImage Task, SavedMapping Mapping);

    private readonly Lazy<SharedPages> _shared = new(() => new MemoryLayouts().SharedPagesOf(image.Model));

    /// <summary>The matches, object by object, ascending in each; memory that several tasks map comes once for each of them.</summary>
    /// <param name="wanted">Whether a task's memory is to be searched.</param>
    /// <exception cref="CrImageException">Page data does not match its checksum.</exception>
    public IEnumerable<MemoryMatch> Find(Func<TaskImage, bool> wanted, bool unmapped, CancellationToken cancel = default)
    {
        var places = Places(wanted);
        long done = 0, total = 0;
        var (objects, seen) = (new List<uint>(), new HashSet<uint>());
        foreach (var block in image.Index.Blocks)
            if (seen.Add(block.ObjRef) && (places.ContainsKey(block.ObjRef) || (unmapped && IsSharedMemory(block.ObjRef))))
                objects.Add(block.ObjRef);
        // A task may have nothing but pages that are stored as another's.
        foreach (var objRef in _shared.Value.Takers)
            if (seen.Add(objRef) && places.ContainsKey(objRef))
                objects.Add(objRef);
        foreach (var objRef in objects)
        {
            foreach (var block in image.FindPages(objRef))
                total += block.PageCount * (long)ImageFormat.PageSize;
            foreach (var taken in _shared.Value.TakenBy(objRef))
                total += (long)taken.Range.Length;
        }
        foreach (var objRef in objects)
        {
            var list = places.GetValueOrDefault(objRef, []);
            foreach (var (address, bytes) in FindIn(objRef, n => progress?.Invoke(done += n, total), cancel))
                foreach (var match in Matches(list, objRef, address, bytes, unmapped))
                    yield return match;
        }
    }

    /// <summary>The matches in one object's stored pages, those included that are stored as another's, by their address or offset.</summary>
    internal IEnumerable<(ulong Address, byte[] Bytes)> FindStored(uint objRef, CancellationToken cancel) => FindIn(objRef, _ => { }, cancel);

    private IEnumerable<(ulong Address, byte[] Bytes)> FindIn(uint objRef, Action<long> searched, CancellationToken cancel)
    {
        using var pieces = new StoredPieces(image, _shared.Value, objRef);
        using var window = new Window(pattern.Overlap);
        while (pieces.Next())
        {
            cancel.ThrowIfCancellationRequested();
            if (pieces.Address != window.End)
            {
                foreach (var match in window.Search(pattern, isLast: true))
                    yield return match;
                window.Start(pieces.Address);
            }
            window.Append(pieces.Bytes);
            searched(pieces.Bytes.Length);
            foreach (var match in window.Search(pattern, isLast: false))
                yield return match;
        }
        foreach (var match in window.Search(pattern, isLast: true))
            yield return match;
    }

    private static IEnumerable<MemoryMatch> Matches(List<Place> places, uint objRef, ulong address, byte[] bytes, bool unmapped)
    {
        var found = false;
        foreach (var place in places)
        {
            var vma = place.Mapping.Vma;
            // Shared memory is stored by its offset; the mapping says where that is for the task.
            var own = vma.ObjRef == objRef ? address - (vma.PageOffset * ImageFormat.PageSize) + vma.Start : address;
            if (own < vma.Start || own >= vma.End)
                continue;
            found = true;
            yield return new MemoryMatch(place.Task, place.Mapping, own, bytes);
        }
        if (!found && unmapped)
            yield return new MemoryMatch(null, null, address, bytes);
    }

    private bool IsSharedMemory(uint objRef) => image.Model.Objects.GetValueOrDefault(objRef) is SharedMemoryRecord;

    private Dictionary<uint, List<Place>> Places(Func<TaskImage, bool> wanted)
    {
        var places = new Dictionary<uint, List<Place>>();
        foreach (var task in image.Model.Tasks)
        {
            if (!wanted(task) || MemoryLayout.Of(task) is not { } layout)
                continue;
            foreach (var mapping in layout.Mappings)
            {
                if (mapping.Vma.HasPrivatePages)
                    Add(layout.Mm.ObjRef, task, mapping);
                if (mapping.Vma.ObjRef != 0)
                    Add(mapping.Vma.ObjRef, task, mapping);
            }
        }
        return places;

        void Add(uint objRef, TaskImage task, SavedMapping mapping)
        {
            if (!places.TryGetValue(objRef, out var list))
                places.Add(objRef, list = []);
            list.Add(new Place(task, mapping));
        }
    }

    /// <summary>A stretch of bytes without gaps, of which the searched part is let go.</summary>
    private sealed class Window(int overlap) : IDisposable
    {
        private byte[] _bytes = ArrayPool<byte>.Shared.Rent(2 << 20);
        private int _length, _from;
        private ulong _start;

        public ulong End => _start + (ulong)_length;

        public void Start(ulong address) => (_start, _length, _from) = (address, 0, 0);

        public void Append(ReadOnlySpan<byte> more)
        {
            if (_length + more.Length > _bytes.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(_length + more.Length);
                _bytes.AsSpan(0, _length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_bytes);
                _bytes = larger;
            }
            more.CopyTo(_bytes.AsSpan(_length));
            _length += more.Length;
        }

        /// <summary>Matches that begin where they cannot reach into what may still come; on the last call, all that are left.</summary>
        public List<(ulong Address, byte[] Bytes)> Search(MemoryPattern pattern, bool isLast)
        {
            var matches = new List<(ulong, byte[])>();
            var end = isLast ? _length : _length - overlap;
            while (_from < end)
            {
                var at = pattern.Find(_bytes.AsSpan(0, _length), _from, out var length);
                if (at < 0 || at >= end)
                    break;
                matches.Add((_start + (ulong)at, _bytes.AsSpan(at, length).ToArray()));
                _from = at + length;
            }
            _from = Math.Max(_from, end);
            var done = Math.Clamp(_from, 0, _length);
            _bytes.AsSpan(done, _length - done).CopyTo(_bytes);
            (_start, _length, _from) = (_start + (ulong)done, _length - done, _from - done);
            return matches;
        }

        public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);
    }
}
