using CrCore;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Namespaces;
using CrProperty.Objects;
using FsCheck;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>Records of namespaces come out of their payloads as they went in, and broken ones are refused.</summary>
public class NamespaceRecordProperties
{
    [Property]
    public void Namespaces(int vpid, uint own, bool up, NonNull<string> host)
        => Same(new NamespacesRecord { VPid = vpid, Own = (NamespaceSet)own & NamespaceSet.All, LoopbackUp = up, HostName = Short(host.Get), DomainName = "(none)" });

    [Property]
    public void Sysctls(int vpid, byte count) => Same(new SysctlsRecord(vpid, [.. Enumerable.Range(0, count).Select(i => KeyValuePair.Create($"net/ipv4/s{i}", $"{i} ä\udc80"))]));

    [Theory]
    [InlineData("kernel/core_pattern")]
    [InlineData("net/../kernel/core_pattern")]
    public void OnlySysctlsOfTheNetwork(string name) => Assert.Throws<CrImageException>(() => RecordCode.Again(new SysctlsRecord(1, [KeyValuePair.Create(name, "1")])));

    [Property]
    public void PacketFilter(int vpid, bool isInet6, uint hooks, byte[] entries)
        => Same(new PacketFilterRecord(vpid, new(isInet6, "filter", hooks, [.. Enumerable.Range(0, LegacyTable.PlacesCount).Select(i => hooks * (uint)i)], 7, entries)));

    [Property]
    public void Netfilter(int vpid, byte[][] messages)
        => Same(new NetfilterRecord(vpid, [.. messages.Select((m, i) => new NetfilterObject((ushort)(i % 3 * 3), m ?? []))]));

    [Fact]
    public void OnlyMessagesThatMakeSomething()
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new NetfilterRecord(1, [new(NetfilterRules.Table, [1, 0, 0, 0]), new(2, [1, 0, 0, 0])])));

    [Property]
    public void EntriesOfAnyBytesAreWalked(bool isInet6, uint hooks, byte[] entries)
    {
        var table = new LegacyTable(isInet6, "filter", hooks, new uint[LegacyTable.PlacesCount], (uint)System.Numerics.BitOperations.PopCount(hooks) + 1, [.. entries, .. entries, .. new byte[200]]);
        _ = table.Filters;
        Assert.Equal(0, table.Counters.Length % LegacyTable.CountersSize);
    }

    [Property]
    public void Mount(int vpid, ulong flags) => Same(new MountRecord(vpid, "/pr\udc80oc", "proc", "none", flags, "hidepid=invisible"));

    [Property]
    public void TreeMount(int vpid, byte origin, bool directory, bool readOnly, bool unbindable, uint group, ulong flags)
        => Same(new TreeMountRecord(vpid, (MountOrigin)(origin % 5), directory, readOnly, unbindable, group, group / 3, flags, "/p\udc80", "/from", "tmpfs", "size=1m", origin % 5 == 1 ? origin - 1 : -1));

    [Property]
    public void MountNamespace(int vpid, int owner) => Same(new MountNamespaceRecord(vpid, owner));

    [Property]
    public void MountedFile(uint objRef, int mount, uint mode, uint uid, ulong device, long time)
        => Same(new MountedFileRecord(objRef, mount, mode, uid, uid ^ 7, 1234, time, time / 3, device, "/run/\udc80", "/run/a"));

    [Theory]
    [InlineData("relative", "/from")]
    [InlineData("/p", "relative")]
    public void OnlyMountsThatCanBeMade(string point, string source)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new TreeMountRecord(1, MountOrigin.Host, true, false, false, 0, 0, 0, point, source, "ext4", "")));

    [Property]
    public void IdMaps(int vpid, bool groups, IdMapRange[] users)
    {
        var record = new IdMapsRecord { VPid = vpid, AllowsSetGroups = groups, Users = users, Groups = [new(0, 1000, 1)] };
        var again = Assert.IsType<IdMapsRecord>(RecordCode.Again(record));
        Assert.Equal((vpid, groups), (again.VPid, again.AllowsSetGroups));
        Assert.Equal(users, again.Users);
        Assert.Equal(record.Groups, again.Groups);
    }

    [Fact]
    public void AnUnknownKindIsRefused() => Refused<NamespacesRecord>([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], NamespacesRecord.Read);

    [Fact]
    public void TooManyRangesAreRefused()
        => Refused<IdMapsRecord>(RecordCode.Encode(new IdMapsRecord { VPid = 1, Users = new IdMapRange[IdMapsRecord.MaxRanges + 1] }), IdMapsRecord.Read);

    private static void Refused<T>(byte[] payload, RecordDecoder decoder)
    {
        Assert.Equal("CrImageBadField", Assert.Throws<CrImageException>(() => Decode(payload, decoder)).Id);

        static void Decode(byte[] payload, RecordDecoder decoder)
        {
            var reader = new FieldReader(payload, 0);
            decoder(1, ref reader);
        }
    }

    private static string Short(string text)
    {
        // What the kernel can give: no NUL, at most 64 bytes.
        var plain = new string([.. text.Where(c => c is > ' ' and < (char)127)]);
        return plain[..Math.Min(plain.Length, NamespacesRecord.MaxName)];
    }

    private static void Same(ICrRecord record) => Assert.Equal(record, RecordCode.Again(record));
}
