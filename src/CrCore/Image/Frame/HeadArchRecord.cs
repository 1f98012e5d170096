namespace CrCore.Image;

/// <summary>HEAD_ARCH (2): how the processor keeps its extended state.</summary>
/// <param name="HasFxsr">FXSAVE is used.</param>
/// <param name="HasXsave">XSAVE is used.</param>
/// <param name="XstateSize">Bytes of the extended state of a thread (in revision 3, behind each CPU record that has one).</param>
public sealed record HeadArchRecord(bool HasFxsr, bool HasXsave, ushort XstateSize) : ICrRecord
{
    /// <inheritdoc/>
    public short Type => RecordIds.HeadArch;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U16(HasFxsr ? (ushort)1 : (ushort)0);
        w.U16(HasXsave ? (ushort)1 : (ushort)0);
        w.U16(XstateSize);
        w.U16(0);
    }

    /// <summary>Reads a payload that <see cref="Write"/> wrote.</summary>
    /// <exception cref="CrImageException">CrImageBadField: it breaks the format.</exception>
    public static HeadArchRecord Read(uint parent, ref FieldReader r)
    {
        var (fxsr, xsave, size, pad) = (r.U16(), r.U16(), r.U16(), r.U16());
        return fxsr <= 1 && xsave <= 1 && pad == 0
            ? new HeadArchRecord(fxsr == 1, xsave == 1, size)
            : throw r.Bad($"flags of the processor are {fxsr} and {xsave}, the padding is {pad}");
    }

    /// <summary>The kernel's flags of 2008 are any number but 0.</summary>
    internal static HeadArchRecord ReadRevision3(uint parent, ref FieldReader r)
    {
        var record = new HeadArchRecord(r.U16() != 0, r.U16() != 0, r.U16());
        r.U16();
        return record;
    }
}
