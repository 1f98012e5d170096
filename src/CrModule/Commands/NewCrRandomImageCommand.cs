using System.Management.Automation;
using CrCore;
using CrFuzz;
using CrModule.Completion;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Makes up valid images, for those who test what reads them.</summary>
[Cmdlet(VerbsCommon.New, "CrRandomImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(CrRandomImage))]
public sealed class NewCrRandomImageCommand : CrCmdlet
{
    /// <summary>The image; {Seed} in it stands for the seed.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImagePathCompleter))]
    public string Path { get; set; } = "";

    /// <summary>Names the first image; the next one has the next number. By default it is drawn by lot.</summary>
    [Parameter]
    public int Seed { get; set; }

    /// <summary>How many images.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    /// <summary>Most tasks of an image.</summary>
    [Parameter]
    [ValidateRange(1, 100_000)]
    public int MaxTask { get; set; } = new RandomImageSize().MaxTasks;

    /// <summary>Most stored pages of a mapping.</summary>
    [Parameter]
    [ValidateRange(1, 4096)]
    public int MaxPage { get; set; } = new RandomImageSize().MaxPages;

    /// <summary>Replace files that exist.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var seed = MyInvocation.BoundParameters.ContainsKey(nameof(Seed)) ? Seed : Random.Shared.Next(1, int.MaxValue / 2);
        if (Count > 1 && !Path.Contains("{Seed}", StringComparison.OrdinalIgnoreCase))
            Throw(new CrArgumentException("CrPathNotUnique", $"There are {Count} images, but the path '{Path}' names the same one for all; nothing was written.", "Put {Seed} into the path.") { Object = Path }, Path);
        for (var i = 0; i < Count && !Stopping; i++)
            Make(seed + i);
    }

    private void Make(int seed)
    {
        var name = Path.Replace("{Seed}", seed.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.OrdinalIgnoreCase);
        if (!TryHere(name, () => FileSystemPath.Unresolved(this, name), out var path) || !ShouldProcess(path, "Write the image of a made-up tree"))
            return;
        if (!TryHere(path, () => Write(path, seed), out var image))
            return;
        WriteVerbose($"'{path}' holds a made-up tree of {image.TaskCount} tasks, {image.Length} bytes.");
        WriteDebug($"'{path}': seed {seed}, at most {MaxTask} tasks and {MaxPage} pages of a mapping.");
        WriteObject(image);
    }

    private CrRandomImage Write(string path, int seed)
    {
        using var file = CrCore.Checkpoint.AtomicImageFile.Create(path, Force);
        var tasks = RandomImage.Write(seed, file.Stream, new RandomImageSize(MaxTask, MaxPages: MaxPage));
        file.Commit();
        return new CrRandomImage(path, seed, tasks, new FileInfo(path).Length);
    }
}
