using CrCore;
using CrCore.Checkpoint;
using Xunit;

namespace CrProperty.Image;

/// <summary>An image stands under its name whole, or not at all; with a file that has no name, and with a hidden one.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class AtomicImageFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("crtest-").FullName;

    private string Target => Path.Combine(_directory, "image.cr");

    private string[] Names => [.. Directory.EnumerateFileSystemEntries(_directory, "*", new EnumerationOptions { AttributesToSkip = 0 }).Select(p => Path.GetFileName(p))];

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void ItAppearsWhenItIsCommitted(bool unnamed, bool overwrite)
    {
        using (var file = AtomicImageFile.Create(Target, overwrite, unnamed))
        {
            file.Stream.Write("whole"u8);
            Assert.False(File.Exists(Target));
            file.Commit();
            Assert.Equal(["image.cr"], Names);
        }
        Assert.Equal("whole", File.ReadAllText(Target));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Target));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void NotCommittedItLeavesNothing(bool unnamed)
    {
        using (var file = AtomicImageFile.Create(Target, overwrite: false, unnamed))
        {
            file.Stream.Write("half"u8);
            // Other users cannot look into it meanwhile, either.
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.Handle));
        }
        Assert.Empty(Names);
    }

    [Fact]
    public void WhereTheFileSystemCanItHasNoNameAtAll()
    {
        using var file = AtomicImageFile.Create(Target, overwrite: false);
        Assert.True(Names.Length == 0 || Names is [['.', ..]]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AnotherIsReplacedOnlyWhenAsked(bool unnamed)
    {
        File.WriteAllText(Target, "old");
        Assert.Equal("CrImageExists", Assert.Throws<CrArgumentException>(() => AtomicImageFile.Create(Target, overwrite: false, unnamed)).Id);
        using (AtomicImageFile.Create(Target, overwrite: true, unnamed))
            Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal("old", File.ReadAllText(Target));
        using (var file = AtomicImageFile.Create(Target, overwrite: true, unnamed))
        {
            file.Stream.Write("new"u8);
            file.Commit();
        }
        Assert.Equal("new", File.ReadAllText(Target));
        Assert.Equal(["image.cr"], Names);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ANameTakenInTheMeantimeIsKept(bool unnamed)
    {
        using (var file = AtomicImageFile.Create(Target, overwrite: false, unnamed))
        {
            File.WriteAllText(Target, "theirs");
            var error = Assert.Throws<CrArgumentException>(file.Commit);
            Assert.Equal(("CrImageExists", CrErrorKind.Obstacle), (error.Id, error.Kind));
        }
        Assert.Equal("theirs", File.ReadAllText(Target));
        Assert.Equal(["image.cr"], Names);
    }

    [Fact]
    public void WhatIsNotARegularFileIsNeverReplaced()
    {
        File.CreateSymbolicLink(Target, "/etc/hostname");
        Assert.Equal("CrImageNotAFile", Assert.Throws<CrArgumentException>(() => AtomicImageFile.Create(Target, overwrite: true)).Id);
        Assert.Equal("CrImageNotAFile", Assert.Throws<CrArgumentException>(() => AtomicImageFile.Create("/dev/null", overwrite: true)).Id);
        Assert.Equal("CrImageNotAFile", Assert.Throws<CrArgumentException>(() => AtomicImageFile.Create(_directory, overwrite: true)).Id);
    }

    [Fact]
    public void AMissingDirectoryIsTold()
        => Assert.Equal("CrImagePathNotFound", Assert.Throws<CrArgumentException>(() => AtomicImageFile.Create(Path.Combine(_directory, "none", "x"), false)).Id);
}
