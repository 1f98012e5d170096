using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

/// <summary>Compares the saved address spaces with this machine: its files, its kernel's vdso, its limits.</summary>
internal sealed class MemoryCheck(CheckContext context)
{
    /// <summary>Page and arena of a puppet, at most; what lies free beside them is asked for as well.</summary>
    private const ulong PuppetBytes = 4 << 20;

    /// <summary>Mappings that a restored task has for a while beside its own: the puppet's, the staging area's.</summary>
    private const int OwnMappings = 16;

    private readonly HashSet<string> _looked = [];
    private readonly HashSet<(string, FileRights)> _rights = [];

    public void Run()
    {
        var layouts = context.States.Get<MemoryLayouts>();
        var vdso = Vdso.Own;
        var maxMappings = ReadNumber("sys/vm/max_map_count"u8);
        var lowest = ReadNumber("sys/vm/mmap_min_addr"u8);
        foreach (var task in context.Image.Tasks)
        {
            if (layouts.Of(task) is not { } layout)
                continue;
            CheckVdso(task, layout, vdso);
            CheckAddresses(task, layout, maxMappings, lowest);
            if (!layout.Mm.RunsFromMemory(context.Image))
                Anchors.Require(context.Image, layout.Mm.ExeAnchor);
            if (layout.Mm.ExeAnchor == 0)
            {
                CheckFile(task, "exe", layout.Mm.ExePath, layout.Mm.ExeIdentity);
                CheckRights(task, "exe", layout.Mm.ExePath, FileRights.Read | FileRights.Execute);
            }
            foreach (var (vma, path) in layout.Mappings)
                if (vma.Kind == VmaType.File && vma.ObjRef != 0)
                    Anchors.Require(context.Image, vma.ObjRef);
                else if (vma.Identity is { } identity)
                {
                    CheckFile(task, vma.ToString(), path, identity);
                    CheckRights(task, vma.ToString(), path, FileRights.Read | (vma.IsShared && (vma.Flags & VmFlags.MayWrite) != 0 ? FileRights.Write : 0));
                }
        }
        _ = layouts.SharedPagesOf(context.Image);
        var plan = StagingPlan.Make(context.Image, layouts);
        if (plan.HasHugePages && !Capabilities.HasInitial(context.Proc, Capabilities.CheckpointRestore) && !Capabilities.HasInitial(context.Proc, Capabilities.SysAdmin))
            context.Refuse(null, "CrHugePages", "shared memory of huge pages", "restoring it takes CAP_CHECKPOINT_RESTORE in the initial user namespace", "Restore as root.", CrErrorKind.PermissionDenied);
        SystemVRestore.Check(context);
        HugePageDemand.Check(context, layouts);
        if (AddressPlan.FindHole(MemoryLayout.UsedRanges(context.Image), PuppetBytes + plan.Size) is null)
            context.Refuse(null, "CrNoAddressHole", "addresses", $"no {PuppetBytes + plan.Size} bytes of addresses are free in all tasks, which restoring needs", null, CrErrorKind.NotSupported);
    }

    private void CheckVdso(TaskImage task, MemoryLayout layout, Vdso vdso)
    {
        if (layout.Mm.VdsoHash != vdso.Hash)
            context.Refuse(task, "CrVdsoDiffers", "vdso", "it ran on another kernel, whose vdso (the kernel's code in each process) differs from this one's",
                $"Restore it on the kernel it was saved on ({context.Image.Head.Release}).");
        foreach (var (kind, range) in SpecialMappings.Of(layout))
            if (kind == VmaType.Vdso && range.Length != vdso.Length)
                context.Refuse(task, "CrVdsoDiffers", range.ToString(), $"its vdso has {range.Length} bytes, this kernel's {vdso.Length}", "Restore it on the kernel it was saved on.");
    }

    private void CheckAddresses(TaskImage task, MemoryLayout layout, ulong maxMappings, ulong lowest)
    {
        if ((ulong)(layout.Mappings.Count + OwnMappings) > maxMappings)
            context.Refuse(task, "CrTooManyMappings", "address space", $"it has {layout.Mappings.Count} mappings, and this machine allows {maxMappings}",
                $"Raise the limit: sysctl vm.max_map_count={layout.Mappings.Count * 2L}.");
        if (layout.Mappings.Count == 0)
            return;
        var first = layout.Mappings[0].Vma;
        if (first.Start < lowest && !Capabilities.Has(context.Proc, Capabilities.SysRawIo))
            context.Refuse(task, "CrLowAddress", first.ToString(), $"it lies below the lowest address that this machine allows (0x{lowest:x})", "Lower sysctl vm.mmap_min_addr, or restore with CAP_SYS_RAWIO.");
        var last = layout.Mappings[^1].Vma;
        if (last.End > AddressPlan.FourLevelEnd && !HasFiveLevels())
            context.Refuse(task, "CrHighAddress", last.ToString(), "this machine has no addresses of more than 47 bits (five-level paging)", "Restore it on a machine like the one it was saved on.");
    }

    private void CheckFile(TaskImage task, string what, string path, in FileIdentity saved)
    {
        if (!_looked.Add(path))
            return;
        if (context.OnThisMachine(path) is not { } here)
            return;
        if (FileStatus.Read(here, out var status) is var errno && errno != Errno.None)
        {
            context.Refuse(task, "CrFileMissing", what, $"the file {path} cannot be found: {errno} ({errno.Describe()})", "Put it back where it was.", CrErrorKind.NotFound);
            return;
        }
        // A device (only /dev/zero is mapped) has neither size nor a time that means something.
        if (!status.IsRegular)
            return;
        var now = FileIdentity.Of(status);
        var change = saved.ChangeTo(now);
        if (change == FileChange.None)
            return;
        var reason = $"the file {path} has changed: {saved.Describe(change, now)}";
        const string advice = "Code and data of the running program would no longer fit. Put the old file back, or accept what may come of it with -AcceptChangedFiles.";
        if (context.Options.AcceptChangedFiles)
            context.Warn(task, "CrFileChanged", what, reason);
        else
            context.Refuse(task, "CrFileChanged", what, reason, advice);
    }

    /// <summary>As the restore opens it: one that is gone has been told of.</summary>
    private void CheckRights(TaskImage task, string what, string path, FileRights rights)
    {
        if (_rights.Add((path, rights)))
            FileRightsCheck.Has(context, task, what, path, rights);
    }

    private ulong ReadNumber(ReadOnlySpan<byte> name)
    {
        var c = new TextCursor(context.Proc.ReadSystem(name));
        return c.Unsigned();
    }

    private bool HasFiveLevels() => context.Proc.ReadSystem("cpuinfo"u8).IndexOf(" la57 "u8) >= 0;
}
