using CrCore;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>Where memory is taken from, through a checkpoint and a restore. Every machine with CONFIG_NUMA has a node 0.</summary>
public class MemoryPolicyTests
{
    /// <summary>Numbers of system calls of x86-64: mbind 237, set_mempolicy 238, get_mempolicy 239.</summary>
    private const string Calls = """
            libc = ctypes.CDLL(None, use_errno=True)
            import mmap, threading
            node0 = (ctypes.c_ulong * 17)(1)
            def policy(address=None):
                mode, nodes = ctypes.c_int(), (ctypes.c_ulong * 17)()
                r = libc.syscall(239, ctypes.byref(mode), nodes, ctypes.c_long(1025), ctypes.c_void_p(address), ctypes.c_long(0 if address is None else 2))
                return (r, mode.value, list(nodes))
            def place(length=1 << 20):
                m = mmap.mmap(-1, length)
                held.append(m)
                return ctypes.addressof(ctypes.c_char.from_buffer(m))
            held = []

        """;

    [FactWith("python3")]
    public void EachThreadKeepsItsOwn()
    {
        using var program = new SelfCheckingProgram(Calls + """
                libc.syscall(238, 2, node0, ctypes.c_long(1025))
                go = threading.Event(); started = threading.Event(); told = {}
                def work():
                    libc.syscall(238, 3 | 1 << 15, node0, ctypes.c_long(1025))
                    told['before'] = policy(); started.set()
                    go.wait(); told['after'] = policy()
                thread = threading.Thread(target=work); thread.start(); started.wait()
                before = policy()
                wait()
                go.set(); thread.join()
                same(policy(), before); same(told['after'], told['before'])
                assert before[0] != 0 or told['before'] != before
            """);
        program.Save();
        var restored = program.Restore();
        Assert.Equal("ok", program.Check());
        Assert.DoesNotContain(restored.Warnings, w => w.Id == "CrMemoryPolicyLost");
    }

    [FactWith("python3")]
    public void SoDoPartsOfMemory()
    {
        using var program = new SelfCheckingProgram(Calls + """
                page = mmap.PAGESIZE
                one, shared, plain = place(), mmap.mmap(-1, 1 << 20, mmap.MAP_SHARED), place()
                held.append(shared); shared = ctypes.addressof(ctypes.c_char.from_buffer(shared))
                def bind(address, length, mode): return libc.syscall(237, ctypes.c_void_p(address), ctypes.c_long(length), mode, node0, ctypes.c_long(1025), 0)
                bind(one + 4 * page, 8 * page, 2); bind(shared, 1 << 20, 3)
                places = (one, one + 4 * page, one + 11 * page, one + 12 * page, shared, plain)
                before = [policy(p) for p in places]
                wait()
                same([policy(p) for p in places], before)
                assert before[0][0] != 0 or [b[1] for b in before] == [0, 2, 2, 0, 3, 0], before
            """);
        program.Save(new CheckpointOptions { AsksForMappingPolicies = true });
        var restored = program.Restore();
        Assert.Equal("ok", program.Check());
        Assert.DoesNotContain(restored.Warnings, w => w.Id == "CrMemoryPolicyLost");
    }
}
