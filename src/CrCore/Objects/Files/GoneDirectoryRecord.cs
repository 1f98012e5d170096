using CrCore.Image;

namespace CrCore.Objects.Files;

/// <summary>
/// GONE_DIRECTORY (178): the task's working directory, in its FS, is below /proc/PID of a process that has ended. It is
/// entered while a passing process has that number.
/// </summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Gone">The number of the process that has ended, 1 or more.</param>
public sealed record GoneDirectoryRecord(int VPid, int Gone) : ICrRecord
{
    internal const short Id = 178;

    internal const int PayloadSize = 8;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(Gone);
        w.U32(0);
    }

    internal static GoneDirectoryRecord Read(uint parent, ref FieldReader r)
    {
        var pid = r.I32();
        r.Pad4();
        return pid > 0 ? new((int)parent, pid) : throw r.Bad($"an ended process had the pid {pid}");
    }
}
