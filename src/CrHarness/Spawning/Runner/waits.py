"""The system calls in which quiet threads sit. Each returns None when it was woken by the control signal, else what went wrong."""
import ctypes
import os
from sysc import NEVER_SENT, Timespec, libc, syscall

LONG = 86400
EINTR = 4


def answer(name, result):
    number = ctypes.get_errno()
    if result == -1 and number == EINTR:
        return None
    return "%s returned %d, errno %d" % (name, result, number if result == -1 else 0)


def others(mask=0):
    """A mask for the waits that take one: all but the control signal stays blocked."""
    return ctypes.byref(ctypes.c_ulong(~(1 << 9) & 0xffffffffffffffff & ~mask))


class Waits:
    def __init__(self, kind, child=0):
        if kind == "WaitForChild" and not child:
            kind = "Pause"
        self.kind, self.child = kind, child
        self.reader = self.writer = -1
        if kind in ("ReadPipe", "PollPipe"):
            self.reader, self.writer = os.pipe2(os.O_CLOEXEC)

    def once(self):
        return getattr(self, self.kind)()

    def Pause(self):
        return answer("pause", libc.pause())

    def Nanosleep(self):
        left = Timespec()
        result = libc.nanosleep(ctypes.byref(Timespec(LONG, 500)), ctypes.byref(left))
        if result == -1 and ctypes.get_errno() == EINTR and not LONG - 3600 < left.sec <= LONG:
            return "nanosleep had %d s left" % left.sec
        return answer("nanosleep", result)

    def ClockNanosleep(self):
        now = Timespec()
        libc.clock_gettime(1, ctypes.byref(now))
        # TIMER_ABSTIME on CLOCK_MONOTONIC; clock_nanosleep(3) returns the error itself.
        number = libc.clock_nanosleep(1, 1, ctypes.byref(Timespec(now.sec + LONG, now.nsec)), None)
        return None if number == EINTR else "clock_nanosleep returned %d" % number

    def Poll(self):
        return answer("poll", libc.poll(None, 0, LONG * 1000))

    def PollPipe(self):
        entry = (ctypes.c_int * 2)(self.reader, 1)
        return answer("poll", libc.poll(ctypes.byref(entry), 1, -1))

    def PPoll(self):
        return answer("ppoll", libc.ppoll(None, 0, ctypes.byref(Timespec(LONG, 0)), others()))

    def Select(self):
        return answer("select", libc.select(0, None, None, None, ctypes.byref((ctypes.c_long * 2)(LONG, 0))))

    def Suspend(self):
        return answer("sigsuspend", libc.sigsuspend(others()))

    def TimedWait(self):
        mask = (ctypes.c_ulong * 16)(1 << (NEVER_SENT - 1))
        return answer("sigtimedwait", libc.sigtimedwait(ctypes.byref(mask), None, ctypes.byref(Timespec(LONG, 0))))

    def Futex(self):
        word = ctypes.c_int(0)
        self.word = word
        result = libc.syscall(ctypes.c_long(202), ctypes.byref(word), ctypes.c_long(128), ctypes.c_long(0),
                              ctypes.byref(Timespec(LONG, 0)), None, ctypes.c_long(0))
        return answer("futex", result)

    def FutexForever(self):
        word = ctypes.c_int(0)
        self.word = word
        return answer("futex", libc.syscall(ctypes.c_long(202), ctypes.byref(word), ctypes.c_long(128), ctypes.c_long(0),
                                            None, None, ctypes.c_long(0)))

    def ReadPipe(self):
        return answer("read", libc.read(self.reader, ctypes.create_string_buffer(16), 16))

    def WaitForChild(self):
        return answer("waitpid", libc.waitpid(self.child, None, 0))
