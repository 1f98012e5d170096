using CrCore.Restore;

namespace CrCore.Objects.Memory;

public sealed partial class MemoryKind : IChecksImage
{
    public void Check(CheckContext context) => new MemoryCheck(context).Run();
}
