using System.Collections.Frozen;

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
    private readonly FrozenDictionary<short, RecordType> _types;

    /// <summary>No two types may have the same id.</summary>
    public RecordCatalog(IEnumerable<RecordType> types) => _types = types.ToFrozenDictionary(t => t.Id);

    /// <summary>All of them, in no order.</summary>
    public IEnumerable<RecordType> Types => _types.Values;

    /// <summary>The type of <paramref name="id"/>, or null where this revision has none.</summary>
    public RecordType? Find(short id) => _types.GetValueOrDefault(id);
}
