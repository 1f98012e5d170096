using CrCore.Kernel;
using CrCore.Objects.Dispatch;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Dispatch;

/// <summary>System calls that a thread is handed as signals, through a checkpoint and a restore.</summary>
public class UserDispatchTests
{
    /// <summary>
    /// Calls are allowed between a page of the program's own and the vdso, in which this program has its calls made. Old
    /// kernels have no dispatch, or do not tell of it.
    /// </summary>
    private const string Setting = """
            told = tuple(int(n) for n in os.uname().release.split('.')[:2]) >= (6, 4)
            libc = ctypes.CDLL(None, use_errno=True)
            libc.mmap.restype = ctypes.c_void_p
            libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
            libc.prctl.argtypes = [ctypes.c_int] + 4 * [ctypes.c_ulong]
            page = libc.mmap(0x30000, 4096, 7, 0x100022, -1, 0)
            ctypes.memmove(page, b'\xb8\x27\0\0\0\x0f\x05\xc3', 8)
            getpid = ctypes.CFUNCTYPE(ctypes.c_long)(page)
            selector = ctypes.create_string_buffer(b'\0')
            vdso = [int(l.split('-')[0], 16) for l in open('/proc/self/maps') if '[vdso]' in l][0]
            hits = []
            signal.signal(signal.SIGSYS, lambda *a: hits.append(1))
            if told: same(libc.prctl(59, 1, page + 4096, vdso - page - 4096, ctypes.addressof(selector)), 0)

        """;

    private const string Check = """
            if told:
                selector[0] = b'\1'
                # A call that is handed over leaves its number behind.
                result = getpid()
                selector[0] = b'\0'
                same(result, 39); same(hits, [1]); same(getpid(), os.getpid()); same(hits, [1])
        """;

    private const string Block = "    if told: selector[0] = b'\\1'\n    wait()\n    selector[0] = b'\\0'\n";

    [FactWith("python3")]
    public void ItGoesOnAfterTheRestore()
    {
        using var program = new SelfCheckingProgram(Setting + Block + Check);
        Assert.Equal("ok", program.Journey());
    }

    /// <summary>What this program has the thread do is not handed over, which would end it.</summary>
    [FactWith("python3")]
    public void ACheckpointLeavesItUnharmed()
    {
        using var program = new SelfCheckingProgram(Setting + Block + Check);
        program.SaveRunning();
        Assert.Equal("ok", program.CheckRunning());
    }

    [FactWith("python3")]
    public void EachThreadHasItsOwn()
    {
        using var program = new SelfCheckingProgram(Setting + """
                import threading
                go, done = threading.Event(), threading.Event(); told_by = []
                def work():
                    go.wait(); selector[0] = b'\1'; told_by.append(getpid()); selector[0] = b'\0'; done.set()
                threading.Thread(target=work, daemon=True).start()
                wait()
                go.set(); done.wait(); same(told_by, [os.getpid()]); same(hits, [])

            """ + Check);
        Assert.Equal("ok", program.Journey());
    }

    [Property]
    public void Records(ulong mode, ulong selector, ulong offset, ulong length)
    {
        var record = new UserDispatchRecord(7, new UserDispatch(mode, selector, offset, length));
        Assert.Equal(record, RecordCode.Again(record));
    }
}
