using CrCore.Image;

namespace CrProperty.Image;

/// <summary>A small image with one of everything: a parent with two threads, a zombie, an object, a page, a trailer.</summary>
internal static class SmallImage
{
    public static byte[] Encode()
    {
        using var stream = new MemoryStream();
        using var w = new ImageWriter(stream, leaveOpen: true);
        Write(w);
        return stream.ToArray();
    }

    public static void Write(ImageWriter w)
    {
        w.WriteRecord(new HeadRecord { Major = 6, Minor = 18, Patch = 1, Time = 1_234_567_890, Flags = 0x55, Release = "6.18.1", Version = "#1", Machine = "x86_64" });
        w.WriteRecord(new HeadArchRecord(true, true, 2432));
        w.WriteRecord(new TreeRecord([new(10, 10, 0), new(12, 12, 10)]));
        w.WriteRecord(new TestObject(1, [1, 2, 3]));
        w.WriteTask(new TaskRecord { VPid = 10, ChildrenCount = 1, ThreadCount = 2, VPgid = 10, VSid = 9, ExitSignal = 17, State = 1 }, "parent");
        w.WriteRecord(new TestObject(2, []));
        w.WriteRecord(new ThreadRecord(10, 10));
        w.WriteRecord(new TestObject(3, [7]));
        w.WriteRecord(new ThreadRecord(10, 11));
        w.WriteTask(new TaskRecord { VPid = 12, ExitState = TaskRecord.ExitZombie, ExitCode = 0x8b, ExitSignal = 17, VPgid = 10, VSid = 9 }, "zombie");
        w.SealMetadata();
        w.WritePages(2, [new(0x7000, 1)], new byte[4096]);
        w.WriteRecord(new TestObject(4, [9, 9]));
        w.Finish();
    }
}
