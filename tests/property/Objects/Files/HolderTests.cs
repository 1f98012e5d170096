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
}
