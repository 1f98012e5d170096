using System.Text;

namespace CrProperty.Image;

/// <summary>
/// Writes images as the kernel patches of autumn 2008 did, straight from the layout in docs/image-format.md (revision 3):
/// no code of the engine is used.
/// </summary>
internal sealed class Revision3Builder(string machine = "i686", bool seed = true)
{
    private readonly MemoryStream _out = new();
    private readonly int _addressSize = machine == "x86_64" ? 8 : 4;

    public byte[] ToArray() => _out.ToArray();

    public Revision3Builder Head(ushort xstateSize = 512) => Record(1, 0, w =>
    {
        w.Write(0x00feed0cc0a2d200UL);
        foreach (ushort v in (ushort[])[2, 6, 27, 3])
            w.Write(v);
        w.Write(1_224_000_000UL);
        w.Write(0UL);
        foreach (var s in (string[])["2.6.27-rc8", "#1 SMP", machine])
            w.Write(Encoding.ASCII.GetBytes(s.PadRight(64, '\0')));
    }).Record(2, 0, w =>
    {
        foreach (ushort v in (ushort[])[1, 0, xstateSize, 0])
            w.Write(v);
    });

    public Revision3Builder Tree(params (int VPid, int VPpid)[] pids)
        => Record(101, 0, w => { w.Write(pids.Length); w.Write(0); }).Raw(w =>
        {
            foreach (var (vpid, vppid) in pids)
                foreach (var v in (int[])[vpid, vpid, vppid, 0])
                    w.Write(v);
        });

    public Revision3Builder Task(int vpid, int children, string comm, uint exitState = 0, uint exitCode = 0, int commLength = 16) => Record(102, 0, w =>
    {
        foreach (var v in (uint[])[0, exitState, exitCode, 17])
            w.Write(v);
        if (seed)
        {
            w.Write(vpid);
            w.Write(children);
        }
        w.Write(commLength);
        w.Write(0);
    }).Record(3, 0, w => w.Write(Encoding.UTF8.GetBytes(comm.PadRight(Math.Max(0, commLength), '\0'))));

    /// <summary>An address space with an anonymous mapping of some pages and an empty file mapping.</summary>
    public Revision3Builder Memory(int vpid, uint objRef, byte fill, params ulong[] pages)
    {
        Record(201, (uint)vpid, w =>
        {
            w.Write(objRef);
            w.Write(2u);
            for (var i = 0UL; i < 11; i++)
                w.Write(0x0804_8000 + i);
        });
        Vma(1, 0x1000, 0x9000);
        if (pages.Length > 0)
            Pages(fill, pages);
        Pages(0);
        Vma(2, 0x0804_8000, 0x0804_9000);
        FName("/bin/true");
        Pages(0);
        return Record(204, objRef, w => { w.Write((short)8); w.Write((short)2); w.Write(0); }).Raw(w => w.Write(new byte[16]));
    }

    public Revision3Builder Vma(uint type, ulong start, ulong end) => Record(202, 0, w =>
    {
        w.Write(type);
        w.Write(0u);
        foreach (var v in (ulong[])[start, end, 0x25, 0x73, 0])
            w.Write(v);
    });

    public Revision3Builder Pages(byte fill, params ulong[] addresses) => Record(203, 0, w => w.Write((ulong)addresses.Length)).Raw(w =>
    {
        foreach (var a in addresses)
        {
            if (_addressSize == 8)
                w.Write(a);
            else
                w.Write((uint)a);
        }
        for (var i = 0; i < addresses.Length; i++)
            w.Write(Enumerable.Repeat(fill, 4096).ToArray());
    });

    public Revision3Builder FName(string path) => Record(4, 0, w => w.Write(Encoding.UTF8.GetBytes(path + "\0")));

    /// <summary>A table with a descriptor whose object is new, and another of the same object.</summary>
    public Revision3Builder Files(int vpid, uint objRef)
    {
        Record(301, (uint)vpid, w => { w.Write(objRef); w.Write(2u); });
        Descriptor(objRef + 1, 0);
        Record(303, objRef + 1, w => { w.Write((ushort)1); w.Write((ushort)3); w.Write(0x8002u); w.Write(42UL); w.Write(0UL); });
        FName("/etc/hostname");
        return Descriptor(objRef + 1, 5);
    }

    public Revision3Builder Descriptor(uint objRef, int fd)
        => Record(302, 0, w => { w.Write(objRef); w.Write(fd); w.Write(1u); w.Write(0u); });

    public Revision3Builder Thread(int vpid, short tls = 0, int xstate = 0)
    {
        Record(103, (uint)vpid, w => { foreach (short v in (short[])[3, 24, tls, 0]) w.Write(v); });
        if (tls > 0)
            Raw(w => w.Write(new byte[24]));
        Record(104, (uint)vpid, w =>
        {
            for (var i = 1UL; i <= 33; i++)
                w.Write(i);
            w.Write(0u);
            w.Write(xstate > 0 ? 1u : 0u);
        });
        return Raw(w => w.Write(Enumerable.Repeat((byte)0xee, xstate).ToArray()));
    }

    public Revision3Builder Tail() => Record(5001, 0, w => w.Write(0x002d2a0cc0deef00UL));

    public Revision3Builder Record(short type, uint parent, Action<BinaryWriter> fields)
    {
        var payload = new MemoryStream();
        fields(new BinaryWriter(payload));
        return Raw(w =>
        {
            w.Write(type);
            w.Write((short)payload.Length);
            w.Write(parent);
            w.Write(payload.ToArray());
        });
    }

    private Revision3Builder Raw(Action<BinaryWriter> write)
    {
        write(new BinaryWriter(_out));
        return this;
    }
}
