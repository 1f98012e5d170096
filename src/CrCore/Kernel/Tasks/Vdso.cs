using System.IO.Hashing;

namespace CrCore.Kernel;

/// <summary>
/// The kernel's vdso as this process has it: the same in all 64-bit processes until the next boot. It is looked for once:
/// the maps of a large .NET process take a millisecond to read.
/// </summary>
/// <param name="Length">Bytes of its mapping.</param>
/// <param name="Hash">XXH3-64 of its bytes.</param>
/// <param name="SyscallAt">Offset of a <c>syscall</c> instruction in it, or −1.</param>
internal sealed record Vdso(ulong Length, ulong Hash, int SyscallAt)
{
    private static readonly Lazy<Vdso?> Known = new(Find, LazyThreadSafetyMode.PublicationOnly);

    /// <exception cref="CrTargetException">This process has none (a kernel booted with vdso=0).</exception>
    public static Vdso Own => Known.Value ?? throw new CrTargetException("CrNoVdso", "This kernel gives its programs no vdso.", "Boot it without vdso=0.");

    private static Vdso? Find()
    {
        using var proc = new ProcReader();
        var mappings = new List<MemoryMapping>();
        var self = Environment.ProcessId;
        ProcMaps.TryRead(proc, self, mappings);
        foreach (var m in mappings)
            if (m.Kind == MappingKind.Vdso)
            {
                var bytes = new byte[m.Length];
                ProcessMemory.Read(self, m.Start, bytes);
                return new Vdso(m.Length, XxHash3.HashToUInt64(bytes), bytes.AsSpan().IndexOf<byte>([0x0f, 0x05]));
            }
        return null;
    }
}
