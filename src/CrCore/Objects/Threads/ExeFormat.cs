namespace CrCore.Objects.Threads;

/// <summary>The word size of a task's program, from its file (elf(5)).</summary>
internal static class ExeFormat
{
    private const int ClassAt = 4;
    private const byte Class32 = 1;

    /// <summary>false, too, for a task that is gone, has no program or whose program cannot be read: the freeze looks at its code segment.</summary>
    public static bool Is32Bit(int pid)
    {
        try
        {
            using var file = File.OpenHandle($"/proc/{pid}/exe");
            Span<byte> ident = stackalloc byte[5];
            return RandomAccess.Read(file, ident, 0) == ident.Length && ident.StartsWith("\x7f"u8) && ident[ClassAt] == Class32;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
