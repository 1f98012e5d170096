using System.Text;

namespace CrCore.Kernel;

/// <summary>Commands of bpf(2).</summary>
public enum BpfCommand
{
    MapCreate = 0,
    MapLookup = 1,
    MapUpdate = 2,
    MapGetNextKey = 4,
    ObjectGet = 7,
    ProgramGetNextId = 11,
    MapGetNextId = 12,
    ProgramGetFdById = 13,
    MapGetFdById = 14,
    ObjectGetInfoByFd = 15,
    MapFreeze = 22,
}

/// <summary>bpf(2), on descriptors of this process.</summary>
internal static unsafe class BpfCalls
{
    public static Errno MapInfo(OwnDescriptor map, out BpfMapInfo info)
    {
        fixed (BpfMapInfo* p = &info)
        {
            *p = default;
            return Info(map, p, sizeof(BpfMapInfo));
        }
    }

    /// <summary>A new descriptor of a map, whatever rights others have; takes CAP_SYS_ADMIN (bpf_map_get_fd_by_id in kernel/bpf/syscall.c).</summary>
    public static OwnDescriptor? MapById(uint id, out Errno errno) => ById(BpfCommand.MapGetFdById, id, out errno);

    /// <summary>The next id of a map after one, or null at the end; 0 begins.</summary>
    public static uint? NextMap(uint id, out Errno errno) => NextId(BpfCommand.MapGetNextId, id, out errno);

    /// <summary>The same of programs.</summary>
    public static uint? NextProgram(uint id, out Errno errno) => NextId(BpfCommand.ProgramGetNextId, id, out errno);

    /// <summary>The ids of the maps that a program uses, and its name; none when it has gone.</summary>
    public static uint[] MapsOfProgram(uint id, out string name)
    {
        name = "";
        using var program = ById(BpfCommand.ProgramGetFdById, id, out _);
        var info = default(BpfProgramInfo);
        if (program is null || Info(program, &info, sizeof(BpfProgramInfo)) != Errno.None)
            return [];
        name = Text(info.Name);
        if (info.MapCount == 0)
            return [];
        var maps = new uint[info.MapCount];
        fixed (uint* p = maps)
        {
            var again = new BpfProgramInfo { MapCount = (uint)maps.Length, MapIds = (ulong)p };
            return Info(program, &again, sizeof(BpfProgramInfo)) == Errno.None ? maps : [];
        }
    }

    /// <summary>Opens what is pinned under a path of a BPF file system, to ask; null for what may only be written.</summary>
    public static OwnDescriptor? Pinned(string path)
    {
        const uint readOnly = 8; // BPF_F_RDONLY
        long r;
        fixed (byte* p = FileStatus.PathBytes(path))
        {
            var call = new BpfObjectCall { Path = (ulong)p, FileFlags = readOnly };
            r = Call(BpfCommand.ObjectGet, &call, sizeof(BpfObjectCall));
        }
        return r < 0 ? null : OwnDescriptor.Adopt(r);
    }

    /// <summary>ENOENT at the end.</summary>
    /// <param name="key">Empty to get the first.</param>
    public static Errno NextKey(OwnDescriptor map, ReadOnlySpan<byte> key, Span<byte> next)
    {
        fixed (byte* k = key, n = next)
            return Element(BpfCommand.MapGetNextKey, map, k, n, 0);
    }

    /// <param name="value">As large as the map's values are told: of all processors where each has its own.</param>
    public static Errno Lookup(OwnDescriptor map, ReadOnlySpan<byte> key, Span<byte> value)
    {
        fixed (byte* k = key, v = value)
            return Element(BpfCommand.MapLookup, map, k, v, 0);
    }

    public static Errno Update(OwnDescriptor map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        fixed (byte* k = key, v = value)
            return Element(BpfCommand.MapUpdate, map, k, v, 0);
    }

    public static Errno Freeze(OwnDescriptor map)
    {
        var fd = (ulong)(uint)map.Number;
        return Libc.ErrnoOf(Call(BpfCommand.MapFreeze, &fd, sizeof(uint)));
    }

    /// <summary>
    /// Processors that could ever be there: what is kept for each has so many values (num_possible_cpus()); 0 where it is not told.
    /// </summary>
    public static int PossibleProcessors
    {
        get
        {
            using var file = OwnDescriptor.Open("/sys/devices/system/cpu/possible", FileNative.O_RDONLY, out _);
            Span<byte> text = stackalloc byte[256];
            if (file is null || file.Read(text) is not (> 0 and var length))
                return 0;
            var count = 0;
            foreach (var range in Encoding.ASCII.GetString(text[..(int)length]).Trim().Split(','))
            {
                var ends = range.Split('-');
                if (!int.TryParse(ends[0], out var first) || !int.TryParse(ends[^1], out var last))
                    return 0;
                count += last - first + 1;
            }
            return count;
        }
    }

    public static string Text(in BpfName name)
    {
        ReadOnlySpan<byte> bytes = name;
        var end = bytes.IndexOf((byte)0);
        return Encoding.ASCII.GetString(end < 0 ? bytes : bytes[..end]);
    }

    private static Errno Element(BpfCommand command, OwnDescriptor map, byte* key, byte* value, ulong flags)
    {
        var call = new BpfElementCall { MapFd = (uint)map.Number, Key = (ulong)key, Value = (ulong)value, Flags = flags };
        return Libc.ErrnoOf(Call(command, &call, sizeof(BpfElementCall)));
    }

    private static Errno Info(OwnDescriptor of, void* info, int size)
    {
        var call = new BpfInfoCall { Fd = (uint)of.Number, Length = (uint)size, Info = (ulong)info };
        return Libc.ErrnoOf(Call(BpfCommand.ObjectGetInfoByFd, &call, sizeof(BpfInfoCall)));
    }

    private static OwnDescriptor? ById(BpfCommand command, uint id, out Errno errno)
    {
        var call = new BpfIdCall { Id = id };
        var r = Call(command, &call, sizeof(BpfIdCall));
        errno = Libc.ErrnoOf(r);
        return r < 0 ? null : OwnDescriptor.Adopt(r);
    }

    private static uint? NextId(BpfCommand command, uint id, out Errno errno)
    {
        var call = new BpfIdCall { Id = id };
        errno = Libc.ErrnoOf(Call(command, &call, sizeof(BpfIdCall)));
        return errno == Errno.None ? call.NextId : null;
    }

    private static long Call(BpfCommand command, void* attributes, int size)
        => Libc.Syscall(Sys.bpf, (int)command, (long)attributes, size);
}
