using System.Management.Automation;
using CrModule;
using CrProperty.Image;
using Xunit;

namespace CrProperty.Module;

/// <summary>What the commands say of images of 2008, which can be looked at and checked, and no more.</summary>
public sealed class Revision3CommandTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();
    private readonly string _old, _other;

    public Revision3CommandTests()
    {
        (_old, _other) = (_folder.File("old.cr"), _folder.File("other.cr"));
        Write(_old, "init", 0xaa);
        Write(_other, "login", 0xbb);
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private static void Write(string path, string comm, byte filling)
        => File.WriteAllBytes(path, new Revision3Builder().Head().Tree((7, 1)).Task(7, 0, comm).Memory(7, 1, filling, 0x1000, 0x2000).Files(7, 2).Thread(7).Tail().ToArray());

    private Outcome Run(string script) => _session.Run(script, _old, _other, _folder.Path);

    [Theory]
    [InlineData("Get-CrImageHeader $args[0]", 1)]
    [InlineData("Get-CrImageTask $args[0]", 1)]
    [InlineData("Get-CrImageMapping $args[0]", 2)]
    [InlineData("Get-CrImageFile $args[0]", 2)]
    [InlineData("Get-CrImageRecord $args[0] -IncludePage -Raw", 21)]
    [InlineData("Compare-CrImage $args[0] $args[0]", 0)]
    [InlineData("Compare-CrImage $args[0] $args[1] -Kind Task", 1)]
    public void They_can_be_looked_at(string script, int objects)
    {
        var outcome = Run(script);
        Assert.Empty(outcome.Errors);
        Assert.Equal(objects, outcome.Output.Count);
    }

    [Theory]
    [InlineData("Read-CrImageMemory $args[0] -VPid 7 -Address 4096")]
    [InlineData("Search-CrImageMemory $args[0] text")]
    [InlineData("Compare-CrImage $args[0] $args[1] -IncludePage")]
    [InlineData("Convert-CrImage $args[0] ($args[2] + '/new.cr')")]
    [InlineData("Export-CrCoreDump $args[0] ($args[2] + '/new.core')")]
    [InlineData("Restore-ProcessTree $args[0]")]
    [InlineData("Restore-ProcessTree $args[0] -WhatIf")]
    public void What_cannot_be_done_with_them_is_said(string script)
    {
        var outcome = Run(script);
        Assert.Equal("CrImageRevisionTooOld", outcome.ErrorId);
        Assert.Contains(_old, outcome.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.Empty(outcome.Output);
    }

    [Fact]
    public void A_check_claims_no_checksums_and_no_restore()
    {
        var findings = Run("Test-CrImage $args[0] -Restore -Detailed").Output.Select(o => (CrFinding)o.BaseObject).ToList();
        Assert.Equal([CrFindingStatus.Passed, CrFindingStatus.Failed], findings.Select(f => f.Status));
        Assert.Contains("no checksums", findings[0].Reason, StringComparison.Ordinal);
        Assert.EndsWith("2 pages of memory", findings[0].Reason, StringComparison.Ordinal);
        Assert.Equal("CrImageRevisionTooOld", findings[1].Id);
    }

    [Fact]
    public void Their_pages_are_measured_as_pages()
    {
        var pages = Assert.Single(Run("Measure-CrImage $args[0]").Output.Select(o => (CrImageMeasure)o.BaseObject), m => m.Kind == "Pages");
        Assert.Equal(2, pages.PageCount);
        Assert.True(pages.Length > 2 * 4096);
    }

    /// <summary>They have no checksums: a change that is not seen is no finding.</summary>
    [Fact]
    public void Changed_copies_bring_no_reader_down()
        => Assert.Empty(Run("Invoke-CrImageFuzz $args[0] -Seed 1 -Count 200").Single<CrFuzzResult>().Findings);
}
