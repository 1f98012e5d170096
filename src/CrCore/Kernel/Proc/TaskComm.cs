using System.Runtime.CompilerServices;
using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>
/// A task's name as the kernel keeps it: up to 15 bytes of any value but zero (TASK_COMM_LEN is 16). Names of kernel
/// threads that /proc shows longer are cut.
/// </summary>
public readonly struct TaskComm : IEquatable<TaskComm>
{
    public const int MaxLength = 15;

    [InlineArray(16)]
    private struct Bytes
    {
        private byte _first;
    }

    // The last byte is the length, so the span can be given out without a search for the zero.
    private readonly Bytes _bytes;

    public TaskComm(ReadOnlySpan<byte> name)
    {
        if (name.Length > MaxLength)
            name = name[..MaxLength];
        name.CopyTo(_bytes);
        _bytes[MaxLength] = (byte)name.Length;
    }

    public int Length => _bytes[MaxLength];

    /// <summary>Copies the name, without a zero at its end; returns its length in bytes.</summary>
    public int CopyTo(Span<byte> destination)
    {
        ReadOnlySpan<byte> all = _bytes;
        all[..Length].CopyTo(destination);
        return Length;
    }

    public byte[] ToArray()
    {
        ReadOnlySpan<byte> all = _bytes;
        return all[..Length].ToArray();
    }

    public bool Equals(TaskComm other)
    {
        ReadOnlySpan<byte> mine = _bytes, theirs = other._bytes;
        return mine.SequenceEqual(theirs);
    }

    public override bool Equals(object? obj) => obj is TaskComm other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    public static bool operator ==(TaskComm left, TaskComm right) => left.Equals(right);

    public static bool operator !=(TaskComm left, TaskComm right) => !left.Equals(right);

    /// <summary>The name as text without loss (<see cref="LinuxText"/>).</summary>
    public override string ToString()
    {
        ReadOnlySpan<byte> all = _bytes;
        return LinuxText.Decode(all[..Length]);
    }
}
