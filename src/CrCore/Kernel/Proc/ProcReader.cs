using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;

namespace CrCore.Kernel;

/// <summary>
/// Reads files, links and directories of proc(5) into one pooled buffer that grows and is kept. What it returns
/// is valid until its next call. Not for several threads at once.
/// <para>The files of a zombie belong to root (task_dump_owner in fs/proc/base.c): for an ordinary user all that is
/// readable by the owner alone (fd, environ, auxv, personality, syscall, pagemap, mem) is EACCES, though the zombie is
/// their own. Look at the state in stat first; stat, status and children can be read.</para>
/// <para>The Try methods return false when the task is gone (ENOENT or ESRCH, which a file about the
/// address space of a zombie may give, too, or else it is empty: proc_mem_open in fs/proc/base.c); every other error is a
/// <see cref="CrKernelException"/> with id <c>CrProcReadFailed</c>.</para>
/// </summary>
/// <param name="facts">Where files and links of tasks are looked up first, and kept; by default all is read anew.</param>
public sealed class ProcReader(ProcFacts? facts = null) : IDisposable
{
    // Files of proc/sys refuse a read of 4 MiB or more (proc_sys_call_handler in fs/proc/proc_sysctl.c), and the buffer can have grown that large.
    private const int LargestRead = 1 << 20;

    // Records are made in a buffer of 4 KiB, and one that no longer fits is made again for the next read (seq_read_iter in fs/seq_file.c): with
    // smaps, after a second walk over a mapping's page tables. Whoever asks for less than the buffer holds is given what is there first.
    private const int LargestReadOfWalks = 3072;

