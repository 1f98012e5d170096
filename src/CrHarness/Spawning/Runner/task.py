"""One task of the tree once it stands: it waits quietly and, when asked, checks itself and writes a verdict."""
import _signal
import files
import ipc
import memory
import os
import signals
import state
import sysc
import threads
import time
import waits
from sysc import CONTROL

WEXITED, WSTOPPED, WNOHANG, WNOWAIT = 4, 2, 1, 0x01000000
CLD_DUMPED = 3


class Task:
    def __init__(self, index, plan, shape, work, lenient):
        self.index, self.plan, self.shape, self.work, self.lenient = index, plan, shape, work, lenient
        self.regions, self.entries, self.workers, self.timers = [], [], [], []
        self.asked = False
        self.last = 0
        self.early = []
        self.sent = []
        self.notes = []
        # SIGSTOP and SIGCONT interrupt sigtimedwait (signal(7)); so does an ignored SIGCHLD of a continued child, when
        # the main thread's mask of the moment has it queued.
        self.stops = plan["stopped"] or bool(shape["stopped"])

    def prepare(self, pids):
        """After the tree stands: attributes, threads, signals, timers; in the order that lets each be set."""
        plan = self.plan
        _signal.signal(CONTROL, self.on_control)
        _signal.siginterrupt(CONTROL, True)
        if plan["alternateStack"]:
            state.alternate_stack(65536)
        self.heap = memory.grow_heap(plan["heapPages"], self.index + 77)
        for action in plan["actions"]:
            signals.dispose(action)
        signals.block(plan["blocked"])
        attempt = state.Attempt(self.lenient)
        state.apply(plan["attributes"], attempt, self.work, self.index)
        self.notes = attempt.notes
        self.workers = threads.start_all(plan["threads"], self.shape["threadNames"], self.lenient, self.stops)
        child = pids[self.shape["waitChild"]] if self.shape["waitChild"] >= 0 else 0
        self.wait = waits.Waits(plan["wait"], child)
        for pending in plan["pending"]:
            signals.send(pending, 0)
            self.sent.append((pending["signal"], signals.SI_QUEUE, pending["value"]))
        for timer in plan["intervals"]:
            signals.start_interval(timer)
        for timer in plan["posixTimers"]:
            self.timers.append(signals.PosixTimer(timer, os.getpid()))
        self.halted = [pids[s] for s in self.shape["stopped"]]

    def bury(self, pids):
        """Waits for the children that are to be zombies. A core dump may fail where its limit is 0 and cannot be raised."""
        self.dead = []
        for zombie, (code, status) in zip(self.shape["zombies"], self.shape["statuses"]):
            seen = os.waitid(os.P_PID, pids[zombie], WEXITED | WNOWAIT)
            if seen.si_status != status or seen.si_code != code and code != CLD_DUMPED:
                raise RuntimeError("zombie %d ended with %d, %d" % (zombie, seen.si_code, seen.si_status))
            self.dead.append((pids[zombie], (seen.si_code, seen.si_status)))

    def settle(self):
        """The baseline that later checks are compared with."""
        self.actions = signals.dispositions()
        self.pending = signals.pending_sets()
        self.mask = sorted(map(int, _signal.pthread_sigmask(_signal.SIG_BLOCK, [])))
        self.before = state.observe(self.shape)
        files.settle(self.entries)
        self.holdings()

    def holdings(self):
        """Which shared objects this task holds, so that the harness can choose who writes and who reads; and where the
        kernel itself writes into its memory."""
        lines = ["%s %s" % (e.role, e.pipe["label"]) for e in self.entries if e.pipe]
        lines += ["handle " + e.label for e in self.entries if isinstance(e, files.Handle)]
        lines += ["map " + r.label for r in self.regions if r.slots]
        lines += ["rseq %d" % at for at in [sysc.rseq_address()] + [w.rseq for w in self.workers] if at]
        mask = os.umask(0)
        with open(os.path.join(self.work, "tasks", str(self.index)), "w") as out:
            out.write("\n".join(lines))
        os.umask(mask)

    def on_control(self, number, frame):
        self.asked = True

    def serve(self):
        while True:
            if self.asked:
                self.asked = False
                self.answer()
                continue
            wrong = self.wait.once()
            if not self.asked and (wrong or not (self.stops and self.wait.kind == "TimedWait")):
                self.early.append(wrong or "%s was interrupted by no signal" % self.wait.kind)

    def answer(self):
        with open(os.path.join(self.work, "round")) as text:
            words = text.read().split()
        number = int(words[0])
        if number == self.last:
            return
        problems = []
        try:
            getattr(self, "do_" + words[1])(words[2:], number, problems)
        except BaseException as error:
            problems.append("%s failed: %s: %s" % (words[1], type(error).__name__, error))
        self.last = number
        mask = os.umask(0)
        path = os.path.join(self.work, "verdicts", "%d-%d" % (number, self.index))
        with open(path + ".new", "w") as out:
            out.write("\n".join(problems))
        os.rename(path + ".new", path)
        os.umask(mask)

    def do_check(self, words, number, problems):
        problems.extend(self.early)
        self.early = []
        self.check_memory(problems)
        files.verify(self.entries, problems)
        ipc.verify(self.objects, problems)
        now = state.observe(self.shape)
        state.compare(self.before, now, "task", problems)
        mask = sorted(map(int, _signal.pthread_sigmask(_signal.SIG_BLOCK, [])))
        state.compare(dict(actions=self.actions, mask=self.mask, pending=self.pending),
                      dict(actions=signals.dispositions(), mask=mask, pending=signals.pending_sets()), "task", problems)
        signals.verify_intervals(self.plan["intervals"], problems)
        for timer in self.timers:
            timer.verify(problems)
        for pid, status in self.dead:
            self.check_child(pid, WEXITED, status, problems)
        if "continued" not in words:
            for pid in self.halted:
                self.check_child(pid, WSTOPPED, (5, 19), problems)
        counters = [w.counter for w in self.workers]
        threads.ask_all(self.workers, "check", problems)
        if any(w.plan["busy"] for w in self.workers):
            time.sleep(0.02)
        for worker, counter in zip(self.workers, counters):
            if worker.plan["busy"] and worker.counter <= counter:
                problems.append("thread %d: its counter stands at %d" % (worker.number, counter))

    def check_memory(self, problems):
        mem = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)
        try:
            for region in self.regions:
                region.verify(mem, problems)
        finally:
            os.close(mem)
        memory.verify_heap(self.heap, problems)

    def check_child(self, pid, event, status, problems):
        try:
            seen = os.waitid(os.P_PID, pid, event | WNOHANG | WNOWAIT)
        except ChildProcessError:
            problems.append("child %d: is no child" % pid)
            return
        if seen is None or (seen.si_code, seen.si_status) != tuple(status):
            problems.append("child %d: wait tells %s instead of %s" % (pid, seen and (seen.si_code, seen.si_status), tuple(status)))

    def do_reap(self, words, number, problems):
        for pid, status in self.dead:
            self.check_child(pid, WEXITED, status, problems)
            os.waitid(os.P_PID, pid, WEXITED | WNOHANG)
        self.dead = []

    def do_signals(self, words, number, problems):
        # The main thread first: a thread would take what pends for the process, too.
        taken, wanted = signals.take_pending(), sorted(self.sent)
        for one in wanted:
            if one not in taken and not (one[0] < 32 and any(t[0] == one[0] for t in taken)):
                problems.append("signal %d (value %x) is not pending: %r" % (one[0], one[2], taken))
        threads.ask_all(self.workers, "signals", problems)

    def do_drain(self, words, number, problems):
        files.drain(self.mine(words), problems)

    def do_use(self, words, number, problems):
        """What can be taken only once, from handles that this task is chosen for, and from its own rings."""
        for label in words:
            if int(label.split(":")[1]) == self.index:
                for entry in [e for e in self.entries if isinstance(e, files.Handle) and e.label == label.split(":")[0]][:1]:
                    entry.use(problems)
        for region in self.regions:
            if region.kind == "AsyncRing":
                region.use(problems)

    def do_put(self, words, number, problems):
        files.put_token(self.mine(words), self.index, problems)

    def do_take(self, words, number, problems):
        for word in words:
            label, reader, writer = word.split(":")
            if int(reader) == self.index:
                entries = [e for e in self.entries if e.pipe and e.pipe["label"] == label and e.role == "read"][:1]
                files.take_token(entries, int(writer), problems)

    def mine(self, words):
        labels = [w.split(":")[0] for w in words if int(w.split(":")[1]) == self.index]
        found, out = set(), []
        for entry in self.entries:
            if entry.pipe and entry.pipe["label"] in labels and (entry.pipe["label"], entry.role) not in found:
                found.add((entry.pipe["label"], entry.role))
                out.append(entry)
        return out

    def do_mark(self, words, number, problems):
        for region in self.regions:
            if region.slots:
                memory.ctypes.c_long.from_address(region.slot(self.index)).value = number

    def do_marks(self, words, number, problems):
        """Every holder of a shared region wrote the number of the round before: all must see all."""
        held = {r.label: r for r in self.regions if r.slots}
        for word in words:
            label, holders = word.split(":")
            if label in held:
                for holder in holders.split(","):
                    seen = memory.ctypes.c_long.from_address(held[label].slot(int(holder))).value
                    if seen != number - 1:
                        problems.append("shared memory %s: the mark of task %s is %d, not %d" % (label, holder, seen, number - 1))
