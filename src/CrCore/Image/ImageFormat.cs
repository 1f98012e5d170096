namespace CrCore.Image;

/// <summary>Ids of the frame's own records. Each kind's ids stand beside its records.</summary>
public static class RecordIds
{
    /// <summary>HEAD, the first record of every image: <see cref="HeadRecord"/>.</summary>
    public const short Head = 1;
    /// <summary>HEAD_ARCH: <see cref="HeadArchRecord"/>.</summary>
    public const short HeadArch = 2;
    /// <summary>STRING: <see cref="StringRecord"/>.</summary>
    public const short String = 3;
    /// <summary>FNAME: <see cref="FNameRecord"/>.</summary>
    public const short FName = 4;
    /// <summary>Revision 4: a further piece of the payload of the record before it.</summary>
    public const short Continuation = 5;
    /// <summary>TREE: <see cref="TreeRecord"/>.</summary>
    public const short Tree = 101;
    /// <summary>TASK: <see cref="TaskRecord"/>.</summary>
    public const short Task = 102;
    /// <summary>THREAD: <see cref="ThreadRecord"/>.</summary>
    public const short Thread = 103;
    /// <summary>PGARR: <see cref="PageArrayRecord"/>.</summary>
    public const short PageArray = 203;
    /// <summary>TAIL, the last record of every image: <see cref="TailRecord"/>.</summary>
    public const short Tail = 5001;
    /// <summary>Revision 4: the checksum of everything since the previous seal.</summary>
    public const short Seal = 5002;
    /// <summary>Revision 4: where tasks and page blocks are.</summary>
    public const short Index = 5003;

    /// <summary>Whether an id is one of the frame's own, which stand in fixed places.</summary>
    public static bool IsFrame(short id)
        => id is Head or HeadArch or String or FName or Continuation or Tree or Task or Thread or PageArray or Tail or Seal or Index;
}

/// <summary>Numbers that the format fixes (docs/image-format.md).</summary>
public static class ImageFormat
{
    /// <summary>HEAD's first eight bytes of payload.</summary>
    public const ulong HeadMagic = 0x00feed0cc0a2d200;
    /// <summary>TAIL's first eight bytes of payload.</summary>
    public const ulong TailMagic = 0x002d2a0cc0deef00;

    /// <summary>The revision that is written.</summary>
    public const ushort Revision = 4;

    /// <summary>The revision of 2008, which is read for inspection.</summary>
    public const ushort Revision3 = 3;

    /// <summary>Bits of HEAD's required features: some page blocks are LZ4 blocks, or Zstandard frames.</summary>
    public const ulong FeatureLz4 = 1, FeatureZstd = 2;

    /// <summary>The image was written anew without its pages, or with something overwritten: it can be looked at, not restored.</summary>
    public const ulong FeatureNoMemory = 1UL << 16, FeatureRedacted = 1UL << 17;

    /// <summary>The bits that this reader knows.</summary>
    public const ulong KnownFeatures = FeatureLz4 | FeatureZstd | FeatureNoMemory | FeatureRedacted;

    /// <summary>Bytes of a record's header.</summary>
    public const int HeaderSize = 8;

    /// <summary>Most payload bytes behind one header: the length is a signed 16-bit field.</summary>
    public const int MaxPiece = 32_767;

    /// <summary>Bytes of a page on x86-64.</summary>
    public const int PageSize = 4096;

    /// <summary>TASK_COMM_LEN of include/linux/sched.h, the NUL included.</summary>
    public const int CommLength = 16;

    /// <summary>A SEAL with its header.</summary>
    public const int SealSize = HeaderSize + 16;

    /// <summary>The TAIL with its header: always the image's last bytes.</summary>
    public const int TailSize = HeaderSize + 32;
}

/// <summary>Bounds on everything that a reader allocates or walks because an image says so.</summary>
public static class ImageLimits
{
    /// <summary>PID_MAX_LIMIT of include/linux/threads.h on 64-bit systems.</summary>
    public const int MaxPid = 4_194_304;

    /// <summary>Tasks in one image: no more than there are pid numbers.</summary>
    public const int MaxTasks = MaxPid;

    /// <summary>Pages in one page block (4 MiB). The writer is asked to keep to 256 (1 MiB).</summary>
    public const int MaxBlockPages = 1024;

    /// <summary>Bytes before the first page block. The reader's memory grows with what it has read, up to here.</summary>
    public const long MaxMetadataBytes = 4L << 30;

    /// <summary>Bytes of records after the last page block, the index not counted.</summary>
    public const long MaxTrailerBytes = 64L << 20;

    /// <summary>Bytes of the INDEX record's payload.</summary>
    public const int MaxIndexBytes = 1 << 30;

    /// <summary>Pages in one page array of revision 3: the whole of a 32-bit address space.</summary>
    public const int MaxRevision3Pages = 1 << 20;
}
