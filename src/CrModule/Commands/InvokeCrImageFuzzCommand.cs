using System.Diagnostics;
using System.Management.Automation;
using CrCore;
using CrCore.Image;
using CrFuzz;
using CrModule.Completion;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Changes images again and again and tries what readers make of them. Nothing is ever restored.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "CrImageFuzz", DefaultParameterSetName = LiteralPathSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(CrFuzzResult))]
public sealed class InvokeCrImageFuzzCommand : ImagePathCommand
{
    /// <summary>Larger images are refused: each trial copies the image.</summary>
    private const long MaxLength = 64 << 20;

    /// <summary>Names the first change; the next one has the next number. By default it is drawn by lot.</summary>
    [Parameter]
    public int Seed { get; set; }

    /// <summary>Changes of each image.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1000;

    /// <summary>Ends earlier when it is over, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Duration { get; set; } = int.MaxValue;

    /// <summary>A directory for changed images that brought a reader down.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FilePathCompleter))]
    public string? Destination { get; set; }

    private protected override void ProcessImage(string path)
    {
        var seed = MyInvocation.BoundParameters.ContainsKey(nameof(Seed)) ? Seed : Random.Shared.Next(1, int.MaxValue / 2);
        if (!TryHere(Destination, () => Destination is null ? "" : FileSystemPath.Unresolved(this, Destination), out var keep))
            return;
        if (!ShouldProcess(path, keep.Length == 0 ? "Fuzz" : $"Fuzz, and keep what brings a reader down in '{keep}'"))
            return;
        if (!TryHere(path, () => Read(path), out var bytes))
            return;
        WriteVerbose($"Changing copies of '{path}', from seed {seed} on.");
        var started = Stopwatch.GetTimestamp();
        var fuzzer = new ImageFuzzer { Seed = seed, Count = Count, Duration = TimeSpan.FromSeconds(Duration), Keep = keep.Length == 0 ? null : keep };
        if (!TryRun(path, (_, progress, cancel) => fuzzer.Run(bytes, done => progress.Report(new("Fuzz", System.IO.Path.GetFileName(path), done, Count)), cancel), out var result))
            return;
        WriteDebug($"'{path}': {result.Refused} of {result.Trials} copies were refused ({string.Join(", ", result.Refusals.Select(r => $"{r.Key} {r.Value}"))}).");
        foreach (var finding in result.Findings)
            WriteVerbose($"{finding.Problem} with seed {finding.Seed}: {finding.What}: {finding.Details}");
        WriteObject(new CrFuzzResult(path, seed, result, Stopwatch.GetElapsedTime(started)));
    }

    /// <summary>All of an image, of an encrypted one what is inside: the cipher would refuse every change of what is outside.</summary>
    private byte[] Read(string path)
    {
        using var image = ImageFile.Open(path, key: Key);
        return image.Length <= MaxLength
            ? image.ReadBytes(0, (int)image.Length)
            : throw new CrArgumentException("CrImageTooLarge", $"The image has {image.Length} bytes; at most {MaxLength} are fuzzed.", "Checkpoint a smaller tree, use New-CrRandomImage, or drop the memory with Convert-CrImage.") { Object = path };
    }
}
