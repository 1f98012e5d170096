namespace CrCore.Image;

/// <summary>Turns a failed write into the engine's own error, with the errno that .NET keeps in HResult on Unix.</summary>
internal static class WriteError
{
    public static CrException Of(IOException e, string what)
    {
        var errno = Enum.IsDefined((Errno)e.HResult) ? (Errno)e.HResult : Errno.EIO;
        return new CrKernelException("CrImageWriteFailed", $"Could not {what} ({e.Message})", errno, Advice(errno));
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
