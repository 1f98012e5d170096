namespace CrCore.Image;

/// <summary>A record where it stands in an image.</summary>
/// <param name="Offset">Of its header.</param>
/// <param name="Length">Bytes from there to the next record: header, payload, continuations and raw bytes.</param>
/// <param name="Type">What the catalog knows of its id.</param>
/// <param name="Value">Its fields.</param>
public readonly record struct ImageRecord(long Offset, long Length, RecordType Type, ICrRecord Value);
