using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

/// <summary>
/// Lets tasks share pages again: before a puppet makes its children, it is given the mappings and pages that it has in common
/// with them, and they with each other, at their own addresses; fork(2) does the rest. What is not so in the end, each task
/// makes anew. Needs an image whose pages can be read in any order.
/// </summary>
internal sealed class MemoryInheritance : IInheritance, IDisposable
{
    private const int DontNeed = 4, MostReaders = 4;

    private readonly RestoreContext _context;
    private readonly ImageFile _file;
    private readonly SharedPages _shared;
    private readonly InheritancePlan _plan;
    private readonly InheritedMemory _memory;
    private readonly HashSet<Puppet> _seen = [];
    private readonly Dictionary<uint, StoredPieces> _readers = [];

    private MemoryInheritance(RestoreContext context, ImageFile file, SharedPages shared)
    {
        (_context, _file, _shared) = (context, file, shared);
        _plan = InheritancePlan.Make(context.Image, context.States.Get<MemoryLayouts>(), shared, context.Options.MostInheritedLevels);
        _memory = context.States.Get<InheritedMemory>();
        _memory.IsExpected = true;
    }

    /// <summary>Null where no tasks share pages, or where the image comes through a pipe: each gets copies of its own then.</summary>
    public static MemoryInheritance? Make(RestoreContext context, ImageFile? file)
    {
        var shared = context.States.Get<MemoryLayouts>().SharedPagesOf(context.Image);
        return file is null || shared.IsEmpty ? null : new MemoryInheritance(context, file, shared);
    }

    public int Prepare(PlannedTask? creator, Puppet puppet, IReadOnlyList<PlannedTask> children, int first)
    {
        var left = children.Count - first;
        if (creator is null)
            return left;
        // A helper hands on what it has.
        if (creator.Image is { } parent)
        {
            var isNew = _seen.Add(puppet);
            if (isNew && _plan.BeginsAnew(parent))
                Drop(puppet);
            if (_plan.ForChildrenOf(parent) is not { Count: > 0 } mappings)
                return left;
            if (isNew)
                Map(puppet, mappings);
        }
        var memory = _memory.Of(puppet);
        if (memory.Mappings.Count == 0)
            return left;
        if (Due(memory, children[first], creator.Image) is { Count: > 0 } due)
            memory = Fill(puppet, memory, due);
        var count = 1;
        while (count < left && Due(memory, children[first + count], creator.Image).Count == 0)
            count++;
        return count;
    }

    public void Born(Puppet creator, Puppet child)
    {
        if (_memory.Of(creator) is { Mappings.Count: > 0 } memory)
            _memory.Set(child, memory);
    }

    public void Dispose()
    {
        foreach (var reader in _readers.Values)
            reader.Dispose();
        _readers.Clear();
    }

    private List<VersionedRange> Due(PuppetMemory memory, PlannedTask child, TaskImage? creator)
    {
        if (NeedOf(child, creator) is not { Count: > 0 } need)
            return [];
        var missing = VersionedRanges.Missing(need, memory.Pages);
        return missing.Count == 0 ? missing : VersionedRanges.Within(missing, memory.Mappings.Select(m => m.Range).ToList());
    }

    /// <summary>A helper needs what the creator's children have to find that it makes: those of an ended session leader, for one.</summary>
    private IReadOnlyList<VersionedRange> NeedOf(PlannedTask child, TaskImage? creator)
    {
        if (child.Image is { } image)
            return _plan.NeedOf(image);
        IReadOnlyList<VersionedRange> all = [];
        foreach (var next in (ReadOnlySpan<List<PlannedTask>>)[child.Before, child.After])
            foreach (var task in next)
                if (task.Image is null || task.Image.Parent == creator)
                    // Of different contents in one place those of the first are there at its birth, and the next ones' are put there by the helper.
                    all = Add(all, NeedOf(task, creator));
        return all;
    }

    private static IReadOnlyList<VersionedRange> Add(IReadOnlyList<VersionedRange> first, IReadOnlyList<VersionedRange> second)
        => second.Count == 0 ? first : first.Count == 0 ? second
            : VersionedRanges.Ordered([.. first, .. VersionedRanges.Without(second, [.. first.Select(f => f.Range)])]);

    /// <summary>What the puppet inherited goes: it and its descendants share among themselves alone.</summary>
    private void Drop(Puppet puppet)
    {
        var batch = new SyscallBatch();
        foreach (var mapping in _memory.Of(puppet).Mappings)
        {
            if (batch.ArenaBytes + 4096 > puppet.ArenaSize)
            {
                puppet.Run(batch);
                batch.Reset();
            }
            batch.Must("dropping", mapping.Range, Sys.munmap, mapping.Range.Start, mapping.Range.Length);
        }
        puppet.Run(batch);
        _memory.Set(puppet, PuppetMemory.Empty);
    }

