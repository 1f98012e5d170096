using CrCore.Objects.Memory;
using CrProperty.Kernel;
using CrProperty.Objects;
using CrProperty.Objects.Files;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Memory;

/// <summary>mlockall(2) for what is mapped later is kept, in each of its forms, and does not come of itself.</summary>
public class FutureLocksTests
{
    [Property]
    public void Record(int vpid, bool onFault) => Assert.Equal(new FutureLocksRecord(vpid, onFault), RecordCode.Again(new FutureLocksRecord(vpid, onFault)));

    [TheoryWith("python3")]
    // MCL_CURRENT 1, MCL_FUTURE 2, MCL_ONFAULT 4.
    [InlineData(0, "''"), InlineData(1, "''"), InlineData(2, "'lo'"), InlineData(6, "'lo lf'")]
    public void NewMappings(int flags, string expected)
    {
        using var program = new SelfCheckingProgram($"""
                import resource
                libc = ctypes.CDLL(None, use_errno=True); libc.mmap.restype = ctypes.c_void_p
                libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
                def locks():
                    at = libc.mmap(None, 4096, 5, 0x22, -1, 0); found = None
                    for line in open('/proc/self/smaps'):
                        if line.startswith('%08x-' % at): found = ''
                        elif found == '' and line.startswith('VmFlags'): found = ' '.join(f for f in ('lo', 'lf') if f in line.split()); break
                    return found
                if {flags}: same(libc.mlockall({flags}), 0)
                same(locks(), {expected})
                if os.fork() == 0:
                    time.sleep(1000)
                wait()
                same(locks(), {expected})
            """);
        Assert.Equal("ok", program.Journey());
    }
}
