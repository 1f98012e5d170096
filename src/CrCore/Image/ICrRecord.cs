namespace CrCore.Image;

/// <summary>
/// One record of the image: an immutable value that knows its id and how its payload is written.
/// Its reading twin is a static method registered in <see cref="RecordCatalog"/>. Records know no Linux calls.
/// </summary>
public interface ICrRecord
{
    /// <summary>The record id in the framing (docs/image-format.md).</summary>
    short Type { get; }

    /// <summary>
    /// The framing's parent field: the task's vpid (tid for records of a thread) or an objref; 0 for all others.
    /// </summary>
    uint Parent { get; }

    /// <summary>Writes the payload, field after field, little-endian.</summary>
    void Write(ref FieldWriter w);
}

/// <summary>A record that describes an object which several tasks may share, found by its reference.</summary>
public interface ISharedObject : ICrRecord
{
    /// <summary>Positive, unique in the image.</summary>
    uint ObjRef { get; }
}

/// <summary>A record that holds a program's own data: bytes of a file, of a pipe, of a socket's queue.</summary>
public interface IContentRecord : ICrRecord
{
    /// <summary>The bytes, as they were when the tree was frozen.</summary>
    ReadOnlyMemory<byte> Contents { get; }

    /// <summary>The same record with other bytes, as many.</summary>
    ICrRecord WithContents(ReadOnlyMemory<byte> contents);
}

/// <summary>A record of one end of something that has two, each with a number of its own: who has the other end can be told.</summary>
public interface IPairedRecord : ICrRecord
{
    /// <summary>This end's number, the same in no other record of its type.</summary>
    ulong End { get; }

    /// <summary>The other end's, or 0.</summary>
    ulong OtherEnd { get; }
}

/// <summary>A record that can say in a few words, for people, what matters of it: a socket's addresses, what is watched.</summary>
public interface IDescribedRecord : ICrRecord
{
    /// <summary>A clause for people; not for programs to take apart.</summary>
    string Description { get; }
}
