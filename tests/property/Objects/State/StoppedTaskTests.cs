using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.State;

/// <summary>Tasks that job control has stopped, through a checkpoint and a restore.</summary>
public class StoppedTaskTests
{
    private static void Survives(string code)
    {
        using var program = new SelfCheckingProgram(code);
        Assert.Equal("ok", program.Journey());
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
