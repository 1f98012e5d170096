"""Memory regions of a plan: made, inherited, rewritten by children, and verified page by page against their seeds."""
import ctypes
import errno
import ipc
import os
from _sha3 import shake_128
from contents import page_bytes
from sysc import PAGE, call, libc, mmap, raw

READ, WRITE, EXEC = 1, 2, 4
SHARED, PRIVATE, ANON, NORESERVE = 1, 2, 0x20, 0x4000
DROPPABLE, GROWSDOWN, HUGETLB = 8, 0x100, 0x40000
MLOCK2, MSEAL, IO_SETUP, IO_GETEVENTS, IO_SUBMIT = 325, 462, 206, 208, 209
PROTS = {"None": 0, "R": READ, "RW": READ | WRITE, "RX": READ | EXEC, "RWX": READ | WRITE | EXEC}
ADVICE = {"DontFork": 10, "WipeOnFork": 18, "DontDump": 16, "HugePage": 14, "NoHugePage": 15, "Mergeable": 12,
          "Sequential": 2, "Random": 1}
GUARD_INSTALL = 102
KIND_SHARED = ("SharedAnonymous", "FileShared", "MemfdShared", "Segment")
ZERO_PAGE = bytes(PAGE)


def page_class(seed, page, data, zero):
    """'data', 'zero' (written with zeros) or None (never touched), by the layer's percentages."""
    at = shake_128(b"class %d:%d" % (seed, page)).digest(2)
    at = int.from_bytes(at, "little") % 100
    return "data" if at < data else "zero" if at < data + zero else None


