using System.Globalization;
using CrCore;
using CrCore.Kernel;

namespace CrModule.Pipeline;

/// <summary>
/// A pid file in the making. It is begun before the restore, so that a place that cannot be written is found while
/// nothing runs yet, and appears under its name in one step when the pid is known.
/// </summary>
internal sealed class PidFile : IDisposable
{
    private readonly string _path;
    private string? _draft;

    private PidFile(string path, string draft) => (_path, _draft) = (path, draft);

    /// <exception cref="CrArgumentException">The directory is missing or cannot be written.</exception>
    public static PidFile Begin(string path)
    {
        // A name given to rename(2) is replaced whatever it is: /dev/null would be gone.
        if (FileStatus.Read(path, out var status) == Errno.None && !status.IsRegular)
            throw new CrArgumentException("CrPidFileNotWritable", $"The pid file '{path}' cannot be written: it is there and no regular file.", "Give the path of a regular file, or one that does not exist.") { Object = path };
        var draft = $"{path}.{Guid.NewGuid():N}";
        try
        {
            using var created = new FileStream(draft, FileMode.CreateNew, FileAccess.Write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, e);
        }
        return new PidFile(path, draft);
    }

    /// <exception cref="CrArgumentException">The file could not be written after all.</exception>
    public void Commit(int pid)
    {
        if (_draft is null)
            throw new InvalidOperationException("The pid file is written already.");
        try
        {
            File.WriteAllText(_draft, pid.ToString(CultureInfo.InvariantCulture) + "\n");
            File.Move(_draft, _path, overwrite: true);
            _draft = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(_path, e);
        }
    }

    /// <summary>Removes a draft that was not committed.</summary>
    public void Dispose()
    {
        if (_draft is { } draft)
            File.Delete(draft);
        _draft = null;
    }

    private static CrArgumentException Failed(string path, Exception cause)
        => new("CrPidFileNotWritable", $"The pid file '{path}' cannot be written: {cause.Message}", "Give a path in a directory that you may write.",
               cause is UnauthorizedAccessException ? CrErrorKind.PermissionDenied : CrErrorKind.InvalidArgument)
        {
            Object = path,
        };
}
