using System.Collections.Frozen;
using CrCore.Image;
using CrCore.Objects;
using CrCore.Objects.Files;

namespace CrCore.Inspection;

/// <summary>A record in an image, and whose it is.</summary>
/// <param name="Record">The record and its place.</param>
/// <param name="VPid">The task in whose part it stands; 0 for the image's own.</param>
/// <param name="VTid">The thread in whose part it stands; 0 where it is none's.</param>
public readonly record struct PlacedRecord(ImageRecord Record, int VPid, int VTid);

/// <summary>Goes through an image's records one by one.</summary>
public static class RecordListing
{
    private static readonly FrozenDictionary<short, string> KindNames = NameKinds();

    /// <summary>
    /// The records in the image's order. Without pages, those before the first page block: no byte behind them is read. With
    /// them, all: each page block as its PGARR, and everything behind; the pages themselves are hashed and passed over.
    /// </summary>
    /// <exception cref="CrImageException">The bytes break the format.</exception>
    public static IEnumerable<PlacedRecord> Read(ImageReader reader, bool withPages)
    {
        var (vpid, vtid) = (0, 0);
        var inMetadata = true;
        foreach (var record in reader.ReadRecords())
        {
            if (inMetadata)
                (vpid, vtid) = Owner(record.Value, vpid, vtid);
            if (inMetadata && record.Value is SealRecord)
            {
                inMetadata = false;
                (vpid, vtid) = (0, 0);
                yield return new(record, 0, 0);
                if (!withPages)
                    yield break;
                continue;
            }
            yield return new(record, vpid, vtid);
        }
    }

    /// <summary>The kind whose record an id is (Memory, Files, Pipes, …); Frame for the format's own.</summary>
    public static string KindOf(short id) => KindNames.GetValueOrDefault(id, "Frame");

    private static (int VPid, int VTid) Owner(ICrRecord record, int vpid, int vtid) => record switch
    {
        TaskRecord task => (task.VPid, 0),
        ThreadRecord thread => (vpid, thread.VTid),
        TailRecord => (0, 0),
        _ => (vpid, vtid),
    };

    private static FrozenDictionary<short, string> NameKinds()
    {
        var names = new Dictionary<short, string>();
        // A kind's folder is its name: CrCore.Objects.Memory. Descriptors' kinds come first, because the kind of the tables
        // lists their records, too.
        foreach (var kind in DescriptorKinds.All)
            foreach (var type in kind.Records)
                names.TryAdd(type.Id, FolderOf(kind));
        foreach (var kind in Kinds.All)
            foreach (var type in kind.Records)
                names.TryAdd(type.Id, FolderOf(kind));
        return names.ToFrozenDictionary();
    }

    private static string FolderOf(object kind)
    {
        var space = kind.GetType().Namespace!;
        return space[(space.LastIndexOf('.') + 1)..];
    }
}
