using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Dispatch;

/// <summary>USER_DISPATCH (171): which system calls a thread is handed as signals (PR_SET_SYSCALL_USER_DISPATCH of prctl(2)).</summary>
/// <param name="VTid">The thread: the framing's parent.</param>
/// <param name="Dispatch">As ptrace(2) gives it: which calls, and where the thread's switch for them is.</param>
public sealed record UserDispatchRecord(int VTid, UserDispatch Dispatch) : ICrRecord
{
    internal const short Id = 171;

    internal const int PayloadSize = 32;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)VTid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(Dispatch.Mode);
        w.U64(Dispatch.Selector);
        w.U64(Dispatch.Offset);
        w.U64(Dispatch.Length);
    }

    internal static UserDispatchRecord Read(uint parent, ref FieldReader r)
        => new((int)parent, new UserDispatch(r.U64(), r.U64(), r.U64(), r.U64()));
}
