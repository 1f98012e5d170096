"""Descriptors of events, timers, signals, processes, queues, maps and devices. What the machine does not have is left out."""
import ctypes
import errno
import fcntl
import os
import resource
import select
import struct
from contents import content
from descriptors import Handle, place, set_cloexec
from sysc import NEVER_SENT, PAGE, Timespec, fail, libc, raw

LACKING = (errno.ENOSYS, errno.ENODEV, errno.ENOENT, errno.EOPNOTSUPP)
CLOCKS = {"RealTime": 0, "Monotonic": 1, "BootTime": 7}
CLOEXEC, NONBLOCK = 0x80000, 0x800
MQ_OPEN, MQ_UNLINK, MQ_SEND, MQ_RECEIVE, MQ_NOTIFY, MQ_GETSET = range(240, 246)
BPF, LOOKUP, UPDATE = 321, 1, 2
SEALS = 0x2 | 0x4 | 0x8         # F_SEAL_SHRINK, _GROW, _WRITE


class Itimerspec(ctypes.Structure):
    _fields_ = [("interval", Timespec), ("value", Timespec)]


def asked(what, call, *args):
    result = getattr(libc, call)(*args)
    if result < 0:
        fail(what)
    return result


class Counter(Handle):
    @staticmethod
    def make(plan, label, before, work):
        return asked("eventfd", "eventfd", plan["count"], 1 if plan["other"] else 0)

    def use(self, problems):
        os.set_blocking(self.fd, False)
        count, step = self.plan["count"], 1 if self.plan["other"] else self.plan["count"]
        if count:
            self.differs(problems, "what is read", struct.unpack("Q", os.read(self.fd, 8))[0], step)
        libc.eventfd_write(self.fd, ctypes.c_ulong(7))
        left = 7 + count - step if count else 7
        self.differs(problems, "what is read after writing 7", struct.unpack("Q", os.read(self.fd, 8))[0], 1 if self.plan["other"] else left)


class Timer(Handle):
    @staticmethod
    def make(plan, label, before, work):
        fd = asked("timerfd", "timerfd_create", CLOCKS[plan["clock"]], 0)
        if plan["armed"]:
            first = Timespec(0, 1) if plan["count"] else Timespec(plan["seconds"], 0)
            asked("timerfd", "timerfd_settime", fd, 0, ctypes.byref(Itimerspec(Timespec(plan["interval"], 0), first)), None)
            if plan["count"]:
                select.select([fd], [], [], 10)
        return fd

    def verify(self, problems):
        now = Itimerspec()
        asked("timerfd", "timerfd_gettime", self.fd, ctypes.byref(now))
        left = now.value.sec + now.value.nsec / 1e9
        whole = (self.plan["interval"] if self.plan["count"] else self.plan["seconds"]) if self.plan["armed"] else 0
        if not (whole and whole - 600 < left <= whole or not whole and not left):
            problems.append("timer %s: %.3f s left of %d" % (self.label, left, whole))
        self.differs(problems, "interval", now.interval.sec, self.plan["interval"])

    def use(self, problems):
        os.set_blocking(self.fd, False)
        try:
            seen = struct.unpack("Q", os.read(self.fd, 8))[0]
        except BlockingIOError:
            seen = 0
        self.differs(problems, "expirations", seen, self.plan["count"])


class Signals(Handle):
    @staticmethod
    def make(plan, label, before, work):
        return asked("signalfd", "signalfd", -1, (ctypes.c_ulong * 16)(plan["targets"]), 0)


class Poll(Handle):
    """An instance of epoll(7). Whether it is ready is the same as long as nobody waits with it, unless it watches a signalfd: what
    that says depends on who looks, and on what was sent to whoever added it (signalfd_poll in fs/signalfd.c)."""
    @staticmethod
    def make(plan, label, before, work):
        plan["ofSignals"] = False
        fd = asked("epoll", "epoll_create1", 0)
        if plan["other"]:
            try:
                fcntl.ioctl(fd, 0x40088a01, struct.pack("IHBx", plan["seed"] % 1000 + 1, plan["seed"] % 64, plan["seed"] & 1))  # EPIOCSPARAMS
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ENOTTY, errno.EOPNOTSUPP):
                    raise
        mode = (select.EPOLLET if plan["edgeTriggered"] else 0) | (select.EPOLLONESHOT if plan["once"] else 0)
        for k, entry in enumerate(before):
            if plan["targets"] >> (k % 64) & 1:
                event = ctypes.create_string_buffer(struct.pack("<IQ", select.EPOLLIN | mode, plan["seed"] * 0x100000001 + k & 0xffffffffffffffff), 12)
                if libc.epoll_ctl(fd, 1, entry.fd, event) < 0 and ctypes.get_errno() not in (errno.EPERM, errno.EBADF, errno.ELOOP, errno.EINVAL):
                    fail("epoll_ctl")
                plan["ofSignals"] |= isinstance(entry, Signals) or isinstance(entry, Poll) and entry.plan["ofSignals"]
        return fd

    def settle(self):
        self.ready = self.look()

    def look(self):
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        return bool(poll.poll(0))

    def verify(self, problems):
        if not self.plan["ofSignals"]:
            self.differs(problems, "readiness", self.look(), self.ready)


