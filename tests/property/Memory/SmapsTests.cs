using CrCore.Kernel;
using Xunit;

namespace CrProperty.Memory;

public class SmapsTests
{
    [Fact]
    public void Flags_and_keys_are_read_beside_the_line_of_maps()
    {
        var text = """
            7f00aa000000-7f00aa021000 rw-p 00000000 00:00 0                          [anon:some name]
            Size:                132 kB
            Shared_Clean:          8 kB
            Shared_Dirty:         12 kB
            Private_Dirty:        40 kB
            KernelPageSize:        4 kB
            ProtectionKey:         3
            VmFlags: rd wr mr mw me nr dc lo lf sl dp zz
            7f00ab000000-7f00ab001000 r--s 00001000 fe:00 17                         /usr/bin/env
            Size:                  4 kB
            VmFlags: rd mr me ms
            """u8;
        var mappings = new List<DetailedMapping>();
        Assert.True(ProcSmaps.TryParse(text, mappings));
        Assert.Equal(2, mappings.Count);
        Assert.Equal("some name", mappings[0].Mapping.Path);
        Assert.Equal(3, mappings[0].ProtectionKey);
        Assert.Equal((20, 0), (mappings[0].SharedKiB, mappings[1].SharedKiB));
        Assert.Equal(VmFlags.Read | VmFlags.Write | VmFlags.MayRead | VmFlags.MayWrite | VmFlags.MayExecute | VmFlags.NoReserve | VmFlags.DontCopy
            | VmFlags.Locked | VmFlags.LockOnFault | VmFlags.Sealed | VmFlags.Droppable, mappings[0].Flags);
        Assert.Equal(VmFlags.Read | VmFlags.MayRead | VmFlags.MayExecute | VmFlags.MayShare, mappings[1].Flags);
        Assert.Equal("/usr/bin/env", mappings[1].Mapping.Path);
        Assert.False(ProcSmaps.TryParse("Size: 4 kB\n"u8, mappings));
    }

    [Fact]
    public void A_real_file_has_the_mappings_of_maps()
    {
        using var reader = new ProcReader();
        var (maps, smaps) = (new List<MemoryMapping>(), new List<DetailedMapping>());
        using var child = Kernel.OwnChild.Sleep();
        Assert.True(ProcMaps.TryRead(reader, child.Pid, maps));
        Assert.True(ProcSmaps.TryRead(reader, child.Pid, smaps));
        Assert.Equal(maps, smaps.Select(s => s.Mapping));
        Assert.Contains(smaps, s => s.Mapping.Kind == MappingKind.Stack && (s.Flags & VmFlags.GrowsDown) != 0);
    }
}
