using System.Management.Automation;
using CrModule;
using Xunit;

namespace CrProperty.Module;

/// <summary>Images that are written and read with a key or a passphrase.</summary>
public sealed class ProtectionCommandTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();
    private readonly string _image, _sealed, _key;

    public ProtectionCommandTests()
    {
        (_image, _sealed, _key) = (_folder.File("plain.cr"), _folder.File("sealed.cr"), _folder.File("key"));
        RichImage.Write(_image);
        File.WriteAllBytes(_key, [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private Outcome Run(string script) => _session.Run($"param($Image, $Sealed, $Key, $Folder) {script}", _image, _sealed, _key, _folder.Path);

    [Fact]
    public void An_image_is_encrypted_and_decrypted_to_the_same_bytes()
    {
        var copy = Run("Protect-CrImage $Image $Sealed -KeyFile $Key").Single<CrImageCopy>();
        Assert.Equal((_image, _sealed, new FileInfo(_sealed).Length), (copy.SourcePath, copy.Path, copy.Length));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_sealed));
        Assert.Equal(-1, File.ReadAllBytes(_sealed).AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(RichImage.Text)));
        Run("Unprotect-CrImage $Sealed ($Folder + '/back.cr') -KeyFile $Key").Single<CrImageCopy>();
        Assert.Equal(File.ReadAllBytes(_image), File.ReadAllBytes(_folder.File("back.cr")));
    }

    [Fact]
    public void Every_command_that_takes_an_image_takes_the_key()
    {
        Run("Protect-CrImage $Image $Sealed -KeyFile $Key");
        foreach (var command in (string[])["Get-CrImageHeader {0}", "Get-CrImageTask {0}", "Get-CrImageRecord {0} -IncludePage", "Get-CrImageMapping {0}", "Get-CrImageFile {0}",
            "Search-CrImageMemory {0} 'hidden treasure'", "Read-CrImageMemory {0} -VPid 20 -Address 1048576", "Measure-CrImage {0}", "Test-CrImage {0}",
            "Invoke-CrImageFuzz {0} -Count 3", "Export-CrImageReport {0} ($Folder + '/page.html') -Force", "Export-CrCoreDump {0} ($Folder + '/{{VPid}}.core') -Force"])
        {
            var plain = Run(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, "$Image"));
            var opened = Run(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, "$Sealed") + " -KeyFile $Key");
            Assert.Empty(opened.Errors);
            Assert.Equal(plain.Output.Count, opened.Output.Count);
            Assert.Equal("CrImageEncrypted", Run(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, "$Sealed")).ErrorId);
            Assert.Equal("CrImageNotEncrypted", Run(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, "$Image") + " -KeyFile $Key").ErrorId);
        }
        Assert.True(Run("Get-CrImageHeader $Sealed -KeyFile $Key").Single<CrImageHeader>().IsEncrypted);
        Run("Protect-CrImage $Image ($Folder + '/second.cr') -KeyFile $Key");
        Assert.Empty(Run("Compare-CrImage $Sealed ($Folder + '/second.cr') -KeyFile $Key -IncludePage").Output);
    }

    [Fact]
    public void An_error_names_the_image_that_it_is_about()
    {
        Run("Protect-CrImage $Image $Sealed -KeyFile $Key");
        var errors = Run("Get-CrImageHeader $Image, $Sealed").Errors;
        Assert.StartsWith(_sealed, Assert.Single(errors).ToString(), StringComparison.Ordinal);
        Assert.StartsWith(_image, Assert.Single(Run("Get-CrImageHeader $Image, $Sealed -KeyFile $Key").Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Tasks_of_an_encrypted_image_are_completed_where_its_key_file_is_given()
    {
        Run("Protect-CrImage $Image $Sealed -KeyFile $Key");
        Assert.Empty(_session.Complete($"Get-CrImageTask {_sealed} -VPid "));
        Assert.Equal(["20 (server)", "21 (worker)"], _session.Complete($"Get-CrImageTask {_sealed} -KeyFile {_key} -VPid ").Select(c => c.ListItemText));
    }

    [Fact]
    public void A_passphrase_serves_as_well()
    {
        const string make = "$p = [securestring]::new(); foreach ($c in 'four words are enough'.ToCharArray()) { $p.AppendChar($c) }; ";
        Run(make + "Protect-CrImage $Image $Sealed -Passphrase $p").Single<CrImageCopy>();
        Assert.Equal(2, Run(make + "Get-CrImageTask $Sealed -Passphrase $p").Output.Count);
        Assert.Equal("CrKeyWrong", Run(make + "$p.AppendChar('!'); Get-CrImageTask $Sealed -Passphrase $p").ErrorId);
        var kind = Run("Get-CrImageTask $Sealed -KeyFile $Key");
        Assert.Equal(("CrKeyKindWrong", ErrorCategory.PermissionDenied), (kind.ErrorId, kind.Category));
        Assert.Equal("CrKeyNotUnique", Run(make + "Get-CrImageTask $Sealed -Passphrase $p -KeyFile $Key").ErrorId);
    }

    [Theory]
    [InlineData("Protect-CrImage $Image $Sealed", "CrKeyMissing", ErrorCategory.InvalidArgument)]
    [InlineData("Protect-CrImage $Image $Sealed -KeyFile ($Key + '-')", "CrKeyFileNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Protect-CrImage $Image $Sealed -KeyFile $Image", "CrKeyInvalid", ErrorCategory.InvalidArgument)]
    [InlineData("Protect-CrImage $Key $Sealed -KeyFile $Key", "CrImageNotAnImage", ErrorCategory.InvalidData)]
    [InlineData("Protect-CrImage $Image $Image -KeyFile $Key", "CrImageExists", ErrorCategory.ResourceUnavailable)]
    [InlineData("Unprotect-CrImage $Image $Sealed -KeyFile $Key", "CrImageNotEncrypted", ErrorCategory.InvalidArgument)]
    public void Errors_leave_no_file(string script, string id, ErrorCategory category)
    {
        var outcome = Run(script);
        Assert.Equal((id, category), (outcome.ErrorId, outcome.Category));
        Assert.NotNull(outcome.Errors[0].ErrorDetails?.RecommendedAction);
        Assert.False(File.Exists(_sealed));
    }

    [Fact]
    public void What_is_encrypted_already_is_not_encrypted_again()
    {
        Run("Protect-CrImage $Image $Sealed -KeyFile $Key");
        Assert.Equal("CrImageEncrypted", Run("Protect-CrImage $Sealed ($Folder + '/twice.cr') -KeyFile $Key").ErrorId);
    }

    [Fact]
    public void Several_images_go_to_a_directory_and_one_may_replace_itself()
    {
        RichImage.Write(_folder.File("other.cr"));
        Directory.CreateDirectory(_folder.File("safe"));
        Assert.Equal(2, Run("Protect-CrImage ($Folder + '/*.cr') ($Folder + '/safe') -KeyFile $Key").Output.Count);
        var clash = Run("Protect-CrImage ($Folder + '/*.cr') $Sealed -KeyFile $Key");
        Assert.Equal("CrPathNotUnique", clash.ErrorId);
        Assert.Single(clash.Output);
        Assert.Single(Run("Protect-CrImage $Image $Image -Force -KeyFile $Key").Output);
        Assert.Equal(2, Run("Get-CrImageTask $Image -KeyFile $Key").Output.Count);
        Assert.Empty(Run("Protect-CrImage ($Folder + '/other.cr') ($Folder + '/none.cr') -KeyFile $Key -WhatIf").Output);
        Assert.False(File.Exists(_folder.File("none.cr")));
    }

    [Fact]
    public void A_changed_image_is_refused_whole()
    {
        Run("Protect-CrImage $Image $Sealed -KeyFile $Key");
        var bytes = File.ReadAllBytes(_sealed);
        bytes[^40] ^= 1;
        File.WriteAllBytes(_sealed, bytes);
        var outcome = Run("Unprotect-CrImage $Sealed ($Folder + '/back.cr') -KeyFile $Key");
        Assert.Equal(("CrImageChanged", ErrorCategory.InvalidData), (outcome.ErrorId, outcome.Category));
        Assert.False(File.Exists(_folder.File("back.cr")));
        Assert.False(Run("Test-CrImage $Sealed -KeyFile $Key").Single<bool>());
    }

    [Fact]
    public void A_tree_is_saved_encrypted_at_once_and_restored_with_the_key()
    {
        using var live = LiveProcess.Sleep();
        var image = Run($"Checkpoint-ProcessTree -Id {live.Id} -Path $Sealed -Stop -KeyFile $Key").Single<CrImage>();
        Assert.Equal(new FileInfo(_sealed).Length, image.Length);
        Assert.Equal("CRIMGENC"u8.ToArray(), File.ReadAllBytes(_sealed)[..8]);
        live.AwaitEnd();
        live.Forget();
        Assert.Equal("CrImageEncrypted", Run("Restore-ProcessTree $Sealed").ErrorId);
        var tree = Run("Restore-ProcessTree $Sealed -KeyFile $Key").Single<CrRestoredTree>();
        live.EndAlso(tree.Id);
        Assert.Equal(live.Id, tree.Id);
        Assert.Equal("sleep", File.ReadAllText($"/proc/{tree.Id}/comm").TrimEnd());
    }
}
