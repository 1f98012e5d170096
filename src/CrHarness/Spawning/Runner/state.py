"""Process state of a plan: what is applied, and what is observed again to see whether it is still so."""
import ctypes
import os
import resource
import struct
from sysc import Stack, call, libc, mmap, prctl, prctl_out, syscall

PR = dict(SET_PDEATHSIG=1, GET_PDEATHSIG=2, GET_DUMPABLE=3, SET_DUMPABLE=4, SET_KEEPCAPS=8, GET_KEEPCAPS=7, GET_SECCOMP=21,
          GET_SECUREBITS=27, SET_SECUREBITS=28, SET_TIMERSLACK=29, GET_TIMERSLACK=30, GET_TSC=25, SET_CHILD_SUBREAPER=36,
          GET_CHILD_SUBREAPER=37, SET_NO_NEW_PRIVS=38, GET_NO_NEW_PRIVS=39, GET_TID_ADDRESS=40, SET_THP_DISABLE=41,
          GET_THP_DISABLE=42, SET_NAME=15, GET_NAME=16, SET_SECCOMP=22)
UNKNOWN, FILTERED = 177, 77     # get_kernel_syms, which x86-64 has not; an errno that nothing else gives here
POLICY = {"Other": 0, "Fifo": 1, "RoundRobin": 2, "Batch": 3, "Idle": 5}
SET_MEMORY_MERGE, GET_MEMORY_MERGE, SET_MEMPOLICY, GET_MEMPOLICY, INTERLEAVE = 67, 68, 238, 239, 3
SIGNALS = [s for s in range(1, 65) if s not in (9, 19, 32, 33)]


def set_name(name):
    prctl(PR["SET_NAME"], ctypes.addressof(ctypes.create_string_buffer(name, 16)))


def get_name():
    out = ctypes.create_string_buffer(16)
    prctl(PR["GET_NAME"], ctypes.addressof(out))
    return out.value


class Attempt:
    """Applies one attribute after another; where rights may lack (an ordinary user), a refusal is a note and no failure."""
    def __init__(self, lenient):
        self.lenient, self.notes = lenient, []

    def __call__(self, what, action, *args):
        try:
            action(*args)
        except PermissionError as error:
            if not self.lenient:
                raise
            self.notes.append("%s: %s" % (what, error))


def write_proc(name, text):
    with open("/proc/self/" + name, "w") as out:
        out.write(text)


def limit(number, soft, hard):
    old_soft, old_hard = resource.getrlimit(number)
    unlimited = resource.RLIM_INFINITY
    if old_hard != unlimited and (hard == unlimited or hard > old_hard):
        hard = old_hard
    if hard != unlimited and (soft == unlimited or soft > hard):
        soft = hard
    resource.setrlimit(number, (soft, hard))