class Region:
    def __init__(self, plan, label):
        self.plan, self.label = plan, label
        self.kind = plan["kind"]
        self.pages = plan["pages"]
        self.length = self.pages * PAGE
        self.layers = []        # (seed, data percent, zero percent): the last layer that touches a page decides
        self.absent = set()     # pages that are unmapped or guarded
        self.fd = -1
        self.hole = None
        self.twin = 0
        self.sealed = False
        self.slots = (self.kind in KIND_SHARED and plan["prot"] in ("RW", "RWX")
                      and not plan["hole"] and not plan["split"] and plan["guard"] == "None")

    def make(self, work):
        kind, plan = self.kind, self.plan
        if kind == "Reserve":
            self.length = plan["reserveGiB"] << 30
            self.address = mmap(self.length, 0, PRIVATE | ANON | NORESERVE)
            return
        if kind == "Droppable":
            self.address = special(self.length, DROPPABLE | ANON)
        elif kind == "GrowsDown":
            self.address = mmap(self.length, READ | WRITE, ANON | PRIVATE | GROWSDOWN)
        elif kind == "Huge":
            self.address = special(self.length, PRIVATE | ANON | HUGETLB)
        elif kind == "Segment":
            self.address = ipc.segment(plan)
        elif kind in ("Anonymous", "SharedAnonymous"):
            self.address = mmap(self.length, READ | WRITE, ANON | (SHARED if kind == "SharedAnonymous" else PRIVATE))
        else:
            self.back(work)
        if kind != "Droppable":
            self.paint(plan["seed"], plan["data"], plan["zero"])
        self.finish()

    def back(self, work):
        """A file or memfd under the region, filled with a base layer."""
        base = self.plan["seed"] ^ 0x5eed
        if self.kind.startswith("Memfd"):
            fd = os.memfd_create("plan-%s" % self.label, 1)
        else:
            path = os.path.join(work, "files", "map-%s" % self.label)
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        os.pwrite(fd, b"".join(page_bytes(base, p) for p in range(self.pages)), 0)
        if not self.kind.startswith("Memfd"):
            os.utime(fd, ns=(10 ** 18, 10 ** 18))
        self.layers.append((base, 100, 0))
        self.address = mmap(self.length, READ | WRITE, SHARED if self.kind in KIND_SHARED else PRIVATE, fd)
        if self.plan["twice"]:
            half = self.pages // 2 * PAGE
            self.twin = mmap(self.length - half, READ, SHARED, fd, half)
        if self.plan["unlink"] and not self.kind.startswith("Memfd"):
            os.unlink(path)
        if self.plan["keepFd"]:
            self.fd = fd
        else:
            os.close(fd)

    def paint(self, seed, data, zero):
        for page in range(self.pages):
            what = page_class(seed, page, data, zero)
            if what and page not in self.absent:
                ctypes.memmove(self.address + page * PAGE, page_bytes(seed, page) if what == "data" else ZERO_PAGE, PAGE)
        self.layers.append((seed, data, zero))

    def finish(self):
        plan, end = self.plan, self.pages - 1
        if plan["advice"] != "None":
            call("madvise", self.address, self.length, ADVICE[plan["advice"]])
        if plan["lockedOnFault"]:
            raw("mlock2", MLOCK2, self.address, self.length, 1)
        elif plan["locked"]:
            call("mlock", self.address, self.length)
        call("mprotect", self.address, self.length, PROTS[plan["prot"]])
        if plan["split"]:
            at = plan["split"]
            call("mprotect", self.address + at * PAGE, (self.pages - at) * PAGE, PROTS[plan["splitProt"]])
        if plan["hole"] and self.pages > 2:
            at = plan["hole"]
            call("munmap", self.address + at * PAGE, PAGE)
            self.absent.add(at)
            self.hole = at
        if plan["guard"] == "Protected":
            for at in {0, end}:
                if at not in self.absent:
                    call("mprotect", self.address + at * PAGE, PAGE, 0)
        elif plan["guard"] == "Installed" and self.kind == "Anonymous" and not plan["locked"]:
            for at in {0, end}:
                if at not in self.absent:
                    call("madvise", self.address + at * PAGE, PAGE, GUARD_INSTALL)
                    self.absent.add(at)
        self.sealed = plan["sealed"] and self.seal()

    def seal(self):
        """All of it, but where there is no mapping. A kernel before 6.10 cannot."""
        parts = [(0, self.pages)] if self.hole is None else [(0, self.hole), (self.hole + 1, self.pages)]
        try:
            for begin, end in parts:
                if end > begin:
                    raw("mseal", MSEAL, self.address + begin * PAGE, (end - begin) * PAGE, 0)
        except OSError as error:
            if error.errno != errno.ENOSYS:
                raise
            return False
        return True

    def forked(self):
        """What fork does to the region in the child. False: the child has it no more."""
        if self.plan["advice"] == "DontFork":
            return False
        if self.plan["advice"] == "WipeOnFork":
            self.layers = []
        return True

    def drop(self):
        """Unmaps it. False: it stays."""
        if self.sealed:
            return False
        if self.twin:
            call("munmap", self.twin, (self.pages - self.pages // 2) * PAGE)
        if self.hole is None:
            call("munmap", self.address, self.length)
        else:   # something else may live in the hole by now
            after = (self.hole + 1) * PAGE
            if self.hole:
                call("munmap", self.address, self.hole * PAGE)
            if self.length > after:
                call("munmap", self.address + after, self.length - after)
        if self.fd >= 0:
            os.close(self.fd)
        return True

    def rewrite(self, seed):
        """A child's own pages over the inherited ones: copy-on-write must keep them apart."""
        plain = self.plan["prot"] in ("RW", "RWX") and not self.plan["split"] and self.plan["guard"] == "None"
        if self.kind in ("Anonymous", "FilePrivate", "MemfdPrivate", "GrowsDown") and plain:
            self.paint(seed, 25, 5)

    def expected(self, page):
        for seed, data, zero in reversed(self.layers):
            what = page_class(seed, page, data, zero)
            if what:
                return page_bytes(seed, page) if what == "data" else ZERO_PAGE
        return ZERO_PAGE

    def slot(self, index):
        """Where task `index` writes its round number in a shared region: beyond what verify compares."""
        return self.address + (index % self.pages) * PAGE + PAGE - 8 * (1 + (index // self.pages) % 64)

    def verify(self, mem, problems):
        if self.kind in ("Reserve", "Droppable"):
            return
        size = PAGE - 512 if self.slots else PAGE
        for page in range(self.pages):
            if page in self.absent:
                continue
            seen = os.pread(mem, PAGE, self.address + page * PAGE)
            if seen[:size] != self.expected(page)[:size]:
                problems.append("memory %s (%s): page %d at %x differs" % (self.label, self.kind, page, self.address + page * PAGE))
                return
        if self.twin and os.pread(mem, PAGE, self.twin)[:size] != self.expected(self.pages // 2)[:size]:
            problems.append("memory %s (%s): its second view differs" % (self.label, self.kind))


class AsyncRing(Region):
    """A context of asynchronous I/O with an event that nobody has taken. A child has the ring's memory, but no context."""
    def make(self, work):
        held = ctypes.c_ulong()
        self.sealed = False
        try:
            raw("io_setup", IO_SETUP, 8, ctypes.byref(held))
        except OSError as error:
            if error.errno != errno.ENOSYS:
                raise
            self.address = 0
            return
        self.address, self.owner = held.value, os.getpid()
        fd = os.memfd_create("aio-" + self.label, 1)
        os.write(fd, b"12345678")
        data = (ctypes.c_char * 8)()
        # struct iocb: data, key, flags; opcode PREAD, priority, descriptor; buffer, length, offset.
        block = (ctypes.c_char * 64).from_buffer(bytearray(self.plan["seed"].to_bytes(8, "little") + bytes(8) + bytes(4) + fd.to_bytes(4, "little")
                                                           + ctypes.addressof(data).to_bytes(8, "little") + (8).to_bytes(8, "little") + bytes(24)))
        raw("io_submit", IO_SUBMIT, self.address, 1, (ctypes.c_void_p * 1)(ctypes.addressof(block)))
        os.close(fd)

    def drop(self):
        return False

    def rewrite(self, seed):
        pass

    def verify(self, mem, problems):
        pass

    def use(self, problems):
        if not self.address or self.owner != os.getpid():
            return
        events = (ctypes.c_ulong * 8)()
        count = raw("io_getevents", IO_GETEVENTS, self.address, 0, 2, ctypes.byref(events), None)
        if (count, events[0], events[2]) != (1, self.plan["seed"], 8):
            problems.append("asynchronous I/O %s: %d events, %x with %d" % (self.label, count, events[0], events[2]))


def special(length, flags):
    """A mapping of a kind that not every machine has, or has to spare; else an ordinary one."""
    try:
        return mmap(length, READ | WRITE, flags)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOMEM, errno.ENOSYS, errno.EPERM):
            raise
        return mmap(length, READ | WRITE, PRIVATE | ANON)


def make_all(plans, index, work):
    regions = []
    for k, plan in enumerate(plans):
        region = (AsyncRing if plan["kind"] == "AsyncRing" else Region)(plan, "%d-%d" % (index, k))
        region.make(work)
        regions.append(region)
    return regions


def inherit(regions, plan):
    """The child's side of fork: what it lost, drops by plan, rewrites by plan."""
    kept = []
    for k, region in enumerate(r for r in regions if r.forked()):
        if plan["dropInherited"] >> (k % 64) & 1:
            if not region.drop():
                kept.append(region)
        else:
            kept.append(region)
    for k, region in enumerate(kept):
        if plan["rewriteInherited"] >> (k % 64) & 1:
            region.rewrite(plan["rewriteSeed"] + k)
    return kept


def grow_heap(pages, seed):
    """Pages above the program break, filled: the heap that sbrk gives."""
    if not pages:
        return None
    old = libc.sbrk(pages * PAGE)
    if old == ctypes.c_void_p(-1).value:
        return None
    data = b"".join(page_bytes(seed, p) for p in range(pages))
    ctypes.memmove(old, data, len(data))
    return old, pages, seed


def verify_heap(grown, problems):
    if grown:
        at, pages, seed = grown
        if ctypes.string_at(at, pages * PAGE) != b"".join(page_bytes(seed, p) for p in range(pages)):
            problems.append("memory: the grown heap at %x differs" % at)
