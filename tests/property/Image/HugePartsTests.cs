using CrCore.Image;
using CrCore.Kernel;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace CrProperty.Image;

/// <summary>
/// Huge pages beneath a file in memory. Whether there is one to be had is the machine's business, as is what it costs: the file's
/// contents and length are the same with and without.
/// </summary>
public sealed class HugePartsTests : IDisposable
{
    private const int Part = HugeFilePage.Size;

    private readonly string _path = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"crmodule-test-{Guid.NewGuid():N}");
    private readonly SafeFileHandle _file;

    public HugePartsTests() => _file = File.OpenHandle(_path, FileMode.CreateNew, FileAccess.ReadWrite);

    [Fact]
    public void WhatAPartHoldsStays()
    {
        var bytes = new byte[300_000];
        new Random(5).NextBytes(bytes);
        RandomAccess.Write(_file, bytes, Part - 100_000);
        HugeFilePage.Make(_file, 0);
        HugeFilePage.Make(_file, Part);
        Assert.Equal(Part + 200_000, RandomAccess.GetLength(_file));
        var read = new byte[bytes.Length];
        Assert.Equal(read.Length, RandomAccess.Read(_file, read, Part - 100_000));
        Assert.Equal(bytes, read);
    }

    [Fact]
    public void OnlyABlockWithAPartsStartTakesItOn()
    {
        if (HugeParts.For(_file) is not { } parts)
            return;
        Assert.Equal(-1, parts.Reserve(1, Part));
        Assert.Equal(-1, parts.Reserve(Part + 1, Part + 1_000_000));
        Assert.Equal(Part, parts.Reserve(Part - 5, Part + 1));
        parts.Make(Part);
        // Nobody makes another: this returns.
        parts.Await(0, 4 * Part);
        if (parts.Any)
            Assert.Equal(Part + 1, RandomAccess.GetLength(_file));
    }

    public void Dispose()
    {
        _file.Dispose();
        File.Delete(_path);
    }
}
