using CrCore.Image;

namespace CrCore.Objects;

/// <summary>The list of kinds. A new kind is a folder beside this file and one line here.</summary>
public static class Kinds
{
    /// <summary>Every record of revision 4, the frame's own and each kind's.</summary>
    public static RecordCatalog Catalog { get; } = new([]);
}
