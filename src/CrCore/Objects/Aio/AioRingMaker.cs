using System.Buffers.Binary;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Aio;

/// <summary>Makes the rings of one task at their places, and brings each to where it was.</summary>
internal sealed class AioRingMaker(RestoringTask task, AioRingRecord ring, long nullDevice)
{
    private const int MapPrivateAnonymousFixedNoReplace = 0x10_0022, MremapMayMoveFixed = 3, WriteOnly = 1;

    /// <summary>struct iocb of include/uapi/linux/aio_abi.h, and IOCB_CMD_PWRITE.</summary>
    private const int RequestSize = 64, OpcodeAt = 16, FileAt = 20, BytesAt = 32, PWrite = 1;

    private const int MaxPerCall = 128;

    private string Label => $"AIO ring {ring.Start:x}";

    public static void MakeAll(RestoringTask task)
    {
        List<AioRingRecord> rings = [.. task.Image.All<AioRingRecord>()];
        if (rings.Count == 0)
            return;
        var batch = new SyscallBatch();
        // The kernel chooses where a new ring goes: not where another is to be.
        foreach (var ring in rings)
            batch.Must("keep the place of an AIO ring", $"{ring.Start:x}", Sys.mmap, ring.Start, ring.Length, 0, MapPrivateAnonymousFixedNoReplace, -1, 0);
        var opened = batch.Must("open", "/dev/null", Sys.openat, FileNative.AT_FDCWD, batch.Text("/dev/null"), WriteOnly | FileNative.O_CLOEXEC);
        task.Remote.Run(batch);
        var nullDevice = batch.Result(opened);
        foreach (var ring in rings)
            new AioRingMaker(task, ring, nullDevice).Make();
        batch.Reset();
        batch.Must("close", "/dev/null", Sys.close, nullDevice);
        task.Remote.Run(batch);
    }

    private void Make()
    {
        var batch = new SyscallBatch();
        var at = batch.Out(sizeof(ulong));
        // Half of the places, as the kernel doubles what is asked for and adds two (ioctx_alloc, aio_setup_ring).
        batch.Must("make", Label, Sys.io_setup, (ring.Header.Count - 2) / 2, at);
        task.Remote.Run(batch);
        var context = batch.Read<ulong>(at);
        var header = new byte[AioRingHeader.Size];
        ProcessMemory.Read(task.Pid, context, header);
        if (AioRingHeader.Parse(header) is not { } made || made.Count != ring.Header.Count)
            throw new CrTargetException("CrAioRing", $"Task {task}: this kernel makes an AIO ring of another size than the saved one of {ring.Header.Count} places.", "Restore it on the kernel and machine that it was saved on.") { Pid = task.Pid, Object = Label };
        // Where the kernel puts the next event is its own knowledge: requests that are done at once bring it there.
        Complete(context, ring.Header.Head, take: true);
        Complete(context, ring.Header.Pending, take: false);
        batch.Reset();
        batch.Must("move", Label, Sys.mremap, context, ring.Length, ring.Length, MremapMayMoveFixed, ring.Start);
        task.Remote.Run(batch);
        for (var i = 0u; i < ring.Header.Pending; i++)
            ProcessMemory.Write(task.Pid, ring.Start + (ulong)AioRingsKind.PlaceOf(ring.Header, i), ring.Events.Span.Slice((int)i * AioRingHeader.EventSize, AioRingHeader.EventSize));
    }

    private void Complete(ulong context, uint count, bool take)
    {
        var request = new byte[RequestSize];
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(OpcodeAt), PWrite);
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(FileAt), (int)nullDevice);
        request[BytesAt] = 1;
        // A context takes fewer at once than it has places.
        var most = (int)Math.Min(MaxPerCall, take ? Math.Max(1, ring.Header.Count / 4) : MaxPerCall);
        for (var left = (int)count; left > 0;)
        {
            var n = Math.Min(left, most);
            var batch = new SyscallBatch();
            var pointers = batch.Out(n * sizeof(ulong));
            var one = batch.In(request);
            for (var i = 0; i < n; i++)
                batch.Pointer(pointers.Skip(i * sizeof(ulong)), one);
            var submitted = batch.Must("bring on", Label, Sys.io_submit, context, n, pointers);
            var taken = take ? batch.Must("bring on", Label, Sys.io_getevents, context, n, n, batch.Out(n * AioRingHeader.EventSize), 0) : submitted;
            task.Remote.Run(batch);
            if (batch.Result(submitted) != n || batch.Result(taken) != n)
                throw new CrTargetException("CrAioRing", $"Task {task}: {Label} took {batch.Result(submitted)} of {n} requests.", "Report this with the trace of -Debug.") { Pid = task.Pid, Object = Label };
            left -= n;
        }
    }
}
