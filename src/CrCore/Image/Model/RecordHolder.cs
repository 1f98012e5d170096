namespace CrCore.Image;

/// <summary>Something that owns records of the kinds: the image, a task, a thread.</summary>
public abstract class RecordHolder
{
    // Threads that look at the same time may both make one; either serves.
    private volatile TypeIndex? _index;

    /// <summary>In the image's order.</summary>
    public abstract IReadOnlyList<ICrRecord> Records { get; }

    /// <summary>The first record of a type, or null.</summary>
    /// <remarks>Each kind asks each task and thread, of which one may have thousands of records: of files, mappings, segments.</remarks>
    public T? Get<T>() where T : class, ICrRecord => First(typeof(T)) is var at and >= 0 ? (T)Records[at] : null;

    /// <summary>All records of a type, in the image's order.</summary>
    public IEnumerable<T> All<T>() where T : class, ICrRecord
    {
        var at = First(typeof(T));
        if (at < 0)
            yield break;
        var records = Records;
        for (; at < records.Count; at++)
            if (records[at] is T match)
                yield return match;
    }

    /// <summary>Where the first record of exactly this type stands, or -1. Types of records are sealed.</summary>
    private int First(Type type)
    {
        var index = _index;
        // A model that is still being built grows.
        if (index is null || index.Count != Records.Count)
            _index = index = TypeIndex.Of(Records);
        return index.Places.TryGetValue(type, out var at) ? at : -1;
    }

    /// <param name="Count">The records that it knows.</param>
    /// <param name="Places">Where the first of each type stands.</param>
    private sealed record TypeIndex(int Count, Dictionary<Type, int> Places)
    {
        public static TypeIndex Of(IReadOnlyList<ICrRecord> records)
        {
            var places = new Dictionary<Type, int>();
            Type? last = null;
            for (var i = 0; i < records.Count; i++)
                if (records[i].GetType() is var type && type != last)
                    places.TryAdd(last = type, i);
            return new TypeIndex(records.Count, places);
        }
    }
}
