using CrCore.Image;

namespace CrCore.Checkpoint;

/// <summary>Where captured records go, in the order of the stream.</summary>
public sealed class RecordSink(Action<ICrRecord> write)
{
    /// <summary>Writes the record behind those before it.</summary>
    public void Emit(ICrRecord record) => write(record);
}
