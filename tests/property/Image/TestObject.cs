using CrCore.Image;

namespace CrProperty.Image;

/// <summary>A kind that only these tests know: an object with bytes, as long as one likes.</summary>
internal sealed record TestObject(uint ObjRef, byte[] Bytes) : ISharedObject
{
    public const short Id = 30_001;
    public const int MaxPayload = 200_000;

    public static RecordCatalog Catalog { get; } = new([.. FrameRecords.All, new RecordType(Id, "TEST", Read, MaxPayload)]);

    public short Type => Id;
    public uint Parent => 0;

    public void Write(ref FieldWriter w)
    {
        w.U32(ObjRef);
        w.Blob(Bytes);
    }

    private static TestObject Read(uint parent, ref FieldReader r) => new(r.U32(), r.Blob(MaxPayload));
}
