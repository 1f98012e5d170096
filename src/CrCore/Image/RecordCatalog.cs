namespace CrCore.Image;

/// <summary>Turns a payload into its record. <paramref name="parent"/> is the framing's parent field.</summary>
public delegate ICrRecord RecordDecoder(uint parent, ref FieldReader r);

/// <summary>What the reader knows of one record id.</summary>
/// <param name="Id">The id in the framing.</param>
/// <param name="Name">The name that inspection shows and docs/image-format.md uses.</param>
/// <param name="Decode">Makes the record of a payload.</param>
/// <param name="MaxPayload">Largest payload accepted in bytes, continuations included.</param>
public sealed record RecordType(short Id, string Name, RecordDecoder Decode, int MaxPayload = 32_767);

/// <summary>All record types of a revision, by id. Every kind adds its own (Objects/Kinds.cs).</summary>
public sealed class RecordCatalog
{
    // By id, which are small numbers. A frozen dictionary would be made by code that is compiled only when it first runs: fifty methods.
    private readonly RecordType?[] _types;

    /// <summary>No two types may have the same id.</summary>
    public RecordCatalog(IEnumerable<RecordType> types)
    {
        var all = types.ToArray();
        _types = new RecordType?[all.Max(t => t.Id) + 1];
        foreach (var type in all)
            _types[type.Id] = _types[type.Id] is null ? type : throw new ArgumentException($"{type.Name} and {_types[type.Id]!.Name} have the same id, {type.Id}.", nameof(types));
    }

    /// <summary>All of them, in the order of their ids.</summary>
    public IEnumerable<RecordType> Types => _types.OfType<RecordType>();

    /// <summary>The type of <paramref name="id"/>, or null where this revision has none.</summary>
    public RecordType? Find(short id) => (uint)id < (uint)_types.Length ? _types[id] : null;
}
