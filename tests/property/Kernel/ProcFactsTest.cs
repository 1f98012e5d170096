using System.Diagnostics;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>What readers keep for each other, and for how long.</summary>
public class ProcFactsTest
{
    [Fact]
    public void IsReadOnceUntilCleared()
    {
        var facts = new ProcFacts();
        using ProcReader one = new(facts), other = new(facts), fresh = new();
        using var child = Process.Start(new ProcessStartInfo("sleep", "60"))!;
        try
        {
            var before = Adjustment(one, child.Id);
            File.WriteAllText($"/proc/{child.Id}/oom_score_adj", "321");
            Assert.Equal(before, Adjustment(other, child.Id));
            Assert.Equal("321", Adjustment(fresh, child.Id));
            facts.Clear();
            Assert.Equal("321", Adjustment(other, child.Id));
        }
        finally
        {
            child.Kill();
        }
    }

    /// <summary>Time flows on in a timer's fdinfo, and signals arrive, whoever stands still.</summary>
    [Fact]
    public void WhatChangesByItselfIsNotKept()
    {
        var facts = new ProcFacts();
        using var keeping = new ProcReader(facts);
        var self = Environment.ProcessId;
        // Bytes that this process has read: every look makes them more.
        Assert.True(keeping.TryRead(self, "io"u8, out var first));
        var before = first.ToArray();
        Assert.True(keeping.TryRead(self, "io"u8, out var now));
        Assert.NotEqual(before, now.ToArray());
    }

    private static string Adjustment(ProcReader proc, int pid)
    {
        Assert.True(proc.TryRead(pid, "oom_score_adj"u8, out var text));
        return System.Text.Encoding.UTF8.GetString(text).Trim();
    }

    [Fact]
    public void FilesLinksNumbersAndThreadsAreKeptApart()
    {
        var facts = new ProcFacts();
        using ProcReader keeping = new(facts), fresh = new();
        var self = Environment.ProcessId;
        for (var round = 0; round < 2; round++)
        {
            Assert.True(keeping.TryReadLink(self, "fd"u8, out var zero, 0));
            var first = zero.ToArray();
            Assert.True(keeping.TryReadLink(self, "exe"u8, out var exe));
            Assert.NotEqual(first, exe.ToArray());
            Assert.True(keeping.TryRead(self, "fdinfo"u8, out var info, 0));
            Assert.True(info.StartsWith("pos:"u8));
            Assert.True(keeping.TryRead(self, "limits"u8, out var limits));
            Assert.True(fresh.TryRead(self, "limits"u8, out var due));
            Assert.Equal(due.ToArray(), limits.ToArray());
            Assert.True(keeping.TryRead(new TaskDir(self, self), "stat"u8, out var thread));
            Assert.True(keeping.TryRead(self, "stat"u8, out var process));
            Assert.NotEqual(thread.ToArray(), process.ToArray());
        }
    }

    [Fact]
    public void WhatIsNotThereIsNotKept()
    {
        var facts = new ProcFacts();
        using ProcReader keeping = new(facts);
        const int nobody = 4_194_303;
        Assert.False(keeping.TryRead(nobody, "stat"u8, out _));
        Assert.False(keeping.TryReadLink(nobody, "exe"u8, out _));
        Assert.False(keeping.TryRead(nobody, "stat"u8, out _));
    }
}