def apply(attributes, attempt, work, index):
    """Everything but the signals, in an order in which one step does not forbid the next."""
    get = attributes.get
    for item in get("limits") or []:
        limit(item["resource"], item["soft"], item["hard"])
    if get("nice"):
        attempt("nice", os.setpriority, os.PRIO_PROCESS, 0, attributes["nice"])
    if get("policy", "Other") != "Other":
        attempt("policy", os.sched_setscheduler, 0, POLICY[attributes["policy"]],
                os.sched_param(1 if attributes["policy"] in ("Fifo", "RoundRobin") else 0))
    if get("affinity"):
        cpus = sorted(os.sched_getaffinity(0))
        chosen = [c for k, c in enumerate(cpus) if attributes["affinity"] >> (k % 32) & 1]
        if chosen:
            os.sched_setaffinity(0, chosen)
    if get("ioPriority"):
        attempt("io priority", syscall, "ioprio_set", 1, 0, (2 << 13) | (attributes["ioPriority"] & 7))
    if get("oomScoreAdj"):
        attempt("oom_score_adj", write_proc, "oom_score_adj", str(attributes["oomScoreAdj"]))
    if get("coreDumpFilter") is not None:
        write_proc("coredump_filter", hex(attributes["coreDumpFilter"]))
    if get("timerSlack"):
        prctl(PR["SET_TIMERSLACK"], attributes["timerSlack"])
    if get("disableHugePages"):
        prctl(PR["SET_THP_DISABLE"], 1)
    if get("mergeMemory"):
        libc.prctl(SET_MEMORY_MERGE, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    if get("interleaved"):
        libc.syscall(ctypes.c_long(SET_MEMPOLICY), ctypes.c_long(INTERLEAVE), (ctypes.c_ulong * 17)(1), ctypes.c_long(1025))
    if get("personality"):
        call("personality", ctypes.c_ulong(attributes["personality"]))
    if get("directory", "Inherited") != "Inherited":
        path = os.path.join(work, "files", "dir-%d" % index)
        os.mkdir(path, 0o777)
        os.chdir(path)
        if attributes["directory"] == "Root":
            os.chdir("/")
    if get("filtered"):
        attempt("filter", filter_calls)
    credentials(attributes, attempt)
    if get("noNewPrivs"):
        prctl(PR["SET_NO_NEW_PRIVS"], 1)
    if get("notDumpable"):
        prctl(PR["SET_DUMPABLE"], 0)
    if get("parentDeathSignal"):
        prctl(PR["SET_PDEATHSIG"], attributes["parentDeathSignal"])
    if get("umask") is not None:
        os.umask(attributes["umask"])


def filter_calls(answer=0x50000 | FILTERED):
    """A seccomp(2) filter: UNKNOWN fails with FILTERED, all else passes. A child inherits it."""
    load, equal, give = 0x20, 0x15, 0x06
    program = b"".join(struct.pack("HBBI", *one) for one in
                       ((load, 0, 0, 0), (equal, 0, 1, UNKNOWN), (give, 0, 0, answer), (give, 0, 0, 0x7fff0000)))
    held = ctypes.create_string_buffer(program)
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(held)))
    prctl(PR["SET_SECCOMP"], 2, ctypes.addressof(header))


def filtered():
    """How a call fails that no kernel has any more."""
    libc.syscall(ctypes.c_long(UNKNOWN))
    return ctypes.get_errno()


def ids():
    """Of this thread, as the kernel has them."""
    out = (ctypes.c_uint * 3)()
    syscall("getresuid", ctypes.byref(out, 0), ctypes.byref(out, 4), ctypes.byref(out, 8))
    return list(out)


def memory_policy():
    """Mode and first nodes; what a kernel without NUMA says looks the same before and after."""
    mode, nodes = ctypes.c_int(), (ctypes.c_ulong * 17)()
    result = libc.syscall(ctypes.c_long(GET_MEMPOLICY), ctypes.byref(mode), nodes, ctypes.c_long(1025), None, ctypes.c_long(0))
    return (result, mode.value, nodes[0])


def credentials(attributes, attempt):
    get = attributes.get
    if get("secureBits"):
        attempt("securebits", prctl, PR["SET_SECUREBITS"], attributes["secureBits"])
    if get("groups"):
        attempt("groups", os.setgroups, attributes["groups"])
    if get("gid"):
        attempt("gid", os.setresgid, attributes["gid"], attributes["gid"], attributes["gid"])
    if get("uid"):
        attempt("uid", os.setresuid, attributes["uid"], attributes["uid"], attributes["uid"])
        prctl(PR["SET_DUMPABLE"], 1)
    if get("keepCapabilities"):
        attempt("keepcaps", prctl, PR["SET_KEEPCAPS"], 1)
    if get("dropCapabilities"):
        drop_capabilities(attributes["dropCapabilities"])


def capabilities():
    header = (ctypes.c_uint * 2)(0x20080522, 0)
    data = (ctypes.c_uint * 6)()
    syscall("capget", ctypes.byref(header), ctypes.byref(data))
    return header, data


def drop_capabilities(mask):
    """From the effective and permitted sets (inheritable ones are empty as a rule)."""
    header, data = capabilities()
    for word in (0, 1):
        keep = ~(mask >> (32 * word)) & 0xffffffff
        data[3 * word] &= keep
        data[3 * word + 1] &= keep
    syscall("capset", ctypes.byref(header), ctypes.byref(data))


