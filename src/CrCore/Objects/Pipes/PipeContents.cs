using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Pipes;

/// <summary>Copies what is in a pipe without taking it, and puts it into a new one.</summary>
internal static class PipeContents
{
    private const int PollErr = 8;

    /// <summary>The pipe's record and what is in it.</summary>
    public static IEnumerable<ICrRecord> Read(DescriptorCapture capture, Descriptor d, uint objRef)
    {
        using var own = capture.Borrow(d);
        var capacity = own.PipeSize;
        if (capacity < 0)
            throw Failed("Asking for the size of", d, capacity);
        yield return new PipeRecord(objRef, (uint)capacity);
        if (d.CanRead)
        {
            foreach (var piece in Read(own, objRef, capacity, d))
                yield return piece;
            yield break;
        }
        // Nobody can read what a pipe without readers holds. With one, opening it once more is unnoticed: only the end of
        // the last reader would be (pipe_release in fs/pipe.c).
        if ((own.PollNow(0) & PollErr) != 0)
            yield break;
        using var reader = DescriptorCapture.Reopen(d, OpenFlags.ReadOnly | OpenFlags.NonBlock);
        foreach (var piece in Read(reader, objRef, capacity, d))
            yield return piece;
    }

    /// <summary>
    /// tee(2) lets a pipe of our own refer to the same buffers. They keep their packet marks, so that each read from it
    /// gives one packet, or else all there is.
    /// </summary>
    private static List<PipeDataRecord> Read(OwnDescriptor source, uint objRef, long capacity, Descriptor d)
    {
        var pieces = new List<byte[]>();
        var due = source.Available;
        if (due <= 0)
            return due == 0 ? [] : throw Failed("Asking for the contents of", d, due);
        var (read, write) = OwnDescriptor.MakePipe();
        using (read)
        {
            using (write)
            {
                var size = write.SetPipeSize(capacity);
                if (size < 0)
                    throw Failed("Making a copy as large as", d, size);
                var copied = source.Tee(write, int.MaxValue);
                if (copied != due)
                    throw Failed("Copying the contents of", d, copied < 0 ? copied : -(int)Errno.EAGAIN);
            }
            var buffer = new byte[due];
            for (var left = due; left > 0;)
            {
                var n = read.Read(buffer);
                if (n <= 0)
                    throw Failed("Reading the copy of", d, n < 0 ? n : -(int)Errno.EIO);
                pieces.Add(buffer.AsSpan(0, (int)n).ToArray());
                left -= n;
            }
        }
        return ToRecords(pieces, objRef, isPacketMode: pieces.Count > 1 || (d.Flags & OpenFlags.Direct) != 0);
    }

    private static List<PipeDataRecord> ToRecords(List<byte[]> pieces, uint objRef, bool isPacketMode)
    {
        var records = new List<PipeDataRecord>();
        foreach (var piece in pieces)
            for (var at = 0; at < piece.Length; at += PipeDataRecord.MaxBytes)
                records.Add(new PipeDataRecord(objRef, isPacketMode, piece.AsMemory(at, Math.Min(PipeDataRecord.MaxBytes, piece.Length - at))));
        return records;
    }

    /// <summary>Gives a new pipe its size and contents.</summary>
    /// <param name="end">Opened for writing; it is left with the flags it had.</param>
    public static void Write(OwnDescriptor end, PipeRecord pipe, SavedDescription saved)
    {
        if (end.PipeSize != pipe.Capacity)
        {
            var size = end.SetPipeSize(pipe.Capacity);
            if (size < 0)
                throw new CrKernelException("CrPipeFailed", $"Giving the pipe of {saved.Task}, {saved.Label}, its size of {pipe.Capacity} bytes", (Errno)(-size),
                    "Without CAP_SYS_RESOURCE the bound is /proc/sys/fs/pipe-max-size.") { Object = saved.Label };
        }
        Fill(end, saved);
    }

    /// <summary>Puts the contents in; the end is left with the flags it had.</summary>
    public static void Fill(OwnDescriptor end, SavedDescription saved)
    {
        var flags = end.StatusFlags;
        foreach (var record in saved.Records)
            if (record is PipeDataRecord piece && piece.Pipe == saved.Data.Object)
                Write(end, piece, saved);
        end.SetStatusFlags(flags);
    }

    private static void Write(OwnDescriptor end, PipeDataRecord piece, SavedDescription saved)
    {
        // Non-blocking: an image that claims more than the pipe holds must not hang the restore.
        end.SetStatusFlags(OpenFlags.NonBlock | (piece.IsPacket ? OpenFlags.Direct : 0));
        var n = end.Write(piece.Bytes.Span);
        if (n != piece.Bytes.Length)
            throw new CrKernelException("CrPipeFailed", $"Putting {piece.Bytes.Length} bytes back into the pipe of {saved.Task}, {saved.Label}", n < 0 ? (Errno)(-n) : Errno.ENOSPC) { Object = saved.Label };
    }

    private static CrKernelException Failed(string doing, Descriptor d, long result)
        => new("CrPipeFailed", $"Task {d.Pid}: {doing} {d.Label}", (Errno)(-result),
            (Errno)(-result) == Errno.EPERM ? "Copying a pipe of this size needs CAP_SYS_RESOURCE or a larger /proc/sys/fs/pipe-max-size." : null) { Pid = d.Pid, Object = d.Label };
}
