using System.Buffers.Binary;

namespace CrCore.Remote;

/// <summary>
/// The program that a restored task starts as: a static ELF of one segment, its bytes made here (elf(5)). One page of
/// headers and code, then zeroed memory: the arena.
/// </summary>
internal static class PuppetElf
{
    public const int PageSize = 4096;

    private const int HeaderSize = 64, ProgramHeaderSize = 56;

    /// <summary>Offset of the code in its page.</summary>
    public const int CodeOffset = HeaderSize + 2 * ProgramHeaderSize;

    /// <summary>Offset of the init's code in the same page.</summary>
    public const int InitOffset = 1024;

    /// <param name="address">Where the kernel is to map it, page-aligned.</param>
    /// <param name="arenaSize">Bytes behind the code page.</param>
    public static byte[] Build(ulong address, int arenaSize)
    {
        var elf = new byte[PageSize];
        ReadOnlySpan<byte> ident = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        ident.CopyTo(elf);
        U16(16, 2);             // e_type: ET_EXEC
        U16(18, 62);            // e_machine: EM_X86_64
        U32(20, 1);             // e_version
        U64(24, address + CodeOffset);
        U64(32, HeaderSize);    // e_phoff
        U16(52, HeaderSize);
        U16(54, ProgramHeaderSize);
        U16(56, 2);             // e_phnum
        // PT_LOAD, readable, writable, executable: the whole file and the arena.
        U32(64, 1);
        U32(68, 7);
        U64(80, address);
        U64(88, address);
        U64(96, PageSize);
        U64(104, (ulong)(PageSize + arenaSize));
        U64(112, PageSize);
        // PT_GNU_STACK: the stack needs no execution.
        const int second = HeaderSize + ProgramHeaderSize;
        U32(second, 0x6474e551);
        U32(second + 4, 6);
        U64(second + 48, 16);
        InjectedCode.Puppet.CopyTo(elf.AsSpan(CodeOffset));
        InjectedCode.Init.CopyTo(elf.AsSpan(InitOffset));
        return elf;

        void U16(int at, ushort v) => BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(at), v);
        void U32(int at, uint v) => BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(at), v);
        void U64(int at, ulong v) => BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(at), v);
    }
}
