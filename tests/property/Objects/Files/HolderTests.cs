using System.Diagnostics;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Objects.Files;

/// <summary>Who has what the tree has, while another thread looks at the tree's descriptors.</summary>
public class HolderTests
{
    /// <summary>A look borrows each pipe for a moment: this process must never be taken for somebody else who has it.</summary>
    [FactWith("python3")]
    public void WhatIsBorrowedForALookIsNobodys()
    {
        using var program = new SelfCheckingProgram("""
                pipes = [os.pipe() for _ in range(200)]
                wait()
            """);
        for (var round = 0; round < 20; round++)
        {
            using var known = new KnownDescriptors(DescriptorLook.Frozen);
            using var begun = new ManualResetEventSlim();
            var look = Task.Run(() =>
            {
                using var proc = new ProcReader();
                begun.Set();
                return known.Of(proc, program.Pid);
            });
            begun.Wait();
            using var own = new ProcReader();
            var holders = HolderIndex.Build(own, pid => pid != Environment.ProcessId, name => name.StartsWith("pipe:", StringComparison.Ordinal), looks: known);
            foreach (var d in look.GetAwaiter().GetResult())
                Assert.Empty(holders.Of(d.LinkText));
        }
    }

    /// <summary>A child has all that this process has until it runs its program: what is borrowed is not the child's either.</summary>
    [FactWith("python3")]
    public async Task WhatIsBorrowedIsNotOfAChildThatIsBeingMade()
    {
        using var program = new SelfCheckingProgram("""
                pipe = os.pipe()
                wait()
            """);
        using var own = new ProcReader();
        Assert.True(ProcFd.TryReadTarget(own, program.Pid, 3, out var name));
        using var process = PidFd.Open(program.Pid);
        using var borrowed = process.TryGet(3, out _);
        Assert.NotNull(borrowed);
        using var enough = new CancellationTokenSource();
        var starts = Task.Run(() =>
        {
            while (!enough.IsCancellationRequested)
                using (var child = Process.Start("true"))
                    child.WaitForExit();
        });
        var children = 0;
        bool IsNoChild(int pid)
        {
            var isChild = ProcStat.TryRead(own, pid, out var stat) && stat.ParentPid == Environment.ProcessId && pid != program.Pid;
            children += isChild ? 1 : 0;
            return !isChild;
        }
        // On a busy machine it may take long until a child is there at the moment of a look.
        for (var since = Stopwatch.StartNew(); since.Elapsed < TimeSpan.FromSeconds(3) || (children == 0 && since.Elapsed < TimeSpan.FromSeconds(60));)
            Assert.Empty(HolderIndex.Build(own, IsNoChild, name.Equals).Of(name));
        await enough.CancelAsync();
        await starts;
        Assert.NotEqual(0, children);
    }
}
