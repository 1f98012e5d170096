using CrCore;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects;
using CrCore.Objects.Memory;
using CrCore.Remote;
using CrCore.Restore;

namespace CrProperty.Memory;

/// <summary>
/// The memory part of a restore alone: the first task of an image becomes the address space of a puppet, which stays
/// stopped to be looked at and is killed in the end.
/// </summary>
internal static class RestoredPuppet
{
    private const int ArenaSize = 1 << 16;

    /// <param name="look">Called with the puppet's pid and its own mappings' range, on the tracer's thread.</param>
    public static void Make(string path, Action<int, AddressRange> look) => TracerThread.Run("test", () =>
    {
        using var proc = new ProcReader();
        using var reader = ImageReader.Open(path);
        var image = reader.ReadMetadata();
        var size = PuppetElf.PageSize + ArenaSize + MemoryLayout.StagingBytes(image);
        var page = AddressPlan.FindHole(MemoryLayout.UsedRanges(image), size)!.Value.Start;
        var puppet = Puppet.Start(page, ArenaSize);
        try
        {
            var task = new RestoringTask { Image = image.Root, Parent = null, Pid = puppet.Pid, Remote = puppet };
            var context = new RestoreContext
            {
                Options = new RestoreOptions(), Image = image, Proc = proc, Tasks = [task], InUserNamespace = false, NewPidNamespace = false,
                PuppetStart = page, PuppetEnd = page + PuppetElf.PageSize + ArenaSize,
            };
            Run(new SharedMemoryKind(), context, task);
            Run(new MemoryKind(), context, task);
            using (var filler = new PageFiller(context, reader))
                filler.FillAll(default);
            Run(new FilledMemoryKind(), context, task);
            look(puppet.Pid, new AddressRange(context.PuppetStart, context.PuppetEnd));
        }
        finally
        {
            Libc.Syscall(Sys.kill, puppet.Pid, 9);
            while (Wait.Take(puppet.Pid, noHang: false, out var report) == Errno.None && !report.IsEnd)
            {
            }
        }
        return 0;
    });

    private static void Run(IRestoresTask kind, RestoreContext context, RestoringTask task)
    {
        var batch = new SyscallBatch();
        var after = kind.Restore(context, task, batch);
        task.Remote.Run(batch);
        after?.Invoke();
    }
}
