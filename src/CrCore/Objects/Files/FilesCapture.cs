using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>Writes the descriptor table of one frozen task: FILES, and per descriptor FD_ENT and, at first sight, its description.</summary>
internal static class FilesCapture
{
    public static void Capture(DescriptorCapture capture, FrozenTask task, RecordSink sink)
    {
        var table = capture.Tables.Reference(task.Pid, out var firstTable);
        if (!firstTable)
        {
            sink.Emit(new FilesRecord((uint)task.VPid, table, 0));
            return;
        }
        var descriptors = capture.Context.States.Get<KnownDescriptors>().Of(capture.Context.Proc, task.Pid);
        sink.Emit(new FilesRecord((uint)task.VPid, table, (uint)descriptors.Count));
        foreach (var d in descriptors)
        {
            var objRef = capture.Descriptions.Reference(d, out var first);
            capture.Captured(d, objRef);
            sink.Emit(new FdEntRecord(objRef, d.Fd, d.Info.CloseOnExec));
            if (first)
                CaptureDescription(capture, task, d, objRef, sink);
        }
        // What was found in flight, which may carry more.
        while (capture.TryTakeHeld(out var held, out var objRef))
        {
            sink.Emit(new HeldRecord(objRef));
            CaptureDescription(capture, task, held, objRef, sink);
        }
    }

    private static void CaptureDescription(DescriptorCapture capture, FrozenTask task, Descriptor d, uint objRef, RecordSink sink)
    {
        // Preflight names all such at once; this is for one that was opened since.
        if (DescriptorKinds.Find(d) is not { } kind)
            throw new CrTargetException("CrDescriptorNotSupported", $"Task {task}: {d.Label} is not of a kind that can be saved; it was opened after preflight.",
                "Run the checkpoint again: preflight names everything that is in the way.")
            { Pid = task.Pid, Object = d.Label };
        var form = kind.Capture(capture, d);
        sink.Emit(new FdDataRecord
        {
            ObjRef = objRef,
            FdType = form.Type,
            Mode = (ushort)((d.CanRead ? 1 : 0) | (d.CanWrite ? 2 : 0)),
            Flags = d.Flags,
            Position = (ulong)d.Info.Position,
            Owner = OwnerOf(capture, d),
            Object = form.Object,
            Anchor = form.Anchor,
            MountId = d.Info.MountId,
            Identity = FileIdentity.Of(d.Status),
            FileMode = form.IsNullDevice ? FileStatus.Character | 0x1b6 : d.Status.Mode,
            RawDevice = form.IsNullDevice ? DeviceKind.NullDevice : d.Status.RawDevice,
            // Only file systems without a device of their own (major 0) can be of that sort.
            IsSynthetic = d.Status.DeviceMajor == 0 && FileSystemType.IsSynthetic(FileSystemType.OfDescriptor(d.Pid, d.Fd)),
        });
        sink.Emit(new FNameRecord(form.Name));
        if (form.Records is not null)
            foreach (var record in form.Records)
                sink.Emit(record);
    }

    private static DescriptionOwner OwnerOf(DescriptorCapture capture, Descriptor d)
    {
        if (d.IsPathOnly)
            return default;
        var owner = d.Owner ?? AskOwner(capture, d);
        if (owner == default)
            return default;
        var vpid = owner.Id == 0 ? 0 : capture.ToVPid(owner.Id);
        if (owner.Id != 0 && vpid == 0)
            capture.Warn(d, "CrOwnerOutside", $"its owner for signals (F_SETOWN) is {owner.Id}, which is not a task of the tree, and is not kept");
        return new DescriptionOwner(owner.Kind, vpid, owner.Uid, owner.EffectiveUid, owner.Signal);
    }

    private static SignalOwner AskOwner(DescriptorCapture capture, Descriptor d)
    {
        using var own = capture.Borrow(d);
        return SignalOwner.Of(own.Number);
    }
}
