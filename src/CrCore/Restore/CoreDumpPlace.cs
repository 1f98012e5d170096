using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>
/// Whether a task that is about to be killed dumps core: the flag in its status is set only by a dump that was really
/// written (vfs_coredump in fs/coredump.c). The dump of a puppet, a few pages, goes to a directory that is removed.
/// </summary>
internal sealed class CoreDumpPlace(bool wanted) : IDisposable
{
    private DirectoryInfo? _directory;

    public void Prepare(SyscallBatch batch, int rlimitCore)
    {
        if (!wanted)
        {
            batch.Must("forbid a core dump", null, Sys.prlimit64, 0, rlimitCore, batch.In(new byte[16]), 0);
            return;
        }
        _directory = Directory.CreateTempSubdirectory("crmodule-core-");
        var limit = batch.In(new byte[16]);
        batch.Try(Sys.prlimit64, 0, rlimitCore, 0, limit);
        // A soft limit as high as the hard one, whatever that is: read it, copy it, set it.
        batch.CopyWords(limit.Skip(8), limit);
        batch.Try(Sys.prlimit64, 0, rlimitCore, limit, 0);
        batch.Try(Sys.chdir, batch.Text(_directory.FullName));
    }

    public void Dispose() => _directory?.Delete(recursive: true);
}
