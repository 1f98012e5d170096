namespace CrCore;

/// <summary>How long a part of the work took.</summary>
/// <param name="Name">Its name; <see cref="CheckpointResult"/> and <see cref="RestoreResult"/> say which there are.</param>
/// <param name="Duration">From its start to that of the next.</param>
public sealed record PhaseTime(string Name, TimeSpan Duration)
{
    /// <summary>Name and milliseconds: "Freeze 3.1 ms".</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Name} {Duration.TotalMilliseconds:0.0} ms");
}

/// <summary>What became of the pages that were looked at.</summary>
/// <param name="Scanned">Pages that the page tables show to hold something: all of the others together.</param>
/// <param name="Stored">Pages that went into the image.</param>
/// <param name="Zero">Pages left out because they are all zeros.</param>
/// <param name="Shared">Pages left out because they are pages of another task that stand in the image already.</param>
/// <param name="PlainBytes">Bytes of the stored pages.</param>
/// <param name="StoredBytes">Bytes that they take in the image, compressed or not.</param>
public readonly record struct PageFigures(long Scanned, long Stored, long Zero, long Shared, long PlainBytes, long StoredBytes);
