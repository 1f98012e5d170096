using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>Looks at one file after another, from the directory that they have in common as long as they have one.</summary>
internal sealed class FileLook : IDisposable
{
    private readonly NameRow _row = new();
    private OwnDescriptor? _directory;

    /// <summary>What a name leads to, symbolic links followed.</summary>
    public Errno At(string name, out FileStatus status)
    {
        if (!_row.Continues(name))
        {
            Dispose();
            return FileStatus.Read(name, out status);
        }
        if ((_directory ??= OwnDescriptor.Open(_row.Directory, FileNative.O_PATH | FileNative.O_DIRECTORY, out _)) is { } directory)
            return FileStatus.ReadAt(directory.Number, _row.Last, out status);
        return FileStatus.Read(name, out status);
    }

    public void Dispose()
    {
        _directory?.Dispose();
        _directory = null;
    }
}
