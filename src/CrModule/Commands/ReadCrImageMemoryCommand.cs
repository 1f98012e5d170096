using System.Management.Automation;
using CrCore;
using CrCore.Image;
using CrCore.Inspection;
using CrModule.Completion;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Reads bytes of a saved task's memory.</summary>
[Cmdlet(VerbsCommunications.Read, "CrImageMemory", DefaultParameterSetName = LiteralPathSet)]
[OutputType(typeof(CrImageMemory), typeof(byte[]))]
public sealed class ReadCrImageMemoryCommand : ImagePathCommand
{
    /// <summary>Bytes of one object: more come in several.</summary>
    private const int Piece = 1 << 20;

    /// <summary>The task.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, ImageLimits.MaxPid)]
    [ArgumentCompleter(typeof(ImageTaskCompleter))]
    public int VPid { get; set; }

    /// <summary>The first byte's address.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Start")]
    public ulong Address { get; set; }

    /// <summary>In bytes.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Count")]
    [ValidateRange(1, long.MaxValue)]
    public long Length { get; set; } = 256;

    /// <summary>Write byte arrays.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }

    private protected override void ProcessImage(string path)
    {
        if (!TryOpen(path, out var image))
            return;
        if (image.Model.FindTask(VPid) is not { } task)
        {
            WriteNoTask(path, VPid);
            return;
        }
        if (IsTooOld(image, "whose memory cannot be read by address", PagesAdvice))
            return;
        using var memory = new ImageMemory(image);
        TryStream(path, () => Pieces(memory, path, task), piece =>
        {
            if (Raw)
                WriteObject(piece.Bytes, enumerateCollection: false);
            else
                WriteObject(piece);
        });
    }

    private IEnumerable<CrImageMemory> Pieces(ImageMemory memory, string path, TaskImage task)
    {
        var buffer = new byte[(int)Math.Min(Length, Piece)];
        for (long done = 0; done < Length;)
        {
            var address = Address + (ulong)done;
            var n = memory.Read(task, address, buffer.AsSpan(0, (int)Math.Min(buffer.Length, Length - done)), out var source);
            if (n == 0)
                throw new CrArgumentException("CrAddressNotMapped", $"{task} has nothing mapped at {address:x}.", "Get-CrImageMapping lists what a task has mapped.", CrErrorKind.NotFound) { Object = $"{address:x}" };
            if (source == MemorySource.Missing)
                WriteVerbose($"{n} bytes at {address:x} are neither in the image nor in an unchanged file; they read as zeros.");
            yield return new CrImageMemory(path, task.VPid, address, buffer.AsSpan(0, n).ToArray(), source, MappingText.Name(task, memory.MappingAt(task, address)!.Value));
            done += n;
        }
    }
}
