using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>
/// What was read of tasks' links and of some of their files in proc(5), kept for all <see cref="ProcReader"/>s that are given
/// it: many kinds ask for the same. Only files are kept that do not change while a task stands still (time flows on in
/// fdinfo of a timer). Right as long as the tasks do, or where what was true a moment ago is good enough. Several threads
/// may use it. Once it has 64 MiB, what is not there is read anew each time.
/// </summary>
public sealed class ProcFacts
{
    private const long MaxBytes = 64 << 20;

    private readonly ConcurrentDictionary<Key, byte[]> _texts = new();
    private readonly ConcurrentDictionary<(int Pid, int Tid), ProcStatus> _statuses = new();
    private readonly ConcurrentDictionary<(int Pid, int Tid), ulong[]> _namespaces = new();
    private readonly ConcurrentDictionary<int, MemoryMapping[]> _mappings = new();
    private readonly ConcurrentDictionary<int, DetailedMapping[]> _details = new();
    private long _bytes;

    /// <summary>Forgets all: tasks have moved.</summary>
    public void Clear()
    {
        _texts.Clear();
        _statuses.Clear();
        _namespaces.Clear();
        _mappings.Clear();
        _details.Clear();
        _bytes = 0;
    }

    /// <summary>Takes over links, texts and namespaces that are known there, and not here.</summary>
    internal void Take(ProcFacts other)
    {
        foreach (var (key, text) in other._texts)
            if (_texts.TryAdd(key, text))
                Interlocked.Add(ref _bytes, text.Length + Unsafe.SizeOf<Key>());
        foreach (var (task, inodes) in other._namespaces)
            if (_namespaces.TryAdd(task, inodes))
                Interlocked.Add(ref _bytes, inodes.Length * sizeof(ulong));
    }

    internal bool TryGet(scoped in Key key, out ReadOnlySpan<byte> text)
    {
        var known = _texts.TryGetValue(key, out var bytes);
        text = bytes;
        return known;
    }

    internal void Add(scoped in Key key, scoped ReadOnlySpan<byte> text)
    {
        if (Interlocked.Read(ref _bytes) < MaxBytes && _texts.TryAdd(key, text.ToArray()))
            Interlocked.Add(ref _bytes, text.Length + Unsafe.SizeOf<Key>());
    }

    /// <summary>A status in its parsed form: half of the kinds ask for it, of each thread.</summary>
    internal bool TryGetStatus(TaskDir dir, [NotNullWhen(true)] out ProcStatus? status) => _statuses.TryGetValue(StatusKey(dir), out status);

    internal void Add(TaskDir dir, ProcStatus status)
    {
        if (Interlocked.Read(ref _bytes) < MaxBytes && _statuses.TryAdd(StatusKey(dir), status))
            Interlocked.Add(ref _bytes, ProcStatus.ApproximateSize);
    }

    /// <summary>The namespaces of a task as <see cref="ProcNamespaces.TryReadAll"/> gives them.</summary>
    internal bool TryGetNamespaces(TaskDir dir, [NotNullWhen(true)] out ulong[]? inodes) => _namespaces.TryGetValue(StatusKey(dir), out inodes);

    internal void AddNamespaces(TaskDir dir, ReadOnlySpan<ulong> inodes)
    {
        if (Interlocked.Read(ref _bytes) < MaxBytes && _namespaces.TryAdd(StatusKey(dir), inodes.ToArray()))
            Interlocked.Add(ref _bytes, inodes.Length * sizeof(ulong));
    }

    /// <summary>The mappings of a process: a third of the kinds looks at all of them.</summary>
    internal bool TryGetMappings(TaskDir dir, [NotNullWhen(true)] out MemoryMapping[]? mappings) => _mappings.TryGetValue(dir.Pid, out mappings);

    internal void AddMappings(TaskDir dir, ReadOnlySpan<MemoryMapping> mappings)
    {
        if (Interlocked.Read(ref _bytes) < MaxBytes && _mappings.TryAdd(dir.Pid, mappings.ToArray()))
            Interlocked.Add(ref _bytes, (long)mappings.Length * Unsafe.SizeOf<MemoryMapping>());
    }

    /// <summary>What only smaps tells of them.</summary>
    internal bool TryGetDetails(TaskDir dir, [NotNullWhen(true)] out DetailedMapping[]? mappings) => _details.TryGetValue(dir.Pid, out mappings);

    internal void AddDetails(TaskDir dir, DetailedMapping[] mappings)
    {
        if (Interlocked.Read(ref _bytes) < MaxBytes && _details.TryAdd(dir.Pid, mappings))
            Interlocked.Add(ref _bytes, (long)mappings.Length * Unsafe.SizeOf<DetailedMapping>());
    }

    // The status of a process is that of its leader (proc_pid_status in fs/proc/array.c); most other files are not.
    private static (int, int) StatusKey(TaskDir dir) => (dir.Pid, dir.Tid == dir.Pid ? 0 : dir.Tid);

    /// <summary>A file or link of a task: its name as it is, in up to 24 bytes. Longer names, and what is no task's, have no key.</summary>
    internal readonly record struct Key(int Pid, int Tid, int Number, bool IsLink, ulong NameStart, ulong NameMiddle, ulong NameEnd)
    {
        private const int MaxName = 24;

        public static bool TryMake(TaskDir dir, ReadOnlySpan<byte> name, int number, bool isLink, out Key key)
        {
            key = default;
            if (dir.Pid == 0 || name.IsEmpty || name.Length > MaxName || !(isLink || StandsStill(name)))
                return false;
            // Not a UInt128: its layout is not settled, so that no code that has one is compiled ahead of time.
            Span<ulong> words = stackalloc ulong[MaxName / sizeof(ulong)];
            words.Clear();
            name.CopyTo(MemoryMarshal.AsBytes(words));
            // What hangs on a thread is the leader's for the process; the numbers of stat are another thing.
            var tid = dir.Tid == dir.Pid && (isLink || !name.SequenceEqual("stat"u8)) ? 0 : dir.Tid;
            key = new Key(dir.Pid, tid, number, isLink, words[0], words[1], words[2]);
            return true;
        }

        private static bool StandsStill(ReadOnlySpan<byte> name)
            => name.SequenceEqual("stat"u8) || name.SequenceEqual("limits"u8)
            || name.SequenceEqual("cgroup"u8) || name.SequenceEqual("loginuid"u8)
            || name.SequenceEqual("auxv"u8) || name.SequenceEqual("timers"u8) || name.SequenceEqual("coredump_filter"u8) || name.SequenceEqual("oom_score_adj"u8);
    }
}
