using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Dispatch;

/// <summary>USER_DISPATCH (171): which system calls a thread is handed as signals (PR_SET_SYSCALL_USER_DISPATCH of prctl(2)).</summary>
public sealed record UserDispatchRecord(int VTid, UserDispatch Dispatch) : ICrRecord
{
    public const short Id = 171;

    public const int PayloadSize = 32;

    public short Type => Id;
    public uint Parent => (uint)VTid;

    public void Write(ref FieldWriter w)
    {
        w.U64(Dispatch.Mode);
        w.U64(Dispatch.Selector);
        w.U64(Dispatch.Offset);
        w.U64(Dispatch.Length);
    }

    public static UserDispatchRecord Read(uint parent, ref FieldReader r)
        => new((int)parent, new UserDispatch(r.U64(), r.U64(), r.U64(), r.U64()));
}
