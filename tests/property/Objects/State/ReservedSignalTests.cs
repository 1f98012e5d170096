using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>The two signals that glibc keeps to itself and leaves out of every mask that programs set (nptl(7)).</summary>
public class ReservedSignalTests
{
    [TheoryWith("python3"), InlineData(32), InlineData(33)]
    public void PendingOnesStayPending(int number)
    {
        using var program = new SelfCheckingProgram($$"""
                libc = ctypes.CDLL(None); mask = struct.pack('Q', 1 << {{number}} - 1)
                assert libc.syscall(14, 0, mask, None, 8) == 0
                os.kill(os.getpid(), {{number}})
                def pending(): return [l for l in open('/proc/self/status') if l.startswith('ShdPnd')]
                before = pending()
                wait()
                same(pending(), before)
                info = ctypes.create_string_buffer(128); same(libc.syscall(128, mask, info, struct.pack('qq', 0, 0), 8), {{number}})
            """);
        Assert.Equal("ok", program.Journey());
    }
}