    /// <summary>Maps what the puppet has not inherited itself. What cannot be mapped is left out: the children get copies.</summary>
    private void Map(Puppet puppet, IReadOnlyList<InheritedMapping> wanted)
    {
        var memory = _memory.Of(puppet);
        var news = new List<InheritedMapping>();
        foreach (var mapping in wanted)
            if (memory.Covering(mapping.Range) is not { } present || !present.IsLike(mapping.Like))
                news.Add(mapping);
        var made = new List<InheritedMapping>();
        var batch = new SyscallBatch();
        var tried = new List<(InheritedMapping Mapping, Slot Slot)>();
        foreach (var mapping in news)
        {
            if (batch.ArenaBytes + 4096 + 2 * mapping.Like.Path.Length > puppet.ArenaSize)
                Run();
            tried.Add((mapping, Add(batch, mapping)));
        }
        Run();
        // What lay there before is gone; what only reached into it goes on at its other addresses, with the pages that others have, too.
        var ranges = news.ConvertAll(m => m.Range);
        made.AddRange(InheritedMapping.Without(memory.Mappings, ranges));
        made.Sort(static (a, b) => a.Range.Start.CompareTo(b.Range.Start));
        _memory.Set(puppet, new PuppetMemory(made, VersionedRanges.Without(memory.Pages, ranges)));

        void Run()
        {
            puppet.Run(batch);
            foreach (var (mapping, slot) in tried)
                if (batch.ErrnoOf(slot) == Errno.None)
                    made.Add(mapping);
            tried.Clear();
            batch.Reset();
        }
    }

    private static Slot Add(SyscallBatch batch, in InheritedMapping mapping)
    {
        var (range, vma) = (mapping.Range, mapping.Like.Vma);
        var (protection, flags) = ((int)MappingFlags.WhileFilling(vma), MappingFlags.OfMmap(vma));
        batch.Must("unmapping", range, Sys.munmap, range.Start, range.Length);
        if (vma.Kind == VmaType.Anonymous)
            return batch.Try(Sys.mmap, range.Start, range.Length, protection, flags, -1, 0);
        var file = batch.Try(Sys.open, batch.Text(mapping.Like.Path), FileNative.O_RDONLY | FileNative.O_CLOEXEC);
        var slot = batch.Try(Sys.mmap, range.Start, range.Length, protection, flags, file, mapping.PageOffset * ImageFormat.PageSize);
        batch.Try(Sys.close, file);
        return slot;
    }

    private PuppetMemory Fill(Puppet puppet, PuppetMemory memory, List<VersionedRange> due)
    {
        var batch = new SyscallBatch();
        foreach (var (range, _) in VersionedRanges.Within(memory.Pages, due.ConvertAll(d => d.Range)))
        {
            // Children have it still: this one's own place is emptied first.
            if (batch.ArenaBytes + 4096 > puppet.ArenaSize)
            {
                puppet.Run(batch);
                batch.Reset();
            }
            batch.Must("emptying", range, Sys.madvise, range.Start, range.Length, DontNeed);
        }
        puppet.Run(batch);
        using var forced = new Lazily(puppet.Pid);
        foreach (var (range, version) in due)
        {
            var writable = (MappingFlags.WhileFilling(memory.Covering(range)!.Value.Like.Vma) & MemoryProtection.Write) != 0;
            var pieces = ReaderOf(version);
            pieces.Seek(range);
            while (pieces.Next())
                if (writable)
                    ProcessMemory.Write(puppet.Pid, pieces.Address, pieces.Bytes);
                else
                    forced.File.Write(pieces.Address, pieces.Bytes);
        }
        memory = memory with { Pages = VersionedRanges.Put(memory.Pages, due) };
        _memory.Set(puppet, memory);
        return memory;
    }

    private StoredPieces ReaderOf(uint version)
    {
        if (_readers.TryGetValue(version, out var reader))
            return reader;
        if (_readers.Count == MostReaders)
            Dispose();
        return _readers[version] = new StoredPieces(_file, _shared, version);
    }

    /// <summary>/proc/PID/mem, which gets past the rights; opened where it is needed.</summary>
    private sealed class Lazily(int pid) : IDisposable
    {
        private ProcessMemoryFile? _file;

        public ProcessMemoryFile File => _file ??= ProcessMemoryFile.TryOpen(pid, writable: true)
            ?? throw new CrTargetException("CrPuppetFailed", $"The process {pid} that was to become a restored task ended early.", "Was it killed? Nothing was left behind; try again.") { Pid = pid };

        public void Dispose() => _file?.Dispose();
    }
}
