"""Threads of a task: each sets itself up, waits in a system call of its own, and checks itself when the main thread asks."""
import _thread
import _signal
import os
import signals
import state
import time
import waits
from sysc import CONTROL, rseq_address, syscall


class Worker:
    def __init__(self, plan, name, number, lenient, stops):
        self.stops = stops
        self.plan, self.name, self.number, self.lenient = plan, name, number, lenient
        self.tid = 0
        self.asked = self.done = 0
        self.verb = "check"
        self.problems, self.early = [], []
        self.counter = 0
        self.error = None
        self.sent_controls = self.woken = 0

    def start(self):
        _thread.start_new_thread(self.run, ())

    def run(self):
        try:
            self.prepare()
        except BaseException as error:      # told to the main thread, which fails the build
            self.error = "thread %d: %s: %s" % (self.number, type(error).__name__, error)
        self.rseq = rseq_address()
        self.tid = syscall("gettid")
        if self.error:
            return
        while True:
            if self.asked != self.done:
                self.problems = self.check()
                self.done = self.asked
                continue
            if self.plan["busy"]:
                self.counter += 1
                time.sleep(0.001)
                continue
            wrong = self.wait.once()
            self.woken += 1
            if wrong:
                self.early.append(wrong)
            elif self.woken > self.sent_controls and not (self.stops and self.wait.kind == "TimedWait"):
                self.early.append("%s was interrupted by no signal" % self.wait.kind)

    def prepare(self):
        plan = self.plan
        state.set_name(bytes.fromhex(self.name))
        attempt = state.Attempt(self.lenient)
        if plan["nice"]:
            attempt("thread nice", os.setpriority, os.PRIO_PROCESS, syscall("gettid"), plan["nice"])
        if plan["alternateStack"]:
            state.alternate_stack(65536)
        self.wait = waits.Waits(plan["wait"])
        for pending in plan["pending"]:
            _signal.pthread_sigmask(_signal.SIG_BLOCK, [pending["signal"]])
        signals.block(plan["blocked"])
        self.give_up()
        self.sent = []
        for pending in plan["pending"]:
            signals.send(pending, syscall("gettid"))
            self.sent.append((pending["signal"], signals.SI_QUEUE, pending["value"]))
        self.before = self.observe()

    def give_up(self):
        """Rights of this thread alone: the calls themselves, where the C library's would speak for all threads."""
        plan = self.plan
        if plan["filtered"]:
            state.filter_calls(0x50000 | 78)
        if plan["uid"]:
            syscall("setresuid", plan["uid"], plan["uid"], plan["uid"])
            state.prctl(4, 1)
        elif plan["dropCapabilities"]:
            state.drop_capabilities(plan["dropCapabilities"])

    def observe(self):
        return dict(name=state.get_name(), mask=sorted(map(int, _signal.pthread_sigmask(_signal.SIG_BLOCK, []))),
                    stack=state.current_stack(), tid=syscall("gettid"), robust=state.robust_list(), filtered=state.filtered(),
                    ids=state.ids(), caps=list(state.capabilities()[1]),
                    nice=os.getpriority(os.PRIO_PROCESS, syscall("gettid")), affinity=sorted(os.sched_getaffinity(0)),
                    address=state.prctl_out(40, state.ctypes.c_long), slack=state.prctl(30))

    def check(self):
        problems = ["thread %d: %s" % (self.number, early) for early in self.early]
        self.early = []
        if self.verb == "signals":
            taken = signals.take_pending()
            wanted = sorted(set(self.sent))
            if [t for t in taken if t in wanted] != sorted(wanted):
                problems.append("thread %d: pending %r instead of %r" % (self.number, taken, wanted))
        else:
            state.compare(self.before, self.observe(), "thread %d" % self.number, problems)
        return problems


def start_all(plans, names, lenient, stops):
    workers = [Worker(plan, name, k, lenient, stops) for k, (plan, name) in enumerate(zip(plans, names))]
    for worker in workers:
        worker.start()
        while not worker.tid:
            time.sleep(0.0002)
        if worker.error:
            raise RuntimeError(worker.error)
    return workers


def ask_all(workers, verb, problems, patience=10.0):
    """Wakes every thread with the control signal and collects what each found."""
    for worker in workers:
        worker.verb = verb
        worker.asked += 1
    until = time.monotonic() + patience
    again = 0
    while any(w.asked != w.done for w in workers):
        now = time.monotonic()
        if now > until:
            break
        if now >= again:
            for worker in workers:
                if worker.asked != worker.done and not worker.plan["busy"]:
                    worker.sent_controls += 1
                    syscall("tgkill", os.getpid(), worker.tid, CONTROL)
            again = now + 0.1
        time.sleep(0.0005)
    for worker in workers:
        if worker.asked != worker.done:
            problems.append("thread %d: does not answer" % worker.number)
        else:
            problems.extend(worker.problems)