    // Large enough for every file of an ordinary task, so that growth is the exception.
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);

    private ProcStatus? _own;

    /// <summary>The status of this very process, read once: one piece of work asks for its capabilities and ids again and again.</summary>
    internal ProcStatus? Own => _own ??= ProcStatus.TryRead(this, Environment.ProcessId, out var own) ? own : null;

    /// <summary>What this reader was given to look up first; null where it reads all anew.</summary>
    internal ProcFacts? Facts => facts;

    /// <summary>Reads a file of a task whole, e.g. <c>TryRead(pid, "stat"u8, out var text)</c>.</summary>
    /// <param name="name">Path below the task's directory, at most 64 bytes.</param>
    /// <param name="number">A last component that is a number (<c>fdinfo/3</c>), or -1.</param>
    public bool TryRead(TaskDir dir, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> text, int number = -1)
    {
        var key = default(ProcFacts.Key);
        var kept = facts is not null && ProcFacts.Key.TryMake(dir, name, number, isLink: false, out key);
        if (kept && facts!.TryGet(key, out text))
            return true;
        var path = new ProcPath(stackalloc byte[ProcPath.Size], dir, name, number);
        text = default;
        var fd = FileNative.Open(path.Terminated, FileNative.O_RDONLY);
        if (fd < 0)
            return GoneOrThrow(dir, path, "Opening");
        try
        {
            var length = 0;
            var most = name.SequenceEqual("smaps"u8) ? LargestReadOfWalks : LargestRead;
            while (true)
            {
                if (length == _buffer.Length)
                    Grow(length);
                var n = FileNative.Read(fd, _buffer.AsSpan(length, Math.Min(_buffer.Length - length, most)));
                if (n < 0)
                    return GoneOrThrow(dir, path, "Reading");
                length += n;
                if (n == 0 || (length < _buffer.Length && IsOneRecord(name)))
                    break;
            }
            text = _buffer.AsSpan(0, length);
            if (kept)
                facts!.Add(key, text);
            return true;
        }
        finally
        {
            _ = FileNative.Close(fd);
        }
    }

    /// <summary>
    /// Files that are written as one record (ONE in fs/proc/base.c, single_show): what has room is given whole by the first read, and
    /// a second would only say that there is no more.
    /// </summary>
    private static bool IsOneRecord(ReadOnlySpan<byte> name)
        => name.SequenceEqual("status"u8) || name.SequenceEqual("stat"u8) || name.SequenceEqual("cgroup"u8) || name.SequenceEqual("loginuid"u8) || name.SequenceEqual("syscall"u8);

    /// <summary>Reads a file that does not belong to a task, e.g. <c>sys/kernel/pid_max</c>; its absence is an error.</summary>
    /// <exception cref="CrKernelException">The file does not exist (ENOENT: an older kernel, an option not built in) or cannot be read.</exception>
    public ReadOnlySpan<byte> ReadSystem(ReadOnlySpan<byte> name)
    {
        if (TryRead(default, name, out var text))
            return text;
        var path = new ProcPath(stackalloc byte[ProcPath.Size], default, name);
        throw KernelError.FromLast("CrProcReadFailed", $"Reading {path.ToString()} failed", 0, path.ToString());
    }

    /// <summary>Reads what a link of a task says, e.g. <c>fd/3</c>. " (deleted)" at its end is the kernel's or the name's own.</summary>
    public bool TryReadLink(TaskDir dir, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> target, int number = -1)
    {
        var key = default(ProcFacts.Key);
        var kept = facts is not null && ProcFacts.Key.TryMake(dir, name, number, isLink: true, out key);
        if (kept && facts!.TryGet(key, out target))
            return true;
        var path = new ProcPath(stackalloc byte[ProcPath.Size], dir, name, number);
        target = default;
        var n = FileNative.ReadLink(path.Terminated, _buffer);
        if (n < 0)
            return GoneOrThrow(dir, path, "Reading the link");
        // proc_pid_readlink gives at most PATH_MAX bytes (ENAMETOOLONG beyond), and the buffer is larger.
        target = _buffer.AsSpan(0, n);
        if (kept)
            facts!.Add(key, target);
        return true;
    }

    /// <summary>Adds the names of a directory that are numbers (tids, descriptors) to <paramref name="numbers"/>, ascending as the kernel lists them.</summary>
    public bool TryListNumbers(TaskDir dir, ReadOnlySpan<byte> name, ICollection<int> numbers)
    {
        var path = new ProcPath(stackalloc byte[ProcPath.Size], dir, name);
        var fd = FileNative.Open(path.Terminated, FileNative.O_RDONLY | FileNative.O_DIRECTORY);
        if (fd < 0)
            return GoneOrThrow(dir, path, "Opening");
        try
        {
            while (true)
            {
                var n = FileNative.GetDents(fd, _buffer);
                if (n < 0)
                    return GoneOrThrow(dir, path, "Listing");
                if (n == 0)
                    return true;
                AddNumbers(_buffer.AsSpan(0, n), numbers);
            }
        }
        finally
        {
            _ = FileNative.Close(fd);
        }
    }

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    // struct linux_dirent64 (include/linux/dirent.h): ino 8, off 8, reclen 2, type 1, then the name.
    private static void AddNumbers(ReadOnlySpan<byte> entries, ICollection<int> numbers)
    {
        const int reclenAt = 16, nameAt = 19;
        while (!entries.IsEmpty)
        {
            var size = BinaryPrimitives.ReadUInt16LittleEndian(entries[reclenAt..]);
            var entryName = entries[nameAt..size];
            if (Utf8Parser.TryParse(entryName, out int number, out var used) && entryName[used] == 0)
                numbers.Add(number);
            entries = entries[size..];
        }
    }

    private void Grow(int keep)
    {
        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, keep).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    private static bool GoneOrThrow(TaskDir dir, in ProcPath path, string doing)
    {
        var errno = KernelError.Last;
        if (errno is Errno.ENOENT or Errno.ESRCH)
            return false;
        throw KernelError.Create("CrProcReadFailed", $"{doing} {path.ToString()} failed", errno, dir.Task, path.ToString());
    }
}
