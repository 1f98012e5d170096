using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace CrHarness.Oracle;

/// <summary>A fast 64-bit hash for telling page contents apart. Not cryptographic; no adversary sits in a test's memory.</summary>
internal static class PageHash
{
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    public static ulong Of(ReadOnlySpan<byte> data)
    {
        var hash = (ulong)data.Length * Multiplier;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (var word in words)
            hash = BitOperations.RotateLeft((hash ^ word) * Multiplier, 29);
        foreach (var tail in data[(words.Length * 8)..])
            hash = BitOperations.RotateLeft((hash ^ tail) * Multiplier, 29);
        return hash ^ hash >> 32;
    }

    public static bool IsZero(ReadOnlySpan<byte> data) => data.IndexOfAnyExcept((byte)0) < 0;
}
