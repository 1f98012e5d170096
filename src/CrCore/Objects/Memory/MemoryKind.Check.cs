using CrCore.Restore;

namespace CrCore.Objects.Memory;

internal sealed partial class MemoryKind : IChecksImage
{
    public void Check(CheckContext context) => new MemoryCheck(context).Run();
}