def alternate_stack(size):
    address = mmap(size, 3, 0x22)
    stack = Stack(address, 0, size)
    call("sigaltstack", ctypes.byref(stack), None)


def current_stack():
    stack = Stack()
    call("sigaltstack", None, ctypes.byref(stack))
    return (stack.sp, stack.flags, stack.size)


def robust_list():
    head, size = ctypes.c_void_p(), ctypes.c_size_t()
    syscall("get_robust_list", 0, ctypes.byref(head), ctypes.byref(size))
    return (head.value, size.value)


def descriptors():
    """Number, kind, flags, position: of every descriptor. Pipes by the order of their first sight."""
    seen, out = {}, []
    import fcntl
    for name in sorted(os.listdir("/proc/self/fd"), key=int):
        fd = int(name)
        try:
            target = os.readlink("/proc/self/fd/" + name)
            stat = os.fstat(fd)
        except OSError:
            continue            # the descriptor of the listing itself
        if target.startswith("/proc/"):
            continue
        if target.startswith("/dev/pts/"):
            # The number may be another's by now.
            target = "pts:%d" % stat.st_rdev
        if target.startswith(("pipe:", "socket:", "pts:")):
            target = "%s %d" % (target.split(":")[0], seen.setdefault(target, len(seen)))
        try:
            position = os.lseek(fd, 0, 1)
        except OSError:
            position = -1
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
        out.append((fd, target, stat.st_mode, flags, fcntl.fcntl(fd, fcntl.F_GETFD), position))
    return out


def observe(shape):
    """All that a task can say of itself without changing it. Two observations are compared key by key. What belongs to
    processes outside the tree (the root's parent, a session or group they lead) may be another's after a restore."""
    seen = dict(pid=os.getpid(), name=get_name(), cwd=os.readlink("/proc/self/cwd"),
                uids=os.getresuid(), gids=os.getresgid(), groups=sorted(os.getgroups()), caps=list(capabilities()[1]),
                node=os.uname().nodename, tid=syscall("gettid"), affinity=sorted(os.sched_getaffinity(0)),
                policy=(os.sched_getscheduler(0), os.sched_getparam(0).sched_priority), nice=os.getpriority(os.PRIO_PROCESS, 0),
                stack=current_stack(), robust=robust_list(), ioprio=syscall("ioprio_get", 1, 0),
                personality=libc.personality(ctypes.c_ulong(0xffffffff)), descriptors=descriptors(),
                death=prctl_out(PR["GET_PDEATHSIG"]), subreaper=prctl_out(PR["GET_CHILD_SUBREAPER"]),
                tid_address=prctl_out(PR["GET_TID_ADDRESS"], ctypes.c_long),
                membarrier=syscall("membarrier", 1 << 9, 0, 0), filtered=filtered(), mempolicy=memory_policy(),
                merge=libc.prctl(GET_MEMORY_MERGE, *[ctypes.c_ulong(0)] * 4))
    seen["limits"] = [resource.getrlimit(n) for n in range(16)]
    for option in ("DUMPABLE", "KEEPCAPS", "SECUREBITS", "TIMERSLACK", "NO_NEW_PRIVS", "THP_DISABLE"):
        seen[option.lower()] = prctl(PR["GET_" + option])
    for name in ("oom_score_adj", "coredump_filter"):
        with open("/proc/self/" + name) as text:
            seen[name] = text.read().strip()
    mask = os.umask(0o22)
    os.umask(mask)
    seen["umask"] = mask
    if shape["parent"] >= 0:
        seen["ppid"] = os.getppid()
    if shape["groupKey"] != -1:
        seen["pgid"] = os.getpgrp()
    if shape["session"] != -1:
        seen["sid"] = os.getsid(0)
    return seen


def compare(before, now, who, problems):
    for key in before:
        if before[key] != now.get(key):
            problems.append("%s: %s was %r and is %r" % (who, key, before[key], now.get(key)))
