using CrCore.Kernel;
using CrCore.Live;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>Tasks that job control has stopped, through a checkpoint and a restore.</summary>
public class StoppedTaskTests
{
    /// <param name="left">The program is not restored, but left running.</param>
    private static void Survives(string code, bool left = false)
    {
        using var program = new SelfCheckingProgram(code);
        if (left)
            program.SaveRunning();
        var said = left ? program.CheckRunning() : program.Journey();
        Assert.True(said == "ok", said);
    }

    [TheoryWith("python3"), InlineData("SIGSTOP"), InlineData("SIGTSTP"), InlineData("SIGTTIN")]
    public void TheParentLearnsWhichSignalItWas(string name) => Survives($"""
            stop = signal.{name}
            child = os.fork()
            if child == 0:
                while True: signal.pause()
            os.setpgid(child, child); os.kill(child, stop)
            os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOWAIT)
            wait()
            same(os.WSTOPSIG(os.waitpid(child, os.WUNTRACED)[1]), stop)
            os.kill(child, signal.SIGCONT); same(os.WIFCONTINUED(os.waitpid(child, os.WCONTINUED)[1]), True)
            os.kill(child, signal.SIGKILL); same(os.WTERMSIG(os.wait()[1]), 9)
        """);

    /// <summary>A signal that came meanwhile waits for the task to go on: its handler must not have begun.</summary>
    [TheoryWith("python3"), InlineData("SIGSTOP"), InlineData("SIGTSTP")]
    public void SignalsThatItHasNotSeenYet(string name) => Survives($"""
            r, w = os.pipe(); got, tell = os.pipe()
            def state(pid): return [l.split() for l in open('/proc/%d/status' % pid) if l.startswith(('State', 'SigPnd', 'ShdPnd', 'SigBlk'))] + [open('/proc/%d/syscall' % pid).read()]
            child = os.fork()
            if child == 0:
                os.close(w); signal.signal(signal.SIGALRM, lambda *_: os.write(tell, b'a')); signal.signal(signal.SIGUSR2, lambda *_: os.write(tell, b'u'))
                os.write(tell, b'r'); os.read(r, 1); os._exit(7)
            os.read(got, 1); os.setpgid(child, child)
            while open('/proc/%d/syscall' % child).read().split()[0] != '0': time.sleep(0.01)
            os.kill(child, signal.{name}); os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOWAIT)
            os.kill(child, signal.SIGALRM); os.kill(child, signal.SIGUSR2); before = state(child); assert before[0][1] == 'T'
            wait()
            same(state(child), before)
            os.kill(child, signal.SIGCONT); same(sorted(os.read(got, 1) + os.read(got, 1)), sorted(b'au')); os.write(w, b'x')
            same(os.WEXITSTATUS(os.waitpid(child, 0)[1]), 7)
        """);

    [FactWith("python3")]
    public void AStoppedTaskWithThreads() => Survives("""
            import threading
            child = os.fork()
            if child == 0:
                for i in range(5): threading.Thread(target=lambda: time.sleep(1000)).start()
                said('threads', 'yes'); time.sleep(1000)
            while not os.path.exists(d + '/threads'): time.sleep(0.01)
            os.kill(child, signal.SIGSTOP); os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOWAIT)
            def states(): return [open('/proc/%d/task/%s/stat' % (child, t)).read().rsplit(')', 1)[1].split()[0] for t in os.listdir('/proc/%d/task' % child)]
            same(states(), ['T'] * 6)
            wait()
            same(states(), ['T'] * 6); same(os.WSTOPSIG(os.waitpid(child, os.WUNTRACED)[1]), signal.SIGSTOP)
            os.kill(child, signal.SIGCONT); same(os.WIFCONTINUED(os.waitpid(child, os.WCONTINUED)[1]), True)
            os.kill(child, signal.SIGKILL); same(os.WTERMSIG(os.wait()[1]), 9)
        """);

