using System.Buffers.Binary;
using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>
/// Where the checkpoint code goes: the zero padding behind the section headers of the target's own vdso. Nothing has to
/// be mapped first, so there is no moment in which a dying tracer leaves the target without a way back.
/// </summary>
internal sealed class InjectionSite : IDisposable
{
    private readonly ProcessMemoryFile _memory;
    private readonly int _pid;

    private InjectionSite(ProcessMemoryFile memory, int pid, ulong address)
    {
        _memory = memory;
        _pid = pid;
        Address = address;
    }

    /// <summary>First byte of the data block.</summary>
    public ulong Address { get; }

    /// <summary>Where the code starts.</summary>
    public ulong Entry => Address + CheckpointBlob.DataSize;

    /// <summary>Finds room in the vdso of a frozen task.</summary>
    /// <param name="pid">The task.</param>
    /// <param name="mappings">Its mappings.</param>
    /// <param name="threads">Its threads' registers: none may be inside the padding already.</param>
    /// <exception cref="CrTargetException">There is no vdso, or no room in it.</exception>
    public static InjectionSite Find(int pid, IReadOnlyList<MemoryMapping> mappings, IEnumerable<Registers> threads)
    {
        MemoryMapping? vdso = null;
        foreach (var m in mappings)
            if (m.Kind == MappingKind.Vdso)
                vdso = m;
        if (vdso is not { } v)
            throw NoRoom(pid, "it has no vdso mapping");
        var memory = ProcessMemoryFile.TryOpen(pid, writable: true) ?? throw new CrTargetException("CrTaskEnded", $"Task {pid} ended while it was frozen.") { Pid = pid };
        try
        {
            Span<byte> header = stackalloc byte[64];
            memory.Read(v.Start, header);
            // Elf64_Ehdr (elf(5)): e_shoff at 40, e_shentsize at 58, e_shnum at 60.
            var end = BinaryPrimitives.ReadUInt64LittleEndian(header[40..])
                + (ulong)BinaryPrimitives.ReadUInt16LittleEndian(header[58..]) * BinaryPrimitives.ReadUInt16LittleEndian(header[60..]);
            var at = v.Start + ((end + 63) & ~63UL);
            if (end > v.Length || at + (ulong)CheckpointBlob.Size > v.End)
                throw NoRoom(pid, $"its vdso has no {CheckpointBlob.Size} free bytes");
            foreach (var r in threads)
                if (r.Rip >= at && r.Rip < v.End)
                    throw new CrTargetException("CrInjectionBusy", $"Task {pid} is still on its way back from an earlier checkpoint that was killed.", "Try again in a moment.") { Pid = pid };
            return new InjectionSite(memory, pid, at);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private static CrTargetException NoRoom(int pid, string why)
        => new("CrNoInjectionSite", $"Task {pid} cannot run calls for the engine: {why}.", "Tasks without a vdso (vdso=0, or unmapped by the program) cannot be checkpointed.") { Pid = pid };

    /// <summary>Writes data block and code; the page becomes a private copy of this task's.</summary>
    public void Write(ReadOnlySpan<byte> blob) => _memory.Write(Address, blob);

    /// <summary>Puts the zeros back. Call when no thread's registers lead here any more.</summary>
    public void Clear()
    {
        Span<byte> zeros = stackalloc byte[CheckpointBlob.Size];
        zeros.Clear();
        try
        {
            _memory.Write(Address, zeros);
        }
        catch (CrKernelException e) when (e.Errno == Errno.ESRCH)
        {
            // The address space has ended: nothing is left to clear.
        }
    }

    public override string ToString() => $"{_pid}: 0x{Address:x}";

    public void Dispose() => _memory.Dispose();
}
