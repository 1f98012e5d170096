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

    private InjectionSite(ProcessMemoryFile memory, int pid, ulong address, int guests)
    {
        _memory = memory;
        _pid = pid;
        Address = address;
        Guests = guests;
    }

    /// <summary>First byte of the host's data block.</summary>
    public ulong Address { get; }

    /// <summary>How many guests' blocks there is room for.</summary>
    public int Guests { get; }

    /// <summary>Where the code starts for the host.</summary>
    public ulong HostEntry => GuestEntry + InjectedCode.CheckpointHost;

    /// <summary>And for its guests.</summary>
    public ulong GuestEntry => Address + (ulong)CheckpointBlob.HostSize;

    public ulong GuestBlock(int guest) => Address + (ulong)(CheckpointBlob.GuestBlocksAt + guest * CheckpointBlob.BlockSize);

    private int Size => CheckpointBlob.GuestBlocksAt + Guests * CheckpointBlob.BlockSize;

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
            if (end > v.Length || at + (ulong)CheckpointBlob.GuestBlocksAt > v.End)
                throw NoRoom(pid, $"its vdso has no {CheckpointBlob.GuestBlocksAt} free bytes");
            foreach (var r in threads)
                if (r.Rip >= at && r.Rip < v.End)
                    throw new CrTargetException("CrInjectionBusy", $"Task {pid} is still on its way back from an earlier checkpoint that was killed.", "Try again in a moment.") { Pid = pid };
            var room = (int)(v.End - at) - CheckpointBlob.GuestBlocksAt;
            return new InjectionSite(memory, pid, at, Math.Min(CheckpointBlob.MaxGuests, room / CheckpointBlob.BlockSize));
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private static CrTargetException NoRoom(int pid, string why)
        => new("CrNoInjectionSite", $"Task {pid} cannot run calls for the engine: {why}.", "Tasks without a vdso (vdso=0, or unmapped by the program) cannot be checkpointed.") { Pid = pid };

    /// <summary>Writes the host's block and the code; the page becomes a private copy of this task's.</summary>
    public void Write(in InjectedState host, int arenaSize)
    {
        Span<byte> blob = stackalloc byte[Size];
        CheckpointBlob.Build(blob, Address, host, arenaSize);
        _memory.Write(Address, blob);
    }

    /// <summary>Writes a guest's block, which does not yet let it into the arena.</summary>
    public void WriteGuest(int guest, in InjectedState thread)
    {
        Span<byte> block = stackalloc byte[CheckpointBlob.BlockSize];
        CheckpointBlob.BuildBlock(block, thread);
        _memory.Write(GuestBlock(guest), block);
    }

    /// <summary>Lets a guest into the arena: its registers lead into the code, and its part of the arena is laid out.</summary>
    public void Admit(int guest) => _memory.Write(GuestBlock(guest) + CheckpointBlob.GoAt, [1, 0, 0, 0, 0, 0, 0, 0]);

    /// <summary>Puts the zeros back. Call when no thread's registers lead here any more.</summary>
    public void Clear()
    {
        Span<byte> zeros = stackalloc byte[Size];
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
