using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Restore;

namespace CrCore.Objects.Pipes;

/// <summary>What waited in a saved pipe goes into the one that is given for it.</summary>
internal static class GivenPipe
{
    private const long PageSize = 4096;

    public static void Check(CheckContext context, SavedDescription saved, in FileStatus status, OwnDescriptor? given)
    {
        var (bytes, room) = Waiting(saved);
        if (bytes == 0)
            return;
        if (!status.IsFifo)
            context.Refuse(saved.Task, "CrDescriptorContents", saved.Label, $"{bytes} bytes waited in it to be read, which can be put only into a pipe; {saved.Given}, given for it, is none", "Give a pipe or a FIFO.");
        else if (given?.Available > 0)
            context.Refuse(saved.Task, "CrDescriptorContents", saved.Label, $"{bytes} bytes waited in it to be read, and {given.Available} others wait in the pipe already that is given for it", "Give an empty pipe.");
        else if (given is not null && given.PipeSize < room)
            context.Refuse(saved.Task, "CrDescriptorContents", saved.Label, $"{bytes} bytes waited in it to be read, which take {room} bytes of a pipe; the one that is given for it has {given.PipeSize}", "Give a larger pipe (F_SETPIPE_SZ).");
    }

    public static void Give(SavedDescription saved, OwnDescriptor given)
    {
        if (Waiting(saved).Bytes == 0)
            return;
        if (given.Available > 0)
            throw new CrTargetException("CrDescriptorContents", $"{saved.Task}: {given.Available} bytes wait already in the pipe that is given for {saved.Label}.", "Give an empty pipe.") { Object = saved.Label };
        // A reading end leads to a writing one (proc_pid_fd(5)).
        using var end = OwnDescriptor.Open($"/proc/self/fd/{given.Number}", (int)(OpenFlags.WriteOnly | OpenFlags.NonBlock), out var errno)
            ?? throw new CrKernelException("CrPipeFailed", $"{saved.Task}: opening the pipe that is given for {saved.Label} to write into it", errno) { Object = saved.Label };
        PipeContents.Fill(end, saved);
    }

    /// <summary>What waited, and the whole buffers that it takes: each write begins a new one where it does not fit.</summary>
    private static (long Bytes, long Room) Waiting(SavedDescription saved)
    {
        var (bytes, room) = (0L, 0L);
        foreach (var record in saved.Records)
            if (record is PipeDataRecord piece)
            {
                bytes += piece.Bytes.Length;
                room += (piece.Bytes.Length + PageSize - 1) / PageSize * PageSize;
            }
        return (bytes, room);
    }
}
