using CrCore;
using CrCore.Image;
using CrCore.Objects.Cgroups;
using FsCheck;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Cgroups;

/// <summary>Records of control groups come out of their payloads as they went in.</summary>
public class CgroupRecordProperties
{
    [Property]
    public void Set(NonEmptyString[] names)
        => Same(new CgroupsRecord(4, [.. names.Select(n => new CgroupPlace(Plain(n), "/" + Plain(n)))]));

    [Property]
    public void Member(int number, uint set) => Same(new InCgroupsRecord(number, set));

    [Property]
    public void Directory(NonEmptyString name, ushort mode, uint uid, bool[] values)
        => Same(new CgroupDirRecord(new("pids", "/" + Plain(name)), mode, uid, uid ^ 7,
            [.. values.Select((v, i) => new CgroupFile($"file{i}", mode, uid, 3, v ? Plain(name) : null))]));

    private static string Plain(NonEmptyString text) => string.Concat(text.Get.Where(char.IsAsciiLetterOrDigit));

    private static void Same(ICrRecord record) => Assert.Equal(record, RecordCode.Again(record));
}