class Process(Handle):
    """The task that opens it, or one that has ended."""
    @staticmethod
    def make(plan, label, before, work):
        if not plan["other"]:
            return os.pidfd_open(os.getpid())
        pid = os.fork()
        if pid == 0:
            os._exit(plan["seed"] & 0x7f)
        fd = os.pidfd_open(pid)
        os.waitpid(pid, 0)
        return fd

    def verify(self, problems):
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        self.differs(problems, "end", bool(poll.poll(0)), self.plan["other"])


class Memory(Handle):
    @staticmethod
    def make(plan, label, before, work):
        fd = os.memfd_create("handle-" + label, 2)              # MFD_ALLOW_SEALING
        os.write(fd, content(plan["seed"], plan["count"] * PAGE))
        if plan["other"]:
            fcntl.fcntl(fd, 1033, SEALS)
        return fd

    def verify(self, problems):
        self.differs(problems, "seals", fcntl.fcntl(self.fd, 1034), SEALS if self.plan["other"] else 0)
        if os.pread(self.fd, (1 + self.plan["count"]) * PAGE, 0) != content(self.plan["seed"], self.plan["count"] * PAGE):
            problems.append("memfd %s: its contents differ" % self.label)


def queue_name(work, label):
    return b"cr-%s-%s-%s" % (os.path.basename(os.path.dirname(work)).encode(), os.path.basename(work).encode(), label.encode())


class Queue(Handle):
    LONGEST = 64

    def __init__(self, fd, plan, label):
        super().__init__(fd, plan, label)
        self.maker, self.form = os.getpid(), None

    def settle(self):
        """Who made it waits to be notified, in silence or by a signal."""
        if self.plan["other"] and self.maker == os.getpid():
            silent = self.plan["seed"] & 1 or resource.getrlimit(resource.RLIMIT_SIGPENDING)[0] < 1000
            try:
                raw("mq_notify", MQ_NOTIFY, self.fd, ctypes.create_string_buffer(struct.pack("Qii48x", self.plan["seed"], 0 if silent else NEVER_SENT, 1 if silent else 0)))
            except OSError as error:
                if error.errno != errno.EBUSY:                  # by another descriptor
                    raise
            self.form = self.look()

    def look(self):
        return os.pread(self.fd, 128, 0).split(b"NOTIFY_PID")[0]

    @staticmethod
    def make(plan, label, before, work):
        name = ctypes.create_string_buffer(queue_name(work, label))
        shape = ctypes.create_string_buffer(struct.pack("8q", 0, max(1, plan["count"]), Queue.LONGEST, *[0] * 5))
        fd = raw("mq_open", MQ_OPEN, name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600, shape)
        for k in range(plan["count"]):
            data, priority = Queue.message(plan, k)
            raw("mq_send", MQ_SEND, fd, ctypes.create_string_buffer(data, len(data) or 1), len(data), priority, None)
        if plan["unlinked"]:
            raw("mq_unlink", MQ_UNLINK, name)
        return fd

    @staticmethod
    def message(plan, k):
        data = content(plan["seed"] + k, Queue.LONGEST)
        return data[:data[0] % (Queue.LONGEST + 1)], data[1] % 4

    def verify(self, problems):
        seen = ctypes.create_string_buffer(64)
        raw("mq_getattr", MQ_GETSET, self.fd, None, seen)
        self.differs(problems, "shape", struct.unpack("8q", seen)[1:4], (max(1, self.plan["count"]), self.LONGEST, self.plan["count"]))
        if self.form is not None:
            self.differs(problems, "notice", self.look(), self.form)

    def use(self, problems):
        os.set_blocking(self.fd, False)
        want = sorted((self.message(self.plan, k) for k in range(self.plan["count"])), key=lambda m: -m[1])
        got = []
        for _ in want:
            data, priority = ctypes.create_string_buffer(self.LONGEST), ctypes.c_uint()
            length = raw("mq_receive", MQ_RECEIVE, self.fd, data, self.LONGEST, ctypes.byref(priority), None)
            got.append((data.raw[:length], priority.value))
        self.differs(problems, "what waited", got, want)


