using System.Runtime.ExceptionServices;
using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>
/// A thread for all ptrace calls of one piece of work: the kernel takes them only from the thread that attached.
/// When the thread ends the kernel detaches (or, with PTRACE_O_EXITKILL, kills) whatever it still traces.
/// </summary>
internal static class TracerThread
{
    private const string NameStart = "CrModule ";

    /// <summary>Whether a thread of that name, in whatever process, is one of these.</summary>
    public static bool IsName(string name) => name.StartsWith(NameStart, StringComparison.Ordinal);

    /// <summary>The same on the calling thread, which must have been made for this work and end with it.</summary>
    public static T RunHere<T>(string name, Func<T> work)
    {
        using var quiet = ChildSignal.Hold();
        Thread.CurrentThread.Name = NameStart + name;
        return work();
    }

    /// <param name="name">What the thread works at.</param>
    public static T Run<T>(string name, Func<T> work)
    {
        using var quiet = ChildSignal.Hold();
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        { Name = NameStart + name, IsBackground = true };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
