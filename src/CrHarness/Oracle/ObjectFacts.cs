using System.Buffers;
using CrHarness.Kernel;

namespace CrHarness.Oracle;

/// <summary>Contents of objects that tasks share or that have no name: shared memory, memfds, deleted files. Once each.</summary>
internal static class ObjectFacts
{
    private const long Most = 256L << 20;
    private const int SeekData = 3;

    /// <param name="context">The snapshot.</param>
    /// <param name="number">The object's canonical number.</param>
    /// <param name="key">Its identity on this machine.</param>
    /// <param name="path">A link in /proc that opens it.</param>
    /// <returns>False when it cannot be opened that way.</returns>
    public static bool AddContents(SnapshotContext context, string number, string key, string path)
    {
        if (!context.Options.Pages || !context.SeenObjects.Add("object " + key))
            return true;
        var fd = Native.open(path, 0x80000);
        if (fd < 0)
            return false;
        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(fd, ownsHandle: true);
        var length = Native.lseek(fd, 0, 2);
        var pages = new SortedDictionary<ulong, ulong>();
        var buffer = ArrayPool<byte>.Shared.Rent(4096);
        // Holes are passed over: reading them must not fill them.
        for (var at = Native.lseek(fd, 0, SeekData); at >= 0 && at < Math.Min(length, Most);)
        {
            var got = RandomAccess.Read(handle, buffer.AsSpan(0, 4096), at);
            if (got > 0 && !PageHash.IsZero(buffer.AsSpan(0, got)))
                pages[(ulong)at] = PageHash.Of(buffer.AsSpan(0, got));
            at = Native.lseek(fd, at + 4096, SeekData);
        }
        ArrayPool<byte>.Shared.Return(buffer);
        context.Snapshot.Add("object " + number, "length", length.ToString());
        context.Snapshot.Pages["object " + number] = pages;
        return true;
    }
}
