using System.Buffers.Binary;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Namespaces;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

/// <summary>Turns a puppet's address space into the saved one, but for its pages.</summary>
internal static class MemoryRestore
{
    private const int PrSetMm = 35, PrSetMmMap = 14;

    /// <summary>struct prctl_mm_map of include/uapi/linux/prctl.h: 11 addresses, auxv, auxv_size and exe_fd.</summary>
    private const int MmMapSize = 104, AuxvAt = 88, AuxvSizeAt = 96, ExeFdAt = 100;

    public static Action? Map(RestoreContext context, RestoringTask task, MemoryLayout layout, SyscallBatch shared)
    {
        var places = context.States.Get<PuppetPlaces>();
        // Where all of it fits, it travels with what other kinds have to say; else in batches of its own.
        var kept = context.States.Get<InheritedMemory>().KeptBy(context, task);
        // What is handed over on the way, too, has its number only until the next of those sets up descriptors.
        var fits = !HandsOver(context, layout) && shared.ArenaBytes + Estimate(layout) + kept.Others.Count * 80L <= task.Remote.ArenaSize;
        var batch = fits ? shared : new SyscallBatch();
        UnmapAll(batch, places, layout, kept);
        SpecialMappings.Move(batch, places.Specials, layout, places.Transit);
        var calls = new MapCalls(context, task, places, kept, batch, fits ? int.MaxValue : task.Remote.ArenaSize - 16_384);
        foreach (var mapping in layout.Mappings)
            calls.Add(mapping);
        calls.Empty(kept.Others);
        calls.AddGuards(layout.Guards);
        // A huge page would bring pages that the program must find missing; the flag has its own value again with the rest of the process's.
        if (layout.Mappings.Any(static m => (m.Vma.Flags & VmFlags.UserFaultMissing) != 0))
            batch.Must("filling memory without huge pages", null, Sys.prctl, (int)PrctlOption.SetThpDisable, 1, 0, 0, 0);
        calls.Finish();
        SetMm(context, task, batch, layout.Mm);
        if (fits)
            return calls.Conclude;
        task.Remote.Run(batch);
        calls.Conclude();
        return null;
    }

    private static bool HandsOver(RestoreContext context, MemoryLayout layout)
        => context.InUserNamespace && layout.Mappings.Any(static m => m.Vma is { IsHuge: true, ObjRef: not 0 });

    /// <summary>An upper bound of the arena bytes for the whole layout.</summary>
    private static long Estimate(MemoryLayout layout)
    {
        long bytes = 16_384 + layout.Guards.Count * 80L;
        var path = "";
        foreach (var (vma, p) in layout.Mappings)
        {
            bytes += (2 + MappingFlags.CountAdvices(vma)) * 80 + (vma.Name.Length > 0 ? 160 + 2 * vma.Name.Length : 0);
            if (p.Length > 0 && p != path)
                bytes += 400 + 3 * p.Length;
            path = p;
        }
        return bytes;
    }

    private static void UnmapAll(SyscallBatch batch, PuppetPlaces places, MemoryLayout layout, KeptMemory inherited)
    {
        var kept = new List<AddressRange> { places.Puppet, places.Staging };
        foreach (var (_, range) in places.Specials)
            kept.Add(range);
        if (inherited.Mappings.Count > 0)
            foreach (var (vma, _) in layout.Mappings)
                if (inherited.Mappings.Contains(vma.Start))
                    kept.Add(new AddressRange(vma.Start, vma.End));
        foreach (var gap in AddressPlan.Gaps(new AddressRange(0, AddressPlan.FourLevelEnd), kept))
            batch.Must("unmapping", gap, Sys.munmap, gap.Start, gap.Length);
    }

    /// <summary>
    /// Gives the kernel the addresses that /proc and brk(2) go by, the auxiliary vector and the program's file. Not
    /// PR_SET_MM_EXE_FILE: that alone needs CAP_SYS_RESOURCE (prctl_set_mm in kernel/sys.c).
    /// </summary>
    private static void SetMm(RestoreContext context, RestoringTask task, SyscallBatch batch, MmRecord mm)
    {
        var path = mm.RunsFromMemory(context.Image) ? $"/proc/{context.Root.VPid}/fd/{context.ServedDescriptors[mm.ExeAnchor]}" : Anchors.Of(context).PathOf(mm.ExeAnchor, FurtherNames.ForTask(context, task, mm.ExePath));
        var exe = batch.Must("opening", mm.ExePath, Sys.open, batch.Text(path), FileNative.O_RDONLY | FileNative.O_CLOEXEC);
        // Room behind the last field, which is stored as a word of 8 bytes.
        Span<byte> map = stackalloc byte[MmMapSize + 8];
        map.Clear();
        ReadOnlySpan<ulong> addresses =
        [
            mm.StartCode, mm.EndCode, mm.StartData, mm.EndData, mm.StartBrk, mm.Brk, mm.StartStack, mm.ArgStart, mm.ArgEnd, mm.EnvStart, mm.EnvEnd,
        ];
        for (var i = 0; i < addresses.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(map[(8 * i)..], addresses[i]);
        BinaryPrimitives.WriteInt32LittleEndian(map[AuxvSizeAt..], mm.Auxv.Length);
        var argument = batch.In(map);
        if (mm.Auxv.Length > 0)
            batch.Pointer(argument.Skip(AuxvAt), batch.In(mm.Auxv.Span));
        batch.StoreResult(exe, argument.Skip(ExeFdAt));
        batch.Must("setting the memory map's fields", mm.ExePath, Sys.prctl, PrSetMm, PrSetMmMap, argument, MmMapSize, 0);
        batch.Must("closing", mm.ExePath, Sys.close, exe);
    }
}
