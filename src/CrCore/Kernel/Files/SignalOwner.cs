namespace CrCore.Kernel;

/// <summary>Who is signalled when an open file description becomes ready (F_SETOWN_EX and F_SETSIG of fcntl(2)).</summary>
/// <param name="Kind">0 thread, 1 process, 2 process group (F_OWNER_TID, F_OWNER_PID, F_OWNER_PGRP).</param>
/// <param name="Id">Its number as this process sees it; 0 for nobody, or for one that this pid namespace does not see.</param>
/// <param name="Uid">Real user of the one who set it.</param>
/// <param name="EffectiveUid">The effective one.</param>
/// <param name="Signal">0 for SIGIO without details.</param>
public readonly record struct SignalOwner(int Kind, int Id, uint Uid, uint EffectiveUid, int Signal)
{
    private const int FGetSig = 11, FGetOwnEx = 16, FGetOwnerUids = 17;

    /// <summary>All zero where there is none, or where the description has no owners (O_PATH).</summary>
    internal static unsafe SignalOwner Of(int fd)
    {
        var signal = (int)Math.Max(0, Libc.Syscall(Sys.fcntl, fd, FGetSig));
        var owner = stackalloc int[] { 0, 0 };
        if (Libc.Syscall(Sys.fcntl, fd, FGetOwnEx, (long)owner) < 0 || (owner[1] == 0 && signal == 0))
            return default;
        var uids = stackalloc uint[] { 0, 0 };
        Libc.Syscall(Sys.fcntl, fd, FGetOwnerUids, (long)uids);
        return new(owner[0], owner[1], uids[0], uids[1], signal);
    }
}
