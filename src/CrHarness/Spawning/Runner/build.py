"""Builds the tree of a plan by forking. Tasks keep step through a control page that all share until the tree stands."""
import _signal
import ctypes
import files
import gc
import ipc
import memory
import os
import state
import task
import time
from sysc import SIGSTOP, Timespec, call, mmap, prctl, syscall

FORKED, LED, JOINED, BURIED, READY = range(5)
WNOWAIT, WSTOPPED = 0x01000000, 2
FUTEX_WAIT, FUTEX_WAKE = 0, 1


class Control:
    """A page shared by all: a word per phase that tells when it is over (waited for by futex(2), so that thousands may),
    an error flag, the root's pid as the launcher's /proc shows it, and per task its pid and a byte per phase."""
    ERROR, ROOT, PIDS = 5, 6, 8

    def __init__(self, count):
        self.count = count
        self.length = (self.PIDS + count) * 4 + count * 5
        self.length += -self.length % 4096
        self.address = mmap(self.length, 3, 0x21)
        self.words = (ctypes.c_int * (self.PIDS + count)).from_address(self.address)
        self.bytes = self.address + (self.PIDS + count) * 4

    def close(self):
        call("munmap", self.address, self.length)

    def mark(self, phase, index):
        """Whoever finds all bytes of the phase set ends it; of the last two that mark at once, one does for sure."""
        at = self.bytes + phase * self.count
        ctypes.c_char.from_address(at + index).value = 1
        if ctypes.string_at(at, self.count).count(1) == self.count:
            self.end(phase)

    def end(self, phase):
        self.words[phase] = 1
        syscall("futex", self.address + 4 * phase, FUTEX_WAKE, 1 << 30, None, None, 0)

    def reached(self, phase):
        return self.words[phase] == 1

    def failed(self):
        return self.words[self.ERROR] == 1

    def fail(self):
        self.words[self.ERROR] = 1
        for phase in range(5):
            syscall("futex", self.address + 4 * phase, FUTEX_WAKE, 1 << 30, None, None, 0)

    def sleep(self, phase, seconds):
        """Until the phase ends, something fails or time is up."""
        until = ctypes.byref(Timespec(int(seconds), int(seconds % 1 * 1e9)))
        try:
            syscall("futex", self.address + 4 * phase, FUTEX_WAIT, 0, until, None, 0)
        except (BlockingIOError, InterruptedError, TimeoutError):
            pass

    def barrier(self, phase, index):
        self.mark(phase, index)
        self.wait(phase)

    def wait(self, phase):
        while not self.reached(phase):
            if self.failed():
                os._exit(99)
            self.sleep(phase, 1)

    def set_pid(self, index, pid):
        self.words[self.PIDS + index] = pid

    def pid(self, index):
        return self.words[self.PIDS + index]


def guarded(index, work, control, action):
    """Whatever goes wrong while building is told in a file; then the task ends and the launcher ends the tree."""
    try:
        action()
    except BaseException as error:
        trace = []
        at = error.__traceback__
        while at:
            trace.append("%s:%d" % (os.path.basename(at.tb_frame.f_code.co_filename), at.tb_lineno))
            at = at.tb_next
        os.closerange(3, 1024)      # it may be descriptors that ran out
        with open(os.path.join(work, "errors"), "a") as out:
            out.write("task %d: %s: %s (%s)\n" % (index, type(error).__name__, error, " ".join(trace)))
        control.fail()
        os._exit(98)


def grow(index, job, control):
    """Runs in the new task `index`; forks its children in turn. A child goes round the loop as the next task, so a
    chain of any depth needs no deeper Python stack."""
    regions, entries = [], []
    while True:
        plan, shape, work = job["plan"]["tasks"][index], job["shape"][index], job["work"]
        control.set_pid(index, os.getpid())
        if index == 0:
            control.words[control.ROOT] = int(os.readlink("/proc/self"))
        if shape["newSession"]:
            os.setsid()
        if index:
            regions, entries = memory.inherit(regions, plan), files.inherit(entries, plan)
        if plan["attributes"].get("subreaper"):
            prctl(36, 1)
        regions = regions + memory.make_all(plan["memory"], index, work)
        entries = entries + files.make_all(plan, index, entries, work, job["lenient"])
        objects = ipc.make_all(plan["ipc"])
        born = -1
        for child in shape["forks"]:
            if fork_child(child, job["shape"][child]):
                born = child
                break
        if born < 0:
            one = task.Task(index, plan, shape, work, job["lenient"])
            one.regions, one.entries, one.objects = regions, entries, objects
            return one
        index = born


def fork_child(child, shape):
    """True in the child. An orphan comes by way of a process that dies at once."""
    if shape["orphan"] == "None":
        return os.fork() == 0
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        return False
    if shape["orphan"] == "SessionLeaderGone":
        os.setsid()
    elif shape["orphan"] == "GroupLeaderGone":
        os.setpgid(0, 0)
    parent = os.getpid()
    if os.fork():
        os._exit(0)
    while os.getppid() == parent:
        time.sleep(0.0002)
    return True


def stand(one, control):
    """The phases after the forks: groups, state, deaths, stops."""
    index, shape, plan = one.index, one.shape, one.plan
    state.set_name(bytes.fromhex(shape["comm"]))
    control.barrier(FORKED, index)
    if shape["group"] == "own":
        os.setpgid(0, 0)
    control.barrier(LED, index)
    if shape["joins"] >= 0:
        os.setpgid(0, control.pid(shape["joins"]))
    control.barrier(JOINED, index)
    if plan["ending"] is not None:
        control.mark(BURIED, index)
        control.mark(READY, index)
        die(plan["ending"], one)
    pids = [control.pid(k) for k in range(control.count)]
    one.prepare(pids)
    one.bury(pids)
    one.settle()
    control.barrier(BURIED, index)
    for stopped in shape["stopped"]:
        os.waitid(os.P_PID, pids[stopped], WSTOPPED | WNOWAIT)
    gc.collect()
    gc.freeze()
    control.mark(READY, index)
    control.close()
    if plan["stopped"]:
        os.kill(os.getpid(), SIGSTOP)
    one.serve()


def die(ending, one):
    """By exit status or by signal; a core is written only where the plan asks for one."""
    if not ending["signal"]:
        os._exit(ending["exitCode"])
    import resource
    if ending["core"]:
        directory = os.path.join(one.work, "cores", str(one.index))
        os.mkdir(directory)
        os.chdir(directory)
        state.write_proc("coredump_filter", "0")
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    else:
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    number = ending["signal"]
    if number not in (9, 19):
        _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, [number])
    os.kill(os.getpid(), number)
    time.sleep(5)
    raise RuntimeError("signal %d did not end the task" % number)


def run(job, control):
    """The root of the tree; every task of it returns from grow here, each with its own index."""
    holder = []

    def grown():
        holder.append(grow(0, job, control))
    # The index is not known before grow returns: an error inside is told under the root's.
    guarded(0, job["work"], control, grown)
    one = holder[0]
    guarded(one.index, job["work"], control, lambda: stand(one, control))
    os._exit(97)
