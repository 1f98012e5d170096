using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Terminals;

/// <summary>Saves a pseudo-terminal, through its master: modes, window, who may open it, what waits in it.</summary>
internal static class PtyCapture
{
    private const int HangUp = 16, Permissions = 0xfff;

    public static SavedForm Capture(DescriptorCapture capture, TreePtys ptys, Descriptor d, PtyKey key)
    {
        var objRef = Reference(capture.Shared, key);
        using var master = capture.Borrow(d);
        var modes = new byte[PtyRecord.ModesSize];
        var lockedModes = new byte[PtyRecord.LockedModesSize];
        var window = new byte[PtyRecord.WindowSize];
        Check(d, TerminalCalls.ReadModes(master, modes), "reading its modes");
        Check(d, TerminalCalls.ReadLockedModes(master, lockedModes), "reading its locked modes");
        Check(d, TerminalCalls.ReadWindow(master, window), "reading its window size");
        Check(d, TerminalCalls.ReadLock(master, out var locked), "reading its lock");
        Check(d, TerminalCalls.ReadPacketMode(master, out var packets), "reading its packet mode");
        Check(d, TerminalCalls.ReadExclusive(master, out var masterExclusive), "reading its exclusive mode");
        var isClosed = (master.PollNow(0) & HangUp) != 0;
        var slaveDescriptor = ptys.SlaveOf(key);
        using var slave = OpenSlave(master, slaveDescriptor, isClosed);
        uint slaveExclusive = 0;
        if (slave is not null)
            Check(d, TerminalCalls.ReadExclusive(slave, out slaveExclusive), "reading its slave's exclusive mode");
        var data = PtyQueue.Take(objRef, master, slave, modes, packets != 0);
        if (data.Count > 0)
            PutBack(capture, d, master, slave, modes, packets != 0, data);
        var (mode, uid, gid) = Owner(slaveDescriptor, slave);
        var flags = (locked != 0 ? PtyFlags.Locked : 0) | (packets != 0 ? PtyFlags.Packet : 0) | (masterExclusive != 0 ? PtyFlags.MasterExclusive : 0)
            | (slaveExclusive != 0 ? PtyFlags.SlaveExclusive : 0) | (isClosed || slaveDescriptor is not null ? PtyFlags.Opened : 0);
        var record = new PtyRecord
        {
            ObjRef = objRef,
            Flags = flags,
            Index = key.Index,
            MasterFlags = d.Flags,
            Mode = mode,
            Uid = uid,
            Gid = gid,
            Modes = modes,
            LockedModes = lockedModes,
            Window = window,
            Multiplexer = d.Name,
        };
        return new(FdType.PtyMaster, d.Name, objRef, [record, .. data]);
    }

    public static uint Reference(Checkpoint.SharedObjects shared, PtyKey key) => shared.Reference(("pty", key.Instance, key.Index), out _);

    /// <summary>
    /// A description of the slave to ask and to read with. One is opened anew only where that changes nothing: while
    /// others hold it, or when it was open before and is closed.
    /// </summary>
    private static OwnDescriptor? OpenSlave(OwnDescriptor master, Descriptor? held, bool isClosed)
    {
        const uint flags = OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal | OpenFlags.NonBlock | OpenFlags.CloseOnExec;
        return held is null && !isClosed ? null : TerminalCalls.OpenPeer(master, flags, out _);
    }

    private static void PutBack(DescriptorCapture capture, Descriptor d, OwnDescriptor master, OwnDescriptor? slave, ReadOnlySpan<byte> modes, bool packets, List<PtyDataRecord> data)
    {
        if (slave is not null)
            PtyQueue.Put(master, slave, modes, packets, data);
        else
            capture.Warn(d, "CrPtyQueue", "what was written to it and not read yet was taken and could not be put back, for its slave cannot be opened; the image has it");
    }

    private static (uint Mode, uint Uid, uint Gid) Owner(Descriptor? held, OwnDescriptor? slave)
    {
        if (held is not null)
            return (held.Status.Mode & Permissions, held.Status.Uid, held.Status.Gid);
        return slave is not null && FileStatus.ReadOwn(slave.Number, out var status) == Errno.None ? (status.Mode & Permissions, status.Uid, status.Gid) : default;
    }

    private static void Check(Descriptor d, Errno e, string what)
    {
        if (e != Errno.None)
            throw new CrKernelException("CrPtyUnreadable", $"Task {d.Pid}: {what} failed for {d.Label}", e) { Pid = d.Pid, Object = d.Label };
    }
}
