using System.Management.Automation;
using Xunit;

namespace CrProperty.Module;

/// <summary>How objects and text reach the parameters, and what is refused before the engine is asked.</summary>
public class BindingTests
{
    [Fact]
    public void Several_trees_under_one_name_are_refused_before_anything_is_touched()
    {
        using var session = new ModuleSession();
        using var first = LiveProcess.Sleep();
        using var second = LiveProcess.Sleep();
        using var folder = new ScratchFolder();
        var image = folder.File("x.cr");
        var outcome = session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", new[] { first.Id, second.Id }, image);
        Assert.Equal("CrPathNotUnique", outcome.ErrorId);
        Assert.Equal(ErrorCategory.InvalidArgument, outcome.Category);
        Assert.Contains("{Id}", outcome.Errors[0].ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(image, outcome.Errors[0].TargetObject);
        Assert.False(File.Exists(image));
    }

    /// <summary>Ids come as text from files and other programs, with a line's end perhaps.</summary>
    [Theory]
    [InlineData("$text $image")]
    [InlineData("\"$text`n\" $image")]
    [InlineData("([psobject]$text) $image")]
    [InlineData("@($text) $image")]
    [InlineData("([long]$text) $image")]
    [InlineData("$image -Id $text")]
    [InlineData("-Path $image $text")]
    public void An_id_may_be_text(string arguments)
    {
        using var session = new ModuleSession();
        using var process = LiveProcess.Sleep();
        using var folder = new ScratchFolder();
        var text = process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var image = session.Run($"param($text, $image) Checkpoint-ProcessTree {arguments}", text, folder.File("x.cr")).Single<CrModule.CrImage>();
        Assert.Equal((process.Id, folder.File("x.cr")), (image.RootId, image.Path));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("@(1234, 0)")]
    public void Ids_that_no_process_can_have_are_refused_by_validation(string id)
    {
        using var session = new ModuleSession();
        var outcome = session.Run($"Checkpoint-ProcessTree -Id {id} -Path /nowhere/x.cr");
        Assert.Equal("ParameterArgumentValidationError", outcome.ErrorId);
    }

    [Theory]
    [InlineData("Checkpoint-ProcessTree -Id 1 -Path Variable:x -Confirm:$false")]
    [InlineData("Restore-ProcessTree -LiteralPath Variable:x")]
    [InlineData("Restore-ProcessTree -Path Variable:HOME")]
    public void Paths_of_other_providers_are_refused(string script)
    {
        using var session = new ModuleSession();
        var outcome = session.Run(script);
        Assert.Equal("CrPathNotFileSystem", outcome.ErrorId);
        Assert.Equal(ErrorCategory.InvalidArgument, outcome.Category);
    }

    [Theory]
    [InlineData("/nowhere/at/all.cr")]
    [InlineData("/nowhere/*.cr")]
    public void A_path_without_an_image_is_not_found(string path)
    {
        using var session = new ModuleSession();
        var outcome = session.Run("Get-CrImageHeader -Path $args[0]", path);
        Assert.Equal("CrImageNotFound", outcome.ErrorId);
        Assert.Equal(ErrorCategory.ObjectNotFound, outcome.Category);
        Assert.Equal(path, outcome.Errors[0].TargetObject);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("@{ A = 1 }")]
    [InlineData("[datetime]::Now")]
    [InlineData("[pscustomobject]@{ ImagePath = '/nowhere/x.cr' }")]
    public void Objects_that_are_no_paths_are_not_taken_for_paths(string item)
    {
        using var session = new ModuleSession();
        var outcome = session.Run($"{item} | Get-CrImageHeader");
        Assert.Equal("InputObjectNotBound", outcome.ErrorId);
    }

    [Theory]
    [InlineData("'/nowhere/a.cr' | Get-CrImageHeader", "/nowhere/a.cr")]
    [InlineData("[pscustomobject]@{ Path = '/nowhere/a.cr' } | Get-CrImageHeader", "/nowhere/a.cr")]
    [InlineData("[pscustomobject]@{ PSPath = '/nowhere/[a].cr' } | Get-CrImageHeader", "/nowhere/[a].cr")]
    [InlineData("[pscustomobject]@{ Path = '/nowhere/a.cr'; PSPath = '/nowhere/[a].cr' } | Get-CrImageHeader", "/nowhere/[a].cr")]
    [InlineData("[IO.FileInfo]'/nowhere/a.cr' | Get-CrImageHeader", "/nowhere/a.cr")]
    [InlineData("Get-CrImageHeader /nowhere/a.cr", "/nowhere/a.cr")]
    [InlineData("Get-CrImageHeader -LP /nowhere/a.cr", "/nowhere/a.cr")]
    public void Text_and_properties_reach_the_right_parameter(string script, string target)
    {
        using var session = new ModuleSession();
        var error = Assert.Single(session.Run(script).Errors);
        Assert.StartsWith("CrImage", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(target, error.TargetObject);
    }
}
