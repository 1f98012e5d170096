using System.Globalization;
using System.Text;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Ipc;

/// <summary>
/// IPC_LIMITS (454), at the root of a tree with an IPC namespace of its own: the settings of proc_sys_kernel(5) and mq_overview(7)
/// that belong to the namespace, in the order of <see cref="Names"/>; empty for one that the kernel has not.
/// </summary>
/// <param name="VPid">The root: the framing's parent.</param>
/// <param name="Values">As /proc/sys shows them, without the line's end.</param>
public sealed record IpcLimitsRecord(int VPid, IReadOnlyList<string> Values) : ICrRecord
{
    private const int MaxValue = 128;

    /// <summary>Below /proc/sys.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "kernel/shmmax", "kernel/shmall", "kernel/shmmni", "kernel/shm_rmid_forced", "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem",
        "fs/mqueue/msg_default", "fs/mqueue/msg_max", "fs/mqueue/msgsize_default", "fs/mqueue/msgsize_max", "fs/mqueue/queues_max",
    ];

    /// <summary>Not a bound on what there may be, but a choice (kernel.shm_rmid_forced).</summary>
    public const int RemovesForced = 3;

    /// <summary>Bytes that a System V queue may hold (kernel.msgmnb).</summary>
    public const int QueueBytes = 5;

    /// <summary>Messages and their bytes in a POSIX queue, and such queues (fs.mqueue.msg_max, msgsize_max, queues_max).</summary>
    public const int PosixMessages = 9, PosixSize = 11, PosixQueues = 12;

    internal const int MaxPayload = 4 + 16 * (4 + MaxValue);

    /// <inheritdoc/>
    public short Type => IpcRecordIds.Limits;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Values.Count);
        foreach (var value in Values)
            w.Text(value);
    }

    internal static IpcLimitsRecord Read(uint parent, ref FieldReader r)
    {
        var values = new string[r.Count(4)];
        if (values.Length != Names.Count)
            throw r.Bad($"there are {values.Length} limits, {Names.Count} are due");
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = r.Text(MaxValue);
            if (values[i].AsSpan().ContainsAnyExcept("0123456789 \t"))
                throw r.Bad($"the limit {Names[i]} is no number");
        }
        return new((int)parent, values);
    }

    /// <inheritdoc/>
    public bool Equals(IpcLimitsRecord? other) => other is not null && VPid == other.VPid && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(VPid, Values.Count);
}

/// <summary>The limits of an IPC namespace: read by whoever is in it, set by a task of it.</summary>
internal static class IpcLimits
{
    /// <summary>Those of the calling thread's namespace, in the order of the record.</summary>
    public static string[] Read()
    {
        var values = new string[IpcLimitsRecord.Names.Count];
        Span<byte> text = stackalloc byte[128];
        for (var i = 0; i < values.Length; i++)
        {
            using var file = OwnDescriptor.Open(PathOf(i), FileNative.O_RDONLY, out _);
            values[i] = file?.ReadAt(text, 0) is > 0 and var length ? Encoding.ASCII.GetString(text[..(int)length]).Trim() : "";
        }
        return values;
    }

    /// <summary>
    /// Sets what differs. <paramref name="raiseOnly"/>: where objects are about to be made that were made under wider limits than
    /// those of the end, the wider of both.
    /// </summary>
    public static void Set(IRemoteTask task, IpcLimitsRecord wanted, bool raiseOnly)
    {
        var ask = new SyscallBatch();
        var answers = new (Slot Call, RemoteBuffer Text)[wanted.Values.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            var fd = ask.Try(Sys.open, ask.Text(PathOf(i)), FileNative.O_RDONLY | FileNative.O_CLOEXEC);
            var text = ask.Out(128);
            answers[i] = (ask.Try(Sys.pread64, fd, text, text.Length, 0), text);
            ask.Try(Sys.close, fd);
        }
        task.Run(ask);
        var set = new SyscallBatch();
        for (var i = 0; i < answers.Length; i++)
        {
            var length = ask.Result(answers[i].Call);
            if (length <= 0 || wanted.Values[i].Length == 0 || raiseOnly && i == IpcLimitsRecord.RemovesForced)
                continue;
            var now = Encoding.ASCII.GetString(ask.Bytes(answers[i].Text)[..(int)length]).Trim();
            var value = raiseOnly ? Wider(now, wanted.Values[i]) : wanted.Values[i];
            if (value == now)
                continue;
            var what = $"/proc/sys/{IpcLimitsRecord.Names[i]} to {value}";
            var fd = set.Must("opening, to set", what, Sys.open, set.Text(PathOf(i)), FileNative.O_WRONLY | FileNative.O_CLOEXEC);
            var text = set.Text(value);
            set.Must("setting", what, Sys.pwrite64, fd, text, text.Length - 1, 0);
            set.Must("closing", what, Sys.close, fd);
        }
        if (!set.IsEmpty)
            task.Run(set);
    }

    /// <summary>Field by field the greater one.</summary>
    internal static string Wider(string a, string b)
    {
        var (left, right) = (a.Split('\t', ' '), b.Split('\t', ' '));
        for (var i = 0; i < Math.Min(left.Length, right.Length); i++)
            if (Number(right[i]) > Number(left[i]))
                left[i] = right[i];
        return string.Join('\t', left);
    }

    private static ulong Number(string text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;

    private static string PathOf(int index) => $"/proc/sys/{IpcLimitsRecord.Names[index]}";
}
