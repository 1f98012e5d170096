"""The C library through ctypes: the calls that Python's own modules lack. Every failure is an OSError that names the call."""
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.sbrk.restype = ctypes.c_void_p
libc.sbrk.argtypes = [ctypes.c_long]
for name in ("munmap", "mlock"):
    getattr(libc, name).argtypes = [ctypes.c_void_p, ctypes.c_size_t]
for name in ("mprotect", "madvise"):
    getattr(libc, name).argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.syscall.restype = ctypes.c_long
libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
libc.tee.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_size_t, ctypes.c_uint]
libc.tee.restype = ctypes.c_ssize_t

PAGE = 4096
SIGUSR1, SIGCHLD, SIGCONT, SIGSTOP = 10, 17, 18, 19
CONTROL = SIGUSR1          # the harness asks with it; no plan may use it
NEVER_SENT = 40            # a real-time signal that no plan sends: sigtimedwait waits for it

# Numbers of the x86-64 system call table (arch/x86/entry/syscalls/syscall_64.tbl).
NR = dict(rt_sigpending=127, rt_sigqueueinfo=129, sigaltstack=131, personality=135, futex=202, sched_setaffinity=203,
          timer_create=222, timer_settime=223, timer_gettime=224, tgkill=234, ioprio_set=251, ioprio_get=252,
          get_robust_list=274, rt_tgsigqueueinfo=297, membarrier=324, capget=125, capset=126, gettid=186,
          rt_sigtimedwait=128, setdomainname=171, sched_setscheduler=144, setresuid=117, getresuid=118)


class Timespec(ctypes.Structure):
    _fields_ = [("sec", ctypes.c_long), ("nsec", ctypes.c_long)]


class Stack(ctypes.Structure):
    """stack_t of sigaltstack(2)."""
    _fields_ = [("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]


def fail(what):
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number) + " in " + what)


def call(name, *args):
    """A call of libc that answers -1 on failure."""
    result = getattr(libc, name)(*args)
    if result == -1:
        fail(name)
    return result


def syscall(name, *args):
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    result = libc.syscall(ctypes.c_long(NR[name]), *wide)
    if result == -1:
        fail(name)
    return result


def raw(what, number, *args):
    """A system call by its number; negative answers are errors."""
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    if result < 0 and result >= -4095:
        fail(what)
    return result


def prctl(option, a=0, b=0, c=0, d=0):
    result = libc.prctl(option, a, b, c, d)
    if result == -1:
        fail("prctl %d" % option)
    return result


def prctl_out(option, kind=ctypes.c_int):
    """A prctl that stores its answer through its second argument."""
    out = kind(0)
    prctl(option, ctypes.addressof(out))
    return out.value


def mmap(length, prot, flags, fd=-1, offset=0):
    address = libc.mmap(None, length, prot, flags, fd, offset)
    if address is None or address == ctypes.c_void_p(-1).value:
        fail("mmap")
    return address


def rseq_address():
    """Where the calling thread's rseq area is, into which the kernel writes the CPU's number; 0 where the C library
    registers none. On x86-64 pthread_self() is the thread pointer that __rseq_offset counts from."""
    try:
        offset = ctypes.c_ssize_t.in_dll(libc, "__rseq_offset").value
        size = ctypes.c_uint.in_dll(libc, "__rseq_size").value
    except ValueError:
        return 0
    libc.pthread_self.restype = ctypes.c_void_p
    return libc.pthread_self() + offset if size else 0


def siginfo(signo, code, pid, uid, value):
    """A siginfo_t of the rt form: si_signo, si_errno, si_code, pad, si_pid, si_uid, si_value."""
    raw = bytearray(128)
    for at, number in ((0, signo), (8, code), (16, pid), (20, uid)):
        raw[at:at + 4] = (number & 0xffffffff).to_bytes(4, "little")
    raw[24:32] = (value & 0xffffffffffffffff).to_bytes(8, "little")
    return (ctypes.c_char * 128).from_buffer(raw)
