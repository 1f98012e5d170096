using CrCore.Kernel;

namespace CrProperty.Objects.Files;

/// <summary>This process holds an end of a program's one pipe.</summary>
internal sealed class OutsideEnd : IDisposable
{
    private readonly OwnDescriptor _end;

    public OutsideEnd(int pid)
    {
        var link = Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Single(f => new FileInfo(f).LinkTarget?.StartsWith("pipe:", StringComparison.Ordinal) == true);
        using var task = PidFd.Open(pid);
        _end = task.TryGet(int.Parse(Path.GetFileName(link)), out var errno) ?? throw new InvalidOperationException($"pidfd_getfd: {errno}");
    }

    public void Dispose() => _end.Dispose();
}
