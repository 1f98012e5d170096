namespace CrCore.Image;

/// <summary>
/// FIGURES (601), in the trailer: what the checkpoint took up to there. Restore has no use for it.
/// </summary>
/// <param name="Frozen">How long the tree had stood still by then, or in all if it ran on by then.</param>
/// <param name="Pages">What became of the pages that were looked at.</param>
/// <param name="Phases">In their order; the last ones, which come after the record was written, are not there.</param>
public sealed record FiguresRecord(TimeSpan Frozen, PageFigures Pages, IReadOnlyList<PhaseTime> Phases) : ICrRecord
{
    /// <summary>The id in the framing.</summary>
    public const short Id = 601;

    /// <summary>Most phases that a reader takes, and most bytes of the name of one.</summary>
    public const int MaxPhases = 64, MaxName = 64;

    /// <summary>Most bytes of a payload.</summary>
    public const int MaxBytes = 60 + MaxPhases * (12 + MaxName);

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I64(Frozen.Ticks);
        w.I64(Pages.Scanned);
        w.I64(Pages.Stored);
        w.I64(Pages.Zero);
        w.I64(Pages.Shared);
        w.I64(Pages.PlainBytes);
        w.I64(Pages.StoredBytes);
        w.U32((uint)Phases.Count);
        foreach (var phase in Phases)
        {
            w.I64(phase.Duration.Ticks);
            w.Text(phase.Name);
        }
    }

    /// <summary>Reads a payload that <see cref="Write"/> wrote.</summary>
    /// <exception cref="CrImageException">CrImageBadField: it breaks the format.</exception>
    public static FiguresRecord Read(uint parent, ref FieldReader r)
    {
        var frozen = Time(ref r);
        var pages = new PageFigures(Count(ref r), Count(ref r), Count(ref r), Count(ref r), Count(ref r), Count(ref r));
        var count = r.Count(12);
        if (count > MaxPhases)
            throw r.Bad($"there are {count} phases");
        var phases = new PhaseTime[count];
        for (var i = 0; i < count; i++)
        {
            var time = Time(ref r);
            phases[i] = new PhaseTime(r.Text(MaxName), time);
        }
        return new FiguresRecord(frozen, pages, phases);
    }

    private static TimeSpan Time(ref FieldReader r) => new(Count(ref r));

    private static long Count(ref FieldReader r)
    {
        var n = r.I64();
        return n >= 0 ? n : throw r.Bad($"a figure is {n}");
    }

    // A record's own equality would compare the list by reference.
    /// <inheritdoc/>
    public bool Equals(FiguresRecord? other)
        => other is not null && Frozen == other.Frozen && Pages == other.Pages && Phases.SequenceEqual(other.Phases);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Frozen, Pages, Phases.Count);
}
