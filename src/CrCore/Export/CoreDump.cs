using System.Buffers;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Inspection;
using CrCore.Kernel;

namespace CrCore.Export;

/// <summary>
/// Writes a saved task as an ELF core (elf(5), core(5)) that debuggers open: threads, registers, memory, mapped files. It appears
/// under its name only when it is complete, and its owner alone can read it.
/// </summary>
public sealed class CoreDump(ImageFile image, bool includeFiles, Action<long, long>? progress = null)
{
    private const int HeaderSize = 64, ProgramHeaderSize = 56, SectionHeaderSize = 64;

    /// <summary>PN_XNUM of elf.h: more program headers are counted in section header 0.</summary>
    private const int ManyHeaders = 0xffff;

    private const int Piece = 1 << 20;

    /// <returns>The file's length.</returns>
    /// <exception cref="CrException">There is no file.</exception>
    public long Write(TaskImage task, string path, bool overwrite, CancellationToken cancel = default)
    {
        if (task.Task.IsEnded)
            throw new CrArgumentException("CrTaskHasNoMemory", $"{task} has ended: it has no memory to write.", "Choose a task that lives.");
        using var memory = new ImageMemory(image);
        var segments = CoreSegments.Of(task, memory, includeFiles);
        var notes = CoreNotes.Of(task, memory);
        using var file = AtomicImageFile.Create(path, overwrite);
        try
        {
            var length = WriteFront(file.Stream, segments, notes);
            WriteMemory(file.Stream, task, memory, segments, length, cancel);
        }
        catch (Exception e) when (WriteError.Is(e))
        {
            throw WriteError.Of(e, "write the core");
        }
        var total = file.Stream.Length;
        file.Commit();
        return total;
    }

    /// <summary>ELF header, program headers, notes.</summary>
    /// <returns>Where the memory starts.</returns>
    private static long WriteFront(Stream stream, List<CoreSegment> segments, ReadOnlyMemory<byte> notes)
    {
        var count = segments.Count + 1;
        var many = count >= ManyHeaders;
        var notesAt = HeaderSize + ((long)count * ProgramHeaderSize) + (many ? SectionHeaderSize : 0);
        var memoryAt = Align(notesAt + notes.Length);
        var front = new ArrayBufferWriter<byte>((int)memoryAt);
        var w = new FieldWriter(front);
        WriteHeader(ref w, count, many);
        WriteProgramHeader(ref w, 4, 0, notesAt, 0, notes.Length, 0, 0);
        var offset = memoryAt;
        foreach (var segment in segments)
        {
            var size = (long)(segment.End - segment.Start);
            WriteProgramHeader(ref w, 1, Flags(segment.Rights), offset, segment.Start, segment.HasBytes ? size : 0, size, ImageFormat.PageSize);
            offset += segment.HasBytes ? size : 0;
        }
        if (many)
        {
            // A section of type 0 whose sh_info is the real number.
            w.Raw(stackalloc byte[44]);
            w.U32((uint)count);
            w.Raw(stackalloc byte[16]);
        }
        w.Raw(notes.Span);
        stream.Write(front.WrittenSpan);
        return memoryAt;
    }

    private void WriteMemory(Stream stream, TaskImage task, ImageMemory memory, List<CoreSegment> segments, long offset, CancellationToken cancel)
    {
        var buffer = new byte[Piece];
        long done = 0, total = 0;
        foreach (var segment in segments)
            total += segment.HasBytes ? (long)(segment.End - segment.Start) : 0;
        foreach (var segment in segments)
        {
            if (!segment.HasBytes)
                continue;
            for (var at = segment.Start; at < segment.End;)
            {
                cancel.ThrowIfCancellationRequested();
                var zero = memory.ZeroBytes(task, at);
                if (zero > 0)
                {
                    // A hole: it reads as zeros and takes no room.
                    at += zero;
                    continue;
                }
                var n = memory.Read(task, at, buffer.AsSpan(0, (int)Math.Min(Piece, segment.End - at)), out _);
                stream.Position = offset + (long)(at - segment.Start);
                stream.Write(buffer.AsSpan(0, n));
                at += (ulong)n;
                progress?.Invoke(done + (long)(at - segment.Start), total);
            }
            done += (long)(segment.End - segment.Start);
            offset += (long)(segment.End - segment.Start);
        }
        stream.SetLength(offset);
    }

    /// <summary>Elf64_Ehdr: 64-bit, little-endian, ET_CORE, EM_X86_64.</summary>
    private static void WriteHeader(ref FieldWriter w, int count, bool many)
    {
        w.Raw([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        w.U16(4);
        w.U16(62);
        w.U32(1);
        w.U64(0);
        w.U64(HeaderSize);
        w.U64(many ? HeaderSize + ((ulong)count * ProgramHeaderSize) : 0);
        w.U32(0);
        w.U16(HeaderSize);
        w.U16(ProgramHeaderSize);
        w.U16(many ? (ushort)ManyHeaders : (ushort)count);
        w.U16(many ? (ushort)SectionHeaderSize : (ushort)0);
        w.U16(many ? (ushort)1 : (ushort)0);
        w.U16(0);
    }

    private static void WriteProgramHeader(ref FieldWriter w, uint type, uint flags, long offset, ulong address, long fileSize, long memorySize, ulong align)
    {
        w.U32(type);
        w.U32(flags);
        w.I64(offset);
        w.U64(address);
        w.U64(0);
        w.I64(fileSize);
        w.I64(memorySize);
        w.U64(align);
    }

    /// <summary>PF_X 1, PF_W 2, PF_R 4.</summary>
    private static uint Flags(MemoryProtection rights)
        => ((rights & MemoryProtection.Read) != 0 ? 4u : 0) | ((rights & MemoryProtection.Write) != 0 ? 2u : 0) | ((rights & MemoryProtection.Execute) != 0 ? 1u : 0);

    private static long Align(long offset) => (offset + ImageFormat.PageSize - 1) & -ImageFormat.PageSize;
}
