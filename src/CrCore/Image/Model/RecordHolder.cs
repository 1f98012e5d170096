namespace CrCore.Image;

/// <summary>Something that owns records of the kinds: the image, a task, a thread.</summary>
public abstract class RecordHolder
{
    /// <summary>In the image's order.</summary>
    public abstract IReadOnlyList<ICrRecord> Records { get; }

    /// <summary>The first record of a type, or null.</summary>
    public T? Get<T>() where T : class, ICrRecord
    {
        var records = Records;
        for (var i = 0; i < records.Count; i++)
            if (records[i] is T match)
                return match;
        return null;
    }

    /// <summary>All records of a type, in the image's order.</summary>
    public IEnumerable<T> All<T>() where T : class, ICrRecord
    {
        var records = Records;
        for (var i = 0; i < records.Count; i++)
            if (records[i] is T match)
                yield return match;
    }
}
