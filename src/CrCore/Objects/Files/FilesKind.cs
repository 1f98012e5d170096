using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// Descriptor tables: numbers, close-on-exec, and which open file descriptions are shared within and between tasks.
/// What a description is opened on is the business of the <see cref="IDescriptorKind"/>s.
/// </summary>
internal sealed class FilesKind : IInspectsTask, ICapturesTask, IChecksImage, IChecksImageLast, IRestoresTask
{
    public IEnumerable<RecordType> Records
    {
        get
        {
            yield return new(FilesRecord.Id, "FILES", FilesRecord.Read, FilesRecord.PayloadSize);
            yield return new(FdEntRecord.Id, "FD_ENT", FdEntRecord.Read, FdEntRecord.PayloadSize);
            yield return new(HeldRecord.Id, "HELD", HeldRecord.Read, HeldRecord.PayloadSize);
            yield return new(FdDataRecord.Id, "FD_DATA", FdDataRecord.Read, FdDataRecord.PayloadSize);
            foreach (var type in DescriptorKinds.SharedRecords)
                yield return type;
            foreach (var kind in DescriptorKinds.All)
                foreach (var type in kind.Records)
                    yield return type;
        }
    }

    public void Inspect(InspectContext context, LiveTask task)
        => FilesInspection.Inspect(context.States.Get(() => new DescriptorInspection(context)), task);

    public Action<RecordSink> Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
        => sink => FilesCapture.Capture(context.States.Get(() => new DescriptorCapture(context)), task, sink);

    public void Check(CheckContext context) => FilesCheck.Check(context);

    public void CheckLast(CheckContext context) => FilesCheck.CheckMany(context);

    public RestoreStage Stage => RestoreStage.Descriptors;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.IsZombie)
            return null;
        var server = DescriptorServer.Of(context);
        if (task == context.Root)
            server.MakeDescriptions();
        return TableRestore.Restore(server, task, batch);
    }
}

/// <summary>Ends the serving of descriptions, when every task has what it needs and memory is mapped.</summary>
internal sealed class ServedDescriptorsKind : IRestoresTask
{
    public IEnumerable<RecordType> Records => [];

    public RestoreStage Stage => RestoreStage.Threads;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task == context.Root)
            DescriptorServer.Of(context).Finish();
        return null;
    }
}
