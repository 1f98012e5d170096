using System.Buffers.Text;
using System.Text;

namespace CrCore.Kernel;

/// <summary>
/// Names a directory of proc(5): /proc/PID of a process, or /proc/PID/task/TID of one of its threads. The numbers
/// are those of the pid namespace that /proc was mounted in.
/// </summary>
/// <param name="Tid">The thread, or 0 for the process as a whole.</param>
public readonly record struct TaskDir(int Pid, int Tid = 0)
{
    public static implicit operator TaskDir(int pid) => new(pid);

    /// <summary>The task whose state is read: the thread where one is named, else the leader.</summary>
    public int Task => Tid == 0 ? Pid : Tid;

    public override string ToString() => Tid == 0 ? $"/proc/{Pid}" : $"/proc/{Pid}/task/{Tid}";
}

/// <summary>
/// A path below /proc as UTF-8 bytes, written into a buffer of the caller's stack: loops over thousands of tasks make no garbage.
/// </summary>
internal ref struct ProcPath
{
    /// <summary>Bytes that hold every path made here: three numbers, "/proc//task//" and a name of up to 64 bytes.</summary>
    public const int Size = 128;

    private readonly Span<byte> _buffer;
    private int _length;

    /// <param name="name">The file below the directory, or the whole path below /proc where no task is named.</param>
    /// <param name="number">A last component that is a number (a descriptor), or -1.</param>
    public ProcPath(Span<byte> buffer, TaskDir dir, ReadOnlySpan<byte> name, int number = -1)
    {
        _buffer = buffer;
        _length = 0;
        Append("/proc"u8);
        if (dir.Pid != 0)
        {
            Append("/"u8);
            Append(dir.Pid);
        }
        if (dir.Tid != 0)
        {
            Append("/task/"u8);
            Append(dir.Tid);
        }
        if (!name.IsEmpty)
        {
            Append("/"u8);
            Append(name);
        }
        if (number >= 0)
        {
            Append("/"u8);
            Append(number);
        }
        _buffer[_length] = 0;
    }

    /// <summary>The path with its terminating zero byte.</summary>
    public readonly ReadOnlySpan<byte> Terminated => _buffer[..(_length + 1)];

    public override readonly string ToString() => Encoding.UTF8.GetString(_buffer[.._length]);

    private void Append(scoped ReadOnlySpan<byte> text)
    {
        text.CopyTo(_buffer[_length..]);
        _length += text.Length;
    }

    private void Append(int number)
    {
        Utf8Formatter.TryFormat(number, _buffer[_length..], out var n);
        _length += n;
    }
}
