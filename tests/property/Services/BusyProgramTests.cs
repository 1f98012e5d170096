using CrCore;
using CrCore.Checkpoint;
using CrProperty.Kernel;
using CrProperty.Module;
using CrProperty.Trees;
using Xunit;

namespace CrProperty.Services;

/// <summary>What servers do all the time is no obstacle, in whatever moment a look from outside meets it.</summary>
[Collection(LiveTrees.Name)]
public sealed class BusyProgramTests
{
    /// <summary>As php-fpm does for each request: between the name and what it leads to lies another directory.</summary>
    [FactWith("/usr/bin/python3", "bash", "setsid")]
    public void Changing_directories_is_no_obstacle() => IsNoObstacle("""
        import os
        while True:
            os.chdir("/usr"); os.chdir("/")
        """);

    /// <summary>As web servers do: one number stands for another file each time somebody looks.</summary>
    [FactWith("/usr/bin/python3", "bash", "setsid")]
    public void Opening_files_in_turns_is_no_obstacle() => IsNoObstacle("""
        import os
        while True:
            for name in ("/usr/bin/env", "/etc/passwd", "/usr/bin", "/dev/null"):
                os.close(os.open(name, os.O_RDONLY))
        """);

    /// <summary>As editors and databases do: a file is written under a passing name, which then takes the place of the old one.</summary>
    [FactWith("/usr/bin/python3", "bash", "setsid")]
    public void Replacing_a_file_that_stays_open_is_no_obstacle() => IsNoObstacle("""
        import os
        name = os.environ["READY"] + ".data"
        while True:
            passing = os.open(name + ".new", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            os.write(passing, b"1234")
            os.rename(name + ".new", name)
            os.close(passing)
        """);

    /// <summary>Connections come and go between the look at the table and the look at the instance.</summary>
    [FactWith("/usr/bin/python3", "bash", "setsid")]
    public void Watching_what_comes_and_goes_is_no_obstacle() => IsNoObstacle("""
        import os, select
        epoll = select.epoll()
        numbers = [os.eventfd(0) for _ in range(64)]
        while True:
            for i in range(64):
                os.close(numbers[i])
                numbers[i] = os.eventfd(0)
                epoll.register(numbers[i], select.EPOLLIN)
        """);

    /// <summary>As where somebody debugs a service: only one can trace a task, and who does is told before anything is touched.</summary>
    [FactWith("/usr/bin/python3", "bash", "setsid")]
    public void A_tracer_is_named_as_an_obstacle()
    {
        using var folder = new ScratchFolder();
        using var live = LiveProcess.Script(folder, """
            export READY; exec /usr/bin/python3 -c 'import ctypes, os, time
            child = os.fork()
            if child == 0: time.sleep(600)
            seized = ctypes.CDLL(None).ptrace(0x4206, child, None, None)
            open(os.environ["READY"], "w").write(str(seized))
            time.sleep(600)'
            """);
        Assert.Equal("0", File.ReadAllText(folder.File("ready")));
        var obstacle = Assert.Single(new TreeCheckpoint(new CheckpointOptions()).Preview(live.Id).Obstacles, o => o.Id == "CrAlreadyTraced");
        Assert.NotEqual(live.Id, obstacle.Pid);
        Assert.Contains($"process {live.Id} (python3) traces it", obstacle.Reason, StringComparison.Ordinal);
    }

    private static void IsNoObstacle(string program)
    {
        using var folder = new ScratchFolder();
        using var live = LiveProcess.Script(folder, $"export READY; exec /usr/bin/python3 -c 'import os; open(os.environ[\"READY\"], \"w\").write(\"x\")\n{program}'");
        for (var i = 0; i < 30; i++)
            Assert.DoesNotContain(new TreeCheckpoint(new CheckpointOptions()).Preview(live.Id).Obstacles, o => o.Severity == ObstacleSeverity.Error);
    }
}
