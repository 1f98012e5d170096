using CrCore.Image;

namespace CrCore.Objects.Credentials;

/// <summary>LOGIN_UID (164): the audit user of a thread. Other threads than the leader have one only where theirs differs.</summary>
/// <param name="VTid">The thread: the framing's parent.</param>
/// <param name="Uid">Who logged in, or <see cref="Unset"/>.</param>
public sealed record LoginUidRecord(int VTid, uint Uid) : ICrRecord
{
    internal const short Id = 164;
    internal const int PayloadSize = 8;

    /// <summary>AUDIT_UID_UNSET of linux/audit.h.</summary>
    public const uint Unset = uint.MaxValue;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)VTid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Uid);
        w.U32(0);
    }

    internal static LoginUidRecord Read(uint parent, ref FieldReader r)
    {
        var record = new LoginUidRecord((int)parent, r.U32());
        r.Pad4();
        return record;
    }
}
