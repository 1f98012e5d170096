using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Keyrings;

/// <summary>
/// Keyrings of threads and processes (keyrings(7)) go with them: numbers of keys cannot be had again, nor can all keys be
/// read, so that it is told. The session's keyring is not asked for: looking at it gives a thread one that had none
/// (lookup_user_key in security/keys/process_keys.c).
/// </summary>
internal sealed class KeyringsKind : ICapturesThread
{
    /// <summary>KEYCTL_GET_KEYRING_ID; KEY_SPEC_THREAD_KEYRING and KEY_SPEC_PROCESS_KEYRING of linux/keyctl.h.</summary>
    private const int GetKeyringId = 0, OfThread = -1, OfProcess = -2;

    public IEnumerable<RecordType> Records => [];

    public Action<RecordSink> Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        // ENOKEY where there is none, ENOSYS without CONFIG_KEYS.
        var ofThread = batch.Try(Sys.keyctl, GetKeyringId, OfThread, 0);
        var ofProcess = thread.Tid == thread.Pid ? batch.Try(Sys.keyctl, GetKeyringId, OfProcess, 0) : ofThread;
        return _ =>
        {
            if (batch.Result(ofThread) > 0)
                Warn(context, thread, $"keyring of thread {thread.Tid}");
            if (ofProcess != ofThread && batch.Result(ofProcess) > 0)
                Warn(context, thread, "keyring of the process");
        };
    }

    private static void Warn(CaptureContext context, FrozenThread thread, string what)
    {
        var task = context.TaskOf(thread);
        context.Warnings.Add(new("CrKeyringLost", CrErrorKind.Obstacle, ObstacleSeverity.Warning, task.Pid, task.Comm, what,
            "its keys are not in the image; a restored program is without them", "Where that matters, let the program add them again (add_key(2))."));
    }
}
