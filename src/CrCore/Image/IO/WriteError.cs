namespace CrCore.Image;

/// <summary>Turns a failed write into the engine's own error, with the errno that .NET keeps in HResult on Unix.</summary>
internal static class WriteError
{
    /// <summary>Whether an exception of a write tells that it failed: of EFBIG .NET makes one of arguments.</summary>
    public static bool Is(Exception e) => e is IOException or ArgumentOutOfRangeException { ParamName: "value" };

    public static CrException Of(Exception e, string what)
    {
        var errno = e is ArgumentOutOfRangeException ? Errno.EFBIG : Enum.IsDefined((Errno)e.HResult) ? (Errno)e.HResult : Errno.EIO;
        var reason = errno == Errno.EFBIG ? "File too large" : e.Message;
        return new CrKernelException("CrImageWriteFailed", $"Could not {what} ({reason})", errno, Advice(errno));
    }

    public static string Advice(Errno errno) => errno switch
    {
        Errno.ENOSPC or Errno.EDQUOT => "Free some space, or give a path on another file system.",
        Errno.EFBIG => "Raise the file size limit (ulimit -f), or give a path on another file system.",
        Errno.EPIPE => "The reader of the pipe has gone; start it again.",
        Errno.EACCES or Errno.EPERM or Errno.EROFS => "Give a path that you may write to.",
        _ => "Check the device, then try again.",
    };
}
