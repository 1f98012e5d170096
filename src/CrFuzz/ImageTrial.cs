using System.Diagnostics;
using CrCore;
using CrCore.Image;
using CrCore.Restore;

namespace CrFuzz;

/// <summary>What an image must never do to its reader.</summary>
public enum TrialProblem
{
    /// <summary>The reader did what it should: a result, or an error of its own.</summary>
    None,
    /// <summary>An exception that is not one of the reader's own.</summary>
    UnexpectedError,
    /// <summary>More memory than its size warrants.</summary>
    TooMuchMemory,
    /// <summary>No end within the time.</summary>
    TooSlow,
    /// <summary>Read as a stream it passes, and as a file it does not, or the other way round.</summary>
    Disagreement,
    /// <summary>Damaged, with checksums that cannot fit, and read as if it were whole.</summary>
    DamageNotSeen,
}

/// <summary>What came of a trial.</summary>
/// <param name="Problem">None where the reader did as it should.</param>
/// <param name="Refusal">The id of the error that refused the image; null where it was read.</param>
/// <param name="Details">The problem in words; empty without one.</param>
public readonly record struct TrialOutcome(TrialProblem Problem, string? Refusal, string Details);

/// <summary>
/// Reads an image in every way there is: as a stream, as a file in any order, and as a restore would up to the point where
/// the first process would be made. Nothing is ever restored.
/// </summary>
/// <param name="scratch">A path for the image while it is tried.</param>
public sealed class ImageTrial(string scratch)
{
    /// <summary>Bytes that reading an image of no size may allocate: buffers that are pooled, or will be.</summary>
    private const long Allowance = 16 << 20;

    private const int PerByte = 64;

    /// <summary>Most time for one image.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <param name="mustFail">The image is damaged in a way that a checksum cannot miss.</param>
    public TrialOutcome Run(byte[] image, bool mustFail = false)
    {
        TrialOutcome outcome = default;
        using var cancel = new CancellationTokenSource();
        // A thread of its own: one that hangs can be left behind.
        var thread = new Thread(() => outcome = RunHere(image, mustFail, cancel.Token)) { IsBackground = true, Name = "image trial" };
        thread.Start();
        if (thread.Join(Patience))
            return outcome;
        cancel.Cancel();
        return new(TrialProblem.TooSlow, null, $"reading {image.Length} bytes had no end after {Patience.TotalSeconds:0} s");
    }

    private TrialOutcome RunHere(byte[] image, bool mustFail, CancellationToken cancel)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        string? stream, file;
        try
        {
            stream = Refusal(() => ReadStream(image, cancel));
            File.WriteAllBytes(scratch, image);
            file = Refusal(() => ReadFile(scratch));
            if (file is null)
                file = Refusal(() => new TreeRestore(new RestoreOptions { NewPidNamespace = true }).Preview(scratch, cancel), planOnly: true);
        }
        catch (Exception e)
        {
            return new(TrialProblem.UnexpectedError, null, e.ToString());
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > Allowance + (long)PerByte * image.Length)
            return new(TrialProblem.TooMuchMemory, stream ?? file, $"reading {image.Length} bytes allocated {allocated}");
        if (stream is null != (file is null))
            return new(TrialProblem.Disagreement, stream ?? file, $"as a stream: {stream ?? "read"}; as a file: {file ?? "read"}");
        return mustFail && stream is null
            ? new(TrialProblem.DamageNotSeen, null, "the image was read as if it were whole")
            : new(TrialProblem.None, stream, "");
    }

    /// <summary>The id of the error that refuses an image; null when it is read. Every other exception goes on.</summary>
    /// <param name="planOnly">Other errors of the engine count as read: they are about this machine.</param>
    private static string? Refusal(Action read, bool planOnly = false)
    {
        try
        {
            read();
            return null;
        }
        catch (CrImageException e)
        {
            // A plan knows rules that reading alone does not: that is no disagreement.
            return planOnly ? null : e.Id;
        }
        catch (CrException) when (planOnly)
        {
            return null;
        }
    }

    private static void ReadStream(byte[] image, CancellationToken cancel)
    {
        using var reader = new ImageReader(new MemoryStream(image));
        // Revision 3 has its pages between its records: they have been read by then.
        if (reader.ReadMetadata(cancel).Head.Revision < ImageFormat.Revision)
            return;
        using var block = new PageBlock();
        while (reader.ReadPages(block, cancel))
        {
        }
    }

    private static void ReadFile(string path)
    {
        using var file = ImageFile.Open(path);
        using var block = new PageBlock();
        foreach (var entry in file.Index.Blocks)
            file.ReadPages(entry, block);
        file.ReadTrailer();
    }
}
