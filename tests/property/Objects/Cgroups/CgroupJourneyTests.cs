using CrCore;
using CrCore.Kernel;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Cgroups;

/// <summary>Tasks in control groups of v1 and v2 through a checkpoint and a restore, with the groups there and without.</summary>
public sealed class CgroupJourneyTests
{
    private const string Waits = """
            child = os.fork()
            if child == 0:
                signal.pause(); os._exit(0)
            wait()
            os.kill(child, 9); os.wait()
        """;

    /// <summary>Where the machine has no such hierarchy, or this is not root's, there is nothing to test.</summary>
    private static CgroupMount? Mount(string hierarchy)
    {
        var mount = CgroupMount.Open(hierarchy, out _);
        if (mount is null)
            return null;
        try
        {
            var probe = Directory.CreateDirectory($"{mount.Path}/crtest-probe-{Environment.ProcessId}");
            probe.Delete();
            return mount;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            mount.Dispose();
            return null;
        }
    }

    [TheoryWith("python3"), InlineData("pids", CgroupPolicy.Create), InlineData("", CgroupPolicy.Create), InlineData("pids", CgroupPolicy.Join), InlineData("pids", CgroupPolicy.Ignore)]
    public void TasksAreInTheirGroupsAgain(string hierarchy, CgroupPolicy policy)
    {
        using var mount = Mount(hierarchy);
        if (mount is null)
            return;
        var name = $"/crtest-{Environment.ProcessId}-{Guid.NewGuid():n}";
        var group = mount.Path + name;
        try
        {
            using var program = new SelfCheckingProgram(Waits);
            Directory.CreateDirectory(group + "/inner");
            Directory.CreateDirectory(group + "/empty");
            if (File.Exists(group + "/pids.max"))
                File.WriteAllText(group + "/pids.max", "1234");
            var child = Child(program.Pid);
            File.WriteAllText(group + "/cgroup.procs", $"{program.Pid}");
            File.WriteAllText(group + "/inner/cgroup.procs", $"{child}");
            program.Save();
            if (policy == CgroupPolicy.Create)
                Remove(group);
            var result = program.Restore(new() { Cgroup = policy });
            var joined = policy != CgroupPolicy.Ignore;
            Assert.Equal(joined, Groups(result.Root.Pid).Contains($":{name}\n"));
            Assert.Equal(joined, Groups(Child(result.Root.Pid)).Contains($":{name}/inner\n"));
            Assert.True(Directory.Exists(group + "/empty"));
            if (File.Exists(group + "/pids.max"))
                Assert.Equal("1234\n", File.ReadAllText(group + "/pids.max"));
            Assert.Equal("ok", program.Check());
        }
        finally
        {
            Remove(group);
        }
    }

    [FactWith("python3")]
    public void AMissingGroupIsTold()
    {
        using var mount = Mount("pids");
        if (mount is null)
            return;
        var group = $"{mount.Path}/crtest-{Environment.ProcessId}-{Guid.NewGuid():n}";
        try
        {
            using var program = new SelfCheckingProgram("""
                    wait()
                """);
            Directory.CreateDirectory(group);
            File.WriteAllText(group + "/cgroup.procs", $"{program.Pid}");
            program.Save();
            Remove(group);
            var result = program.Restore();
            Assert.Contains(result.Warnings, w => w.Id == "CrCgroup" && w.Object.Contains(Path.GetFileName(group)));
            Assert.Equal("ok", program.Check());
        }
        finally
        {
            Remove(group);
        }
    }

    private static string Groups(int pid) => File.ReadAllText($"/proc/{pid}/cgroup");

    private static int Child(int pid) => int.Parse(File.ReadAllText($"/proc/{pid}/task/{pid}/children").Trim(), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The kernel needs a moment until a group whose tasks have ended can go.</summary>
    private static void Remove(string group)
    {
        for (var tries = 0; tries < 200 && Directory.Exists(group); tries++)
            try
            {
                foreach (var below in Directory.GetDirectories(group))
                    Delete(below);
                Delete(group);
            }
            catch (IOException)
            {
                Thread.Sleep(20);
            }
    }

    private static void Delete(string directory)
    {
        // rmdir(2): the files of a group are not to be removed one by one.
        Directory.Delete(directory);
    }
}