class Marks(Handle):
    """A group that is told of what does not happen while the tree is at rest."""
    @staticmethod
    def make(plan, label, before, work):
        path = os.path.join(work, "files", "marked-" + label)
        open(path, "wb").close()
        fd = raw("fanotify_init", 300, 2, os.O_RDONLY)          # FAN_NONBLOCK
        try:
            raw("fanotify_mark", 301, fd, 1, ctypes.c_ulong(0x2 | (plan["seed"] & 1) << 3), -100, ctypes.create_string_buffer(path.encode()))
        except OSError:
            os.close(fd)
            raise
        return fd

    def use(self, problems):
        os.set_blocking(self.fd, False)
        try:
            problems.append("marks %s: %d bytes of events" % (self.label, len(os.read(self.fd, 4096))))
        except BlockingIOError:
            pass


class Map(Handle):
    """A hash or an array of numbers."""
    @staticmethod
    def make(plan, label, before, work):
        kind = 2 if plan["other"] else 1
        fd = Map.bpf(0, struct.pack("5I4xI16s", kind, 4, 8, plan["count"] + 3, 0, 0, b"plan"))
        for k in range(plan["count"]):
            Map.element(fd, UPDATE, k, content(plan["seed"] + k, 8))
        return fd

    @staticmethod
    def bpf(command, attributes):
        return raw("bpf", BPF, command, ctypes.create_string_buffer(attributes, 128), 128)

    @staticmethod
    def element(fd, command, number, value):
        key, held = ctypes.create_string_buffer(struct.pack("I", number)), ctypes.create_string_buffer(value, 8)
        Map.bpf(command, struct.pack("I4xQQQ", fd, ctypes.addressof(key), ctypes.addressof(held), 0))
        return held.raw

    def verify(self, problems):
        try:
            seen = [self.element(self.fd, LOOKUP, k, b"") for k in range(self.plan["count"])]
        except PermissionError:
            return                                              # a task that has given up the right to look
        except OSError as error:
            seen = str(error)
        self.differs(problems, "contents", seen, [content(self.plan["seed"] + k, 8) for k in range(self.plan["count"])])


class Tunnel(Handle):
    """A device that goes with its descriptor."""
    @staticmethod
    def make(plan, label, before, work):
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", b"crplan%d", (2 if plan["other"] else 1) | 0x1000))
        except OSError:
            os.close(fd)
            raise
        return fd

    def settle(self):
        self.device = fcntl.ioctl(self.fd, 0x800454d2, bytes(40))

    def verify(self, problems):
        self.differs(problems, "device", fcntl.ioctl(self.fd, 0x800454d2, bytes(40)), self.device)


PRIVILEGED = (Marks, Map, Tunnel)
KINDS = {kind.__name__: kind for kind in (Counter, Timer, Signals, Poll, Process, Memory, Queue, Marks, Map, Tunnel)}


def make_all(plans, index, before, work, lenient):
    """A descriptor for each plan, and its duplicates; later ones may watch earlier ones."""
    made = []
    for k, plan in enumerate(plans):
        label, kind = "h%d-%d" % (index, k), KINDS[plan["kind"]]
        try:
            fd = kind.make(plan, label, before + made, work)
        except OSError as error:
            if error.errno in LACKING or (lenient or kind in PRIVILEGED) and error.errno in (errno.EPERM, errno.EACCES):
                continue
            raise
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) & ~NONBLOCK | (NONBLOCK if plan["nonblock"] else 0))
        set_cloexec(fd, plan["closeOnExec"])
        made.append(kind(place(fd, plan["at"]), plan, label))
        for _ in range(plan["duplicates"]):
            twin = os.dup(made[-1].fd)
            set_cloexec(twin, not plan["closeOnExec"])
            made.append(kind(twin, plan, label))
    return made