    /// <summary>It has taken note of the stop, and of the signal that told it: neither comes a second time.</summary>
    [TheoryWith("python3"), InlineData("SIGSTOP"), InlineData("SIGTSTP")]
    public void TheParentIsNotToldTwice(string name) => Survives($"""
            def pending(): return [l for l in open('/proc/self/status') if l.startswith(('SigPnd', 'ShdPnd'))]
            child = os.fork()
            if child == 0:
                while True: signal.pause()
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            os.setpgid(child, child); os.kill(child, signal.{name}); os.waitpid(child, os.WUNTRACED); signal.sigwait([signal.SIGCHLD])
            same(os.waitpid(child, os.WUNTRACED | os.WNOHANG), (0, 0)); before = pending()
            wait()
            same(pending(), before); same(os.waitpid(child, os.WUNTRACED | os.WNOHANG), (0, 0))
            same(open('/proc/%d/stat' % child).read().rsplit(')', 1)[1].split()[0], 'T')
            os.kill(child, signal.SIGCONT); same(os.WIFCONTINUED(os.waitpid(child, os.WCONTINUED)[1]), True)
            os.kill(child, signal.SIGKILL); same(os.WTERMSIG(os.waitpid(child, 0)[1]), 9)
        """);

    /// <summary>It has not asked yet whether the child was continued; what the child itself, and other children, have not seen yet waits, too.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void TheParentLearnsThatItWasContinued(bool left) => Survives("""
            import threading
            def pending(pid): return [l for l in open('/proc/%s/status' % pid) if l.startswith(('SigPnd', 'ShdPnd'))]
            def start():
                child = os.fork()
                if child == 0:
                    # SIGCONT, whose handler has not run, waits for it.
                    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCONT]); threading.Thread(target=lambda: time.sleep(1000), daemon=True).start(); said('started%d' % os.getpid(), ''); signal.sigwait([signal.SIGUSR1])
                    info = signal.sigtimedwait([signal.SIGCONT], 0); os._exit(7 if info and info.si_pid == os.getppid() else 8)
                while not os.path.exists('started%d' % child): time.sleep(0.01)
                return child
            def stop(child): os.kill(child, signal.SIGSTOP); os.waitpid(child, os.WUNTRACED)
            children = [start() for _ in range(4)]; other, known, again, plain = children
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            for child in (other, known, again): stop(child); os.kill(child, signal.SIGCONT)
            os.waitpid(known, os.WCONTINUED); stop(again); os.kill(plain, signal.SIGCONT)
            # A continued task tells its parent itself, once it runs (get_signal in kernel/signal.c).
            sleeps = lambda pid: all(open('/proc/%s/task/%s/stat' % (pid, t)).read().rsplit(')', 1)[1].split()[0] == 'S' for t in os.listdir('/proc/%s/task' % pid))
            while not all(map(sleeps, (other, known, plain))): time.sleep(0.01)
            signal.sigtimedwait([signal.SIGCHLD], 0)
            look = lambda: [os.waitid(os.P_PID, c, os.WCONTINUED | os.WNOHANG | os.WNOWAIT) for c in children]
            told = lambda: [(i.si_pid, i.si_code, i.si_status) if i else None for i in look()]
            before = (told(), [pending(p) for p in ('self', *children)]); same(before[0], [(other, 6, 18), None, None, None])
            wait()
            same((told(), [pending(p) for p in ('self', *children)]), before)
            same(os.WIFCONTINUED(os.waitpid(other, os.WCONTINUED)[1]), True); same(os.waitpid(other, os.WCONTINUED | os.WNOHANG), (0, 0))
            os.kill(again, signal.SIGCONT); same(os.waitpid(again, os.WCONTINUED)[1], 0xffff)
            for child in children: os.kill(child, signal.SIGUSR1); same(os.waitpid(child, 0)[1], 7 << 8)
        """, left);

    /// <summary>What is no child for a wait without __WALL, a clone(2) that tells its end by another signal or by none, can be stopped as well.</summary>
    [FactWith("python3")]
    public void AStoppedCloneWithoutSigChld() => Survives("""
            libc = ctypes.CDLL(None); WALL = 0x40000000
            def clone(flags):
                child = libc.syscall(56, flags, 0, 0, 0, 0)
                if child == 0:
                    while True: signal.pause()
                return child
            children = [clone(0), clone(signal.SIGUSR2)]
            for c in children: os.kill(c, signal.SIGSTOP); same(os.waitpid(c, os.WUNTRACED | WALL)[0], c)
            os.kill(children[1], signal.SIGCONT)
            wait()
            same(os.waitpid(children[0], os.WUNTRACED | os.WNOHANG | WALL), (0, 0)); same(open('/proc/%d/stat' % children[0]).read().rsplit(')', 1)[1].split()[0], 'T')
            same(os.waitpid(children[1], os.WCONTINUED | os.WNOHANG | WALL), (children[1], 0xffff))
            signal.signal(signal.SIGUSR2, signal.SIG_IGN)
            for c in children: os.kill(c, signal.SIGKILL); same(os.waitpid(c, WALL)[1], 9)
        """);

    /// <summary>The signal waits, with what was said with it.</summary>
    [FactWith("python3")]
    public void TheSignalThatTellsTheParentWaits() => Survives("""
            child = os.fork()
            if child == 0:
                while True: signal.pause()
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            os.kill(child, signal.SIGSTOP); os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOWAIT)
            # The stop shows a moment before it is told (do_signal_stop in kernel/signal.c).
            while signal.SIGCHLD not in signal.sigpending(): time.sleep(0.01)
            wait()
            info = signal.sigtimedwait([signal.SIGCHLD], 0); same((info.si_pid, info.si_code, info.si_status), (child, 5, signal.SIGSTOP))
            same(signal.sigtimedwait([signal.SIGCHLD], 0), None); same(os.WSTOPSIG(os.waitpid(child, os.WUNTRACED)[1]), signal.SIGSTOP)
            os.kill(child, signal.SIGKILL); same(os.WTERMSIG(os.waitpid(child, 0)[1]), 9)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void AllAreLeftStopped(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram("""
                stopped = os.fork()
                if stopped == 0:
                    while True: signal.pause()
                running = os.fork()
                if running == 0:
                    while True: signal.pause()
                os.kill(stopped, signal.SIGSTOP); os.waitid(os.P_PID, stopped, os.WSTOPPED | os.WNOWAIT)
                wait()
                os.kill(running, signal.SIGKILL); os.kill(stopped, signal.SIGKILL); same(os.WTERMSIG(os.waitpid(running, 0)[1]), 9)
            """);
        program.Save();
        var restored = program.Restore(new() { LeaveStopped = true, NewPidNamespace = newPidNamespace });
        using var proc = new ProcReader();
        foreach (var task in restored.Tasks)
            Assert.True(ProcStat.TryRead(proc, task.Pid, out var stat) && stat.State == TaskState.Stopped, $"{task.Pid} is {stat.State}");
        Assert.All(new TreeSuspension(TimeSpan.FromSeconds(30)).Resume(restored.Root.Pid), t => Assert.True(t.WasStopped));
        Assert.Equal("ok", program.Check());
    }

    [FactWith("python3")]
    public void AStoppedTaskWithAnotherStopPending() => Survives("""
            r, w = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(w); os.read(r, 1); os._exit(7)
            os.kill(child, signal.SIGSTOP); os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOWAIT)
            os.kill(child, signal.SIGSTOP); os.write(w, b'x')
            wait()
            same(os.WSTOPSIG(os.waitpid(child, os.WUNTRACED)[1]), signal.SIGSTOP)
            os.kill(child, signal.SIGCONT); same(os.WEXITSTATUS(os.waitpid(child, 0)[1]), 7)
        """);
}
