using CrCore;
using CrCore.Image;
using CrCore.Objects.Seccomp;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Seccomp;

/// <summary>Records of seccomp(2) come out of their payloads as they went in.</summary>
public class SeccompRecordProperties
{
    [Property]
    public void Filter(byte[] bytes, bool log)
        => Same(new SeccompFilterRecord(3, log ? 2u : 0, bytes.AsMemory(0, bytes.Length / SeccompFilterRecord.InstructionSize * SeccompFilterRecord.InstructionSize)));

    [Property]
    public void Thread(uint[] filters) => Same(new SeccompRecord(7, SeccompRecord.Filtered, filters));

    [Fact]
    public void TheLargestFilterFits()
        => Same(new SeccompFilterRecord(3, 0, new byte[SeccompFilterRecord.MaxInstructions * SeccompFilterRecord.InstructionSize]));

    [Fact]
    public void ACountBeyondTheRecordIsAnError()
    {
        var payload = RecordCode.Encode(new SeccompRecord(7, SeccompRecord.Filtered, [1, 2]));
        payload[4] = 200;
        Assert.Throws<CrImageException>(() =>
        {
            var r = new FieldReader(payload, 0);
            SeccompRecord.Read(7, ref r);
        });
    }

    private static void Same(ICrRecord record) => Assert.Equal(record, RecordCode.Again(record));
}
