using CrCore;
using CrCore.Image;
using CrCore.Objects.Terminals;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Terminals;

/// <summary>Records of pseudo-terminals come out of their payloads as they went in.</summary>
public class PtyRecordProperties
{
    [Property]
    public void Pty(uint flags, uint index, uint mode, uint uid, byte fill) => Same(new PtyRecord
    {
        ObjRef = 5,
        Flags = (PtyFlags)flags,
        Index = index,
        MasterFlags = flags ^ index,
        Mode = mode,
        Uid = uid,
        Gid = uid ^ mode,
        Modes = Filled(PtyRecord.ModesSize, fill),
        LockedModes = Filled(PtyRecord.LockedModesSize, (byte)~fill),
        Window = Filled(PtyRecord.WindowSize, fill),
        Multiplexer = $"/dev/{fill}/ptmx",
    });

    [Property]
    public void Data(uint kind, byte[] bytes) => Same(new PtyDataRecord(5, (PtyDataKind)kind, bytes));

    [Property]
    public void Controlling(int vpid, uint pty, int group) => Same(new ControllingTerminalRecord(vpid, pty, group));

    private static byte[] Filled(int size, byte value)
    {
        var bytes = new byte[size];
        Array.Fill(bytes, value);
        return bytes;
    }

    private static void Same(ICrRecord record) => Assert.Equal(record, RecordCode.Again(record));
}
