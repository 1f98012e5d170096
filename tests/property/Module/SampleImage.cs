using CrCore.Image;

namespace CrProperty.Module;

/// <summary>An image made without any process, for the commands that only look into images.</summary>
internal static class SampleImage
{
    public const int Signal = 11, CoreFlag = 0x80, StopSignal = 20;

    /// <summary>
    /// A root with two children, of which the first has an ended and a stopped child, and the second was killed:
    /// 10 root (2 threads) ─ 11 left ─ 12 done, 13 halted; 14 right.
    /// </summary>
    public static void Write(string path)
    {
        using var image = new ImageWriter(File.Create(path));
        image.WriteRecord(new HeadRecord
        {
            Major = 6,
            Minor = 18,
            Release = "6.18.1-test",
            Version = "#1 SMP",
            Machine = "x86_64",
            NodeName = "here",
            Writer = "test",
            ImageId = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"),
            Time = 1_700_000_000,
            CreatedNanoseconds = 1_700_000_000_500_000_000,
            Features = ["pipes", "threads"],
        });
        image.WriteRecord(new HeadArchRecord(true, true, 2432));
        image.WriteRecord(new TreeRecord([new(10, 10, 0), new(11, 11, 10), new(12, 12, 11), new(13, 13, 11), new(14, 14, 10)]));
        WriteTask(image, new TaskRecord { VPid = 10, ChildrenCount = 2, ThreadCount = 2, State = TaskRecord.StateInterruptible }, "root");
        WriteTask(image, new TaskRecord { VPid = 11, ChildrenCount = 2, ThreadCount = 1 }, "left");
        WriteTask(image, new TaskRecord { VPid = 12, ExitState = TaskRecord.ExitZombie, ExitCode = 3 << 8 }, "done");
        WriteTask(image, new TaskRecord { VPid = 13, ThreadCount = 1, State = TaskRecord.StateStopped, ExitCode = StopSignal }, "halted");
        WriteTask(image, new TaskRecord { VPid = 14, ExitState = TaskRecord.ExitZombie, ExitCode = Signal | CoreFlag }, "right");
        image.SealMetadata();
        image.Finish();
    }

    private static void WriteTask(ImageWriter image, TaskRecord task, string comm)
    {
        image.WriteTask(task with { VPgid = 10, VSid = 10 }, comm);
        for (var i = 0; i < task.ThreadCount; i++)
            image.WriteRecord(new ThreadRecord(task.VPid, task.VPid + (100 * i)));
    }
}
