namespace CrCore.Checkpoint;

/// <summary>
/// The registry of objects that tasks may share, keyed by the kernel's identity of the object as the kind sees it
/// (an inode, a first descriptor found equal by kcmp, …). It hands out the image's object references.
/// </summary>
public sealed class SharedObjects
{
    private readonly Dictionary<object, uint> _refs = [];
    private uint _last;

    /// <summary>The reference of <paramref name="identity"/>.</summary>
    /// <param name="identity">A value with structural equality that includes the kind, such as ("pipe", dev, ino).</param>
    /// <param name="first">Set when the object was not known before: its record is due now.</param>
    public uint Reference(object identity, out bool first)
    {
        first = !_refs.TryGetValue(identity, out var objRef);
        if (first)
            _refs[identity] = objRef = ++_last;
        return objRef;
    }
}
