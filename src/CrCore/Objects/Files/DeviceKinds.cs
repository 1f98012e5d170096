using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// Character devices that hold no state for those who have them open: the memory devices of mem(4) and random(4), the
/// kernel's log for those who only write (devkmsg_open in kernel/printk/printk.c: who reads has a place in it, which is not
/// told), and control devices that only take ioctls (Documentation/admin-guide/devices.txt).
/// </summary>
internal sealed class DeviceKind : IDescriptorKind
{
    private const int MemoryMajor = 1, Null = 3, Zero = 5, Full = 7, Random = 8, Urandom = 9, KernelLog = 11;
    private const int MiscellaneousMajor = 10, BtrfsControl = 234, AutofsControl = 235, LoopControl = 237;

    public IReadOnlyList<FdType> Types { get; } = [FdType.Device];

    public bool Claims(Descriptor d) => d.Status.IsCharacterDevice && !d.IsPathOnly && IsStateless(d.Status.RawMajor, d.Status.RawMinor, d.CanRead);

    public void Inspect(DescriptorInspection inspection, Descriptor d) => NameRules.Inspect(inspection, d);

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
        => NameRules.Form(capture, d, FdType.Device);

    public void Check(CheckContext context, SavedDescription saved) => NameRules.CheckType(context, saved);

    /// <summary>The number of /dev/null (1:3).</summary>
    public const ulong NullDevice = MemoryMajor << 8 | Null;

    private static bool IsStateless(int major, int minor, bool reads) => major switch
    {
        MemoryMajor => minor is Null or Zero or Full or Random or Urandom || (minor == KernelLog && !reads),
        MiscellaneousMajor => minor is BtrfsControl or AutofsControl or LoopControl,
        _ => false,
    };

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var flags = OpenFlags.Reopening(saved.Data.Flags) & ~OpenFlags.Direct;
        server.Open(saved, server.PathOf(saved), saved.Data.Anchor == 0 ? flags : flags & ~OpenFlags.NoFollow, batch);
        return null;
    }
}

/// <summary>Block devices: opened again by name, at the same offset. What is in them is the machine's.</summary>
internal sealed class BlockDeviceKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.BlockDevice];

    public bool Claims(Descriptor d) => d.Status.FileType == FileStatus.Block && !d.IsPathOnly;

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        NameRules.Inspect(inspection, d);
        // Whoever opened it with O_EXCL has it to himself among all who ask for that, and the flag is not shown afterwards
        // (blkdev_open in block/fops.c). So one is asked for.
        using var own = OwnDescriptor.Open($"/proc/{d.Pid}/fd/{d.Fd}", FileNative.O_RDONLY | (int)(OpenFlags.Exclusive | OpenFlags.NonBlock), out var errno);
        if (own is null && errno == Errno.EBUSY)
            inspection.Refuse(d, "CrBlockDeviceBusy", "the block device is mounted, or somebody has it to himself (O_EXCL), and the kernel does not tell whether it is this descriptor", "Unmount it, or let the program close it.");
        else if (own is null)
            inspection.Refuse(d, "CrBlockDeviceBusy", $"the block device cannot be opened to see whether somebody has it to himself: {errno} ({errno.Describe()})", "Run as a user who may open it.");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d) => NameRules.Form(capture, d, FdType.BlockDevice);

    public void Check(CheckContext context, SavedDescription saved)
    {
        NameRules.CheckType(context, saved);
        if (saved.Data.Anchor == 0 && FileStatus.Read(saved.Name, out var now) == Errno.None)
            FileRightsCheck.Opening(context, saved.Task, saved.Label, saved.Name, saved.Data.Flags, now);
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var flags = OpenFlags.Reopening(saved.Data.Flags);
        server.Open(saved, server.PathOf(saved), saved.Data.Anchor == 0 ? flags : flags & ~OpenFlags.NoFollow, batch);
        server.Seek(saved, batch);
        return null;
    }
}
