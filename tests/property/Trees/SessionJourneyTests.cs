using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Trees;

/// <summary>
/// Tasks in sessions that their parents were never in, as orphans that subreapers took are: each comes back to the same
/// parent, in the same session.
/// </summary>
public class SessionJourneyTests
{
    private const string Calls = """
            libc = ctypes.CDLL(None)
            def adopts(yes): assert libc.prctl(36, yes, 0, 0, 0) == 0
            def go(*steps, ends=False):
                r, w = os.pipe(); pid = os.fork()
                if pid == 0:
                    os.close(r)
                    for step in steps: step()
                    os.write(w, b'x'); os.close(w)
                    if ends: os._exit(0)
                    while True: signal.pause()
                os.close(w); assert os.read(r, 1) == b'x'; os.close(r)
                if ends: os.waitpid(pid, 0)
                return pid
            def all():
                found = {}
                for p in os.listdir('/proc'):
                    if p.isdigit():
                        try: stat = open('/proc/' + p + '/stat').read()
                        except OSError: continue
                        fields = stat[stat.rindex(')') + 2:].split(); found[int(p)] = (int(fields[1]), int(fields[2]), int(fields[3]))
                return found
            def table():
                found = all(); todo = [os.getpid()]; rows = []
                for at in todo:
                    below = sorted(p for p in found if found[p][0] == at); todo += below
                    rows += [(p,) + found[p] for p in below]
                return rows
            def goes_on(tasks, check):
                before = table(); same(len(before), tasks); check(before)
                wait()
                same(table(), before)
                for row in before: os.kill(row[0], signal.SIGKILL)
            def foreign(rows):
                sessions = {row[0]: row[3] for row in rows}; sessions[os.getpid()] = os.getsid(0)
                return [row for row in rows if row[3] not in (row[0], sessions[row[1]])]

        """;

    private static void Survives(bool newPidNamespace, string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ATaskInTheSessionOfItsNephew(bool newPidNamespace) => Survives(newPidNamespace, """
            adopts(1)
            task = lambda: go()
            passing = lambda: go(task, ends=True)
            leader = lambda: go(os.setsid, passing)
            go(leader)
            goes_on(3, lambda rows: same([row[1] for row in foreign(rows)], [os.getpid()]))
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void OneLeadersTasksAtSeveralOfItsForefathers(bool newPidNamespace) => Survives(newPidNamespace, """
            adopts(1)
            task = lambda: go(lambda: os.setpgid(0, 0))
            passing = lambda: go(task, ends=True)
            leader = lambda: go(os.setsid, passing, lambda: go())
            reaper = lambda: go(os.setsid, lambda: adopts(1), leader, lambda: adopts(0), leader, lambda: adopts(1))
            go(reaper, lambda: go(reaper))
            goes_on(16, lambda rows: same(len(foreign(rows)), 4))
        """);

    /// <summary>The task's parent had cleared its flag before the one between it and the leader ended, so the leader went further up.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ALeaderThatIsNotBelowTheParentAnyMore(bool newPidNamespace) => Survives(newPidNamespace, """
            adopts(1)
            task = lambda: go()
            passing = lambda: go(task, ends=True)
            leader = lambda: go(os.setsid, passing)
            between, go_on = os.pipe(), os.pipe()
            def middle():
                leader(); os.write(between[1], b'x'); os.read(go_on[0], 1); os._exit(0)
            def parent():
                adopts(1)
                pid = os.fork()
                if pid == 0: middle()
                os.read(between[0], 1); adopts(0); os.write(go_on[1], b'x'); os.waitpid(pid, 0)
            go(parent)
            for f in between + go_on: os.close(f)
            def check(rows):
                same(len(foreign(rows)), 1); (task, parent, group, leader), = foreign(rows)
                same([row[1] for row in rows if row[0] == leader], [os.getpid()]); assert parent != os.getpid()
            goes_on(3, check)
        """);

    /// <summary>There is one number for the session of both, so one process has to start it for both.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void TwoParentsOfTasksWhoseLeaderIsGone(bool newPidNamespace) => Survives(newPidNamespace, """
            adopts(1)
            upper, done = os.pipe(), os.pipe()
            def gone():
                os.setsid(); go(lambda: go(ends=False), ends=True)
                # Its parent stops adopting, and what comes now goes further up.
                os.write(upper[1], b'x'); os.read(done[0], 1)
                go(lambda: go(), ends=True); os._exit(0)
            def parent():
                os.setsid(); adopts(1)
                pid = os.fork()
                if pid == 0: gone()
                os.read(upper[0], 1); adopts(0); os.write(done[1], b'x'); os.waitpid(pid, 0)
            go(parent)
            for f in upper + done: os.close(f)
            def check(rows):
                lost = foreign(rows); same(len(lost), 2); same(len({row[1] for row in lost}), 2); same(len({row[3] for row in lost}), 1)
                assert lost[0][3] not in [row[0] for row in rows]
            goes_on(3, check)
        """);
}
