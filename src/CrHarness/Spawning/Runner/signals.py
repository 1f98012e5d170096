"""Signals and timers of a plan: dispositions, masks, pending signals with their values, interval and POSIX timers."""
import _signal
import ctypes
import os
import time
from state import SIGNALS
from sysc import SIGCHLD, Timespec, call, libc, siginfo, syscall

SI_QUEUE = -1
FLAGS = {"Restart": 0x10000000, "NoDefer": 0x40000000, "OnStack": 0x08000000, "SigInfo": 4, "NoChildStop": 1, "ResetHand": 0x80000000, "None": 0}
CLOCKS = {"RealTime": 0, "Monotonic": 1, "BootTime": 7, "ProcessCpu": 2}


class Sigaction(ctypes.Structure):
    """struct sigaction of the C library: handler, mask of 1024 bits, flags, restorer."""
    _fields_ = [("handler", ctypes.c_void_p), ("mask", ctypes.c_ulong * 16), ("flags", ctypes.c_int), ("restorer", ctypes.c_void_p)]


class Sigevent(ctypes.Structure):
    _fields_ = [("value", ctypes.c_long), ("signo", ctypes.c_int), ("notify", ctypes.c_int), ("tid", ctypes.c_int), ("pad", ctypes.c_int * 11)]


class Itimerspec(ctypes.Structure):
    _fields_ = [("interval", Timespec), ("value", Timespec)]


def to_set(mask):
    return [s for s in SIGNALS if mask >> (s - 1) & 1]


def block(mask):
    _signal.pthread_sigmask(_signal.SIG_SETMASK, to_set(mask))


def dispose(action):
    """A disposition: ignored, default, or a handler that does nothing (getpid: harmless if it should ever run)."""
    new = Sigaction()
    if action["handler"] == "Ignore":
        new.handler = 1
    elif action["handler"] == "Handle":
        new.handler = ctypes.cast(libc.getpid, ctypes.c_void_p).value
        for name in action["flags"].split(", "):
            new.flags = ctypes.c_int(new.flags | FLAGS[name]).value
        new.mask[0] = action["mask"] & ~(1 << 8 | 1 << 18)
    call("sigaction", action["signal"], ctypes.byref(new), None)


def dispositions():
    out = []
    for number in SIGNALS:
        old = Sigaction()
        call("sigaction", number, None, ctypes.byref(old))
        out.append((number, old.handler, old.mask[0], old.flags))
    return out


def send(pending, tid):
    """Queues one signal to the process (tid 0) or to a thread, as sigqueue(3) would; values come back in order."""
    pid, uid, number = os.getpid(), os.getuid(), pending["signal"]
    info = siginfo(number, SI_QUEUE, pid, uid, pending["value"])
    if tid:
        syscall("rt_tgsigqueueinfo", pid, tid, number, ctypes.byref(info))
    else:
        syscall("rt_sigqueueinfo", pid, number, ctypes.byref(info))


def take_pending():
    """Dequeues what is pending for this thread and the process: (signal, code, value), SIGCHLD left out."""
    every = ctypes.c_ulong(~(1 << 9) & 0xffffffffffffffff)
    info, out = (ctypes.c_char * 128)(), []
    while True:
        ctypes.memset(info, 0, 128)
        try:
            number = syscall("rt_sigtimedwait", ctypes.byref(every), ctypes.byref(info), ctypes.byref(Timespec(0, 0)), 8)
        except BlockingIOError:
            return sorted(out)
        except InterruptedError:
            continue
        if number != SIGCHLD:
            raw = bytes(info)
            code = int.from_bytes(raw[8:12], "little", signed=True)
            out.append((number, code, int.from_bytes(raw[24:32], "little") if code == SI_QUEUE else 0))


def pending_sets():
    out = ctypes.c_ulong()
    syscall("rt_sigpending", ctypes.byref(out), 8)
    return out.value & ~(1 << (SIGCHLD - 1)) & ~(1 << 9)


def start_interval(timer):
    which = {"Real": 0, "Virtual": 1, "Profile": 2}[timer["clock"]]
    first = 0.001 if timer["fired"] and which == 0 else timer["seconds"]
    _signal.setitimer(which, first, timer["interval"])
    if timer["fired"] and which == 0:
        while not pending_sets() >> 13 & 1:
            time.sleep(0.0005)
    return which


class PosixTimer:
    def __init__(self, plan, tid):
        self.plan = plan
        notify = {"Signal": 0, "None": 1, "Thread": 4}[plan["notify"]]
        event = Sigevent(plan["value"], plan["signal"], notify, tid)
        out = ctypes.c_int()
        syscall("timer_create", CLOCKS[plan["clock"]], ctypes.byref(event), ctypes.byref(out))
        self.id = out.value
        if plan["armed"]:
            new = Itimerspec(Timespec(plan["interval"], 0), Timespec(plan["seconds"], 0))
            syscall("timer_settime", self.id, 0, ctypes.byref(new), None)

    def verify(self, problems):
        now = Itimerspec()
        try:
            syscall("timer_gettime", self.id, ctypes.byref(now))
        except OSError as error:
            problems.append("posix timer %d: %s" % (self.id, error))
            return
        left = now.value.sec + now.value.nsec / 1e9
        armed = self.plan["armed"]
        if armed and not self.plan["seconds"] - 600 < left <= self.plan["seconds"] or not armed and left:
            problems.append("posix timer %d: %.3f s left of %d" % (self.id, left, self.plan["seconds"]))
        if armed and now.interval.sec != self.plan["interval"]:
            problems.append("posix timer %d: interval %d" % (self.id, now.interval.sec))


def verify_intervals(timers, problems):
    for timer in timers:
        which = {"Real": 0, "Virtual": 1, "Profile": 2}[timer["clock"]]
        left, interval = _signal.getitimer(which)
        most = timer["seconds"]
        # After it fired, a timer whose signal is still pending is re-armed only at delivery: no value is right then.
        fired = timer["fired"] and which == 0
        if abs(interval - timer["interval"]) > 0.01 or not fired and not most - 600 < left <= most + 0.01:
            problems.append("interval timer %s: %.3f s left of %d, interval %.3f" % (timer["clock"], left, most, interval))
