using System.IO.Hashing;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>The kernel's vdso as this process sees it: the same in all 64-bit processes until the next boot.</summary>
internal sealed class Vdso
{
    private readonly Lock _lock = new();
    private ulong _length, _hash;

    /// <summary>Its size in bytes and XXH3-64.</summary>
    /// <exception cref="CrTargetException">This process has none (a kernel booted with vdso=0).</exception>
    public (ulong Length, ulong Hash) Read(ProcReader proc)
    {
        lock (_lock)
        {
            if (_length == 0)
                Find(proc);
            return (_length, _hash);
        }
    }

    private void Find(ProcReader proc)
    {
        var mappings = new List<MemoryMapping>();
        var self = Environment.ProcessId;
        ProcMaps.TryRead(proc, self, mappings);
        foreach (var m in mappings)
            if (m.Kind == MappingKind.Vdso)
            {
                var bytes = new byte[m.Length];
                ProcessMemory.Read(self, m.Start, bytes);
                (_length, _hash) = (m.Length, XxHash3.HashToUInt64(bytes));
                return;
            }
        throw new CrTargetException("CrNoVdso", "This kernel gives its programs no vdso.", "Boot it without vdso=0.");
    }
}
