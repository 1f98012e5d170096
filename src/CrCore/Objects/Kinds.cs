using CrCore.Image;

namespace CrCore.Objects;

/// <summary>The list of kinds. A new kind is a folder beside this file and one line here.</summary>
public static class Kinds
{
    /// <summary>All kinds, in the order in which their records stand in the stream of a task.</summary>
    public static IReadOnlyList<IKind> All { get; } =
    [
        new Memory.MemoryKind(),
        new Memory.SharedMemoryKind(),
        new Memory.FilledMemoryKind(),
        new Files.FilesKind(),
        new Files.FsKind(),
        new Files.ServedDescriptorsKind(),
        new Terminals.ControllingTerminalKind(),
    ];

    /// <summary>Every record of revision 4, the frame's own and each kind's.</summary>
    public static RecordCatalog Catalog { get; } = new(FrameRecords.All.Concat(All.SelectMany(k => k.Records)));
}
