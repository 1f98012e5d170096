using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>Reads a file's contents into records and writes them back, holes kept.</summary>
internal static class FileContents
{
    /// <param name="file">Opened for reading; its offset moves.</param>
    /// <param name="size">In bytes, as stat(2) gave it.</param>
    /// <param name="label">For messages.</param>
    public static IEnumerable<FileDataRecord> Read(OwnDescriptor file, uint objRef, long size, string label)
    {
        // One of huge pages knows no holes, and a page of zeros is as good as one.
        var dropsZeros = FileSystemType.HugePageBytesOf(file) > 0;
        for (long at = 0; at < size;)
        {
            var start = file.SeekData(at);
            if (start == -(int)Errno.ENXIO)
                yield break;
            // A file system that knows no holes says so (EINVAL), and all of the file is data.
            start = start < 0 ? at : start;
            var end = file.SeekHole(start);
            end = end < 0 ? size : Math.Min(end, size);
            for (at = start; at < end;)
            {
                var buffer = new byte[Math.Min(FileDataRecord.MaxBytes, end - at)];
                var n = file.ReadAt(buffer, at);
                if (n < 0)
                    throw new CrKernelException("CrFileReadFailed", $"Reading {label} at {at}", (Errno)(-n)) { Object = label };
                if (n == 0)
                    yield break;
                if (!dropsZeros || buffer.AsSpan(0, (int)n).ContainsAnyExcept((byte)0))
                    yield return new FileDataRecord(objRef, at, buffer.AsMemory(0, (int)n));
                at += n;
            }
        }
    }

    /// <summary>Fills a new, empty file.</summary>
    public static void Write(OwnDescriptor file, long size, IEnumerable<FileDataRecord> contents, string label)
    {
        Require(file.Truncate(size), "Setting the size of", label);
        var pageBytes = FileSystemType.HugePageBytesOf(file);
        foreach (var piece in contents)
            if (pageBytes == 0)
                Write(file, piece, label);
            else
                Require(MappedWriting.Write(file, piece.Offset, piece.Bytes.Span, pageBytes), "Writing the contents of", label);
    }

    private static void Write(OwnDescriptor file, FileDataRecord piece, string label)
    {
        var bytes = piece.Bytes.Span;
        for (var at = piece.Offset; bytes.Length > 0;)
        {
            var n = file.WriteAt(bytes, at);
            if (n <= 0)
                Require(n < 0 ? (Errno)(-n) : Errno.EIO, "Writing the contents of", label);
            bytes = bytes[(int)n..];
            at += n;
        }
    }

    private static void Require(Errno errno, string doing, string label)
    {
        if (errno != Errno.None)
            throw new CrKernelException("CrGhostFailed", $"{doing} {label}", errno) { Object = label };
    }
}
