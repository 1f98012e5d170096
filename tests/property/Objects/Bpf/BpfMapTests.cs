using CrCore;
using CrCore.Image;
using CrCore.Objects.Bpf;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Bpf;

/// <summary>Maps of bpf(2) through a checkpoint and a restore, and those that are refused.</summary>
public class BpfMapTests
{
    private const string What = "maps of bpf(2) and CAP_SYS_ADMIN in the initial user namespace";

    // A map, and a second descriptor onto it by its number, which takes CAP_SYS_ADMIN.
    private const string Try = """
        a = ctypes.create_string_buffer(struct.pack('IIIII', 1, 4, 8, 16, 0).ljust(72, b'\0'), 72)
        fd = libc.syscall(321, 0, a, 72); assert fd >= 0, os.strerror(ctypes.get_errno())
        id = [l for l in open('/proc/self/fdinfo/%d' % fd) if l.startswith('map_id:')][0].split(':')[1]
        a = ctypes.create_string_buffer(struct.pack('III', int(id), 0, 0), 12)
        assert libc.syscall(321, 14, a, 12) >= 0, os.strerror(ctypes.get_errno())
        """;

    private const string Calls = """
            libc = ctypes.CDLL(None, use_errno=True); cpus = os.sysconf('SC_NPROCESSORS_CONF')
            def possible():
                n = 0
                for r in open('/sys/devices/system/cpu/possible').read().strip().split(','):
                    e = r.split('-'); n += int(e[-1]) - int(e[0]) + 1
                return n
            def bpf(command, attributes):
                b = ctypes.create_string_buffer(attributes, len(attributes)); r = libc.syscall(321, command, b, len(attributes))
                if r < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
                return r, b.raw
            def make(type, key, value, most, flags=0, name=b''): return bpf(0, struct.pack('IIIIIII16s', type, key, value, most, flags, 0, 0, name).ljust(72, b'\0'))[0]
            def element(command, fd, key, value, flags=0):
                k = ctypes.create_string_buffer(key, max(1, len(key))) if key is not None else None; v = ctypes.create_string_buffer(value, max(1, len(value)))
                bpf(command, struct.pack('IxxxxQQQ', fd, ctypes.addressof(k) if k else 0, ctypes.addressof(v), flags)); return v.raw
            def put(fd, key, value, flags=0): element(2, fd, key, value, flags)
            def get(fd, key, size): return element(1, fd, key, bytes(size))
            def entries(fd, key, size):
                found, at = {}, None
                while True:
                    try: at = element(4, fd, at, bytes(key))
                    except FileNotFoundError: return found
                    found[at] = get(fd, at, size)
            def by_id(fd, flags=0): return bpf(14, struct.pack('III', int(info(fd)['map_id']), 0, flags))[0]
            def info(fd): return dict((l.split(':')[0], l.split(':')[1].strip()) for l in open('/proc/self/fdinfo/%d' % fd).read().splitlines())
            def shape(fd): return {k: v for k, v in info(fd).items() if k not in ('map_id', 'mnt_id', 'ino', 'memlock', 'pos')}
            def name(fd):
                b = ctypes.create_string_buffer(88); bpf(15, struct.pack('IIQ', fd, 88, ctypes.addressof(b))); return b.raw[24:40].rstrip(b'\0')
            def u32(n): return struct.pack('I', n)
            def u64(n): return struct.pack('Q', n)
            def fails(what, error):
                try: what()
                except OSError as e: same(e.errno, error)
                else: assert False

        """;

    private static void Survives(string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        Assert.Equal("ok", program.Journey());
    }

    [FactTried(What, Try)]
    public void ContentsOfEveryPlainType() => Survives("""
            many = make(1, 8, 100, 5000, name=b'many'); row = make(2, 4, 16, 300, name=b'a_row.1'); sparse = make(1, 4, 4, 64, 1)
            for i in range(5000): put(many, u64(i * 7919), bytes([i % 251]) * 100)
            for i in (0, 3, 299): put(row, u32(i), u64(i) + u64(~i & 2 ** 64 - 1))
            put(sparse, u32(9), u32(10)); empty = make(1, 4, 4, 4)
            trie = make(11, 8, 8, 16, 1); put(trie, u32(8) + b'\x0a\0\0\0', u64(1)); put(trie, u32(24) + b'\x0a\1\2\0', u64(2))
            queue = make(22, 0, 8, 4); stack = make(23, 0, 4, 4); n = possible()
            each = make(5, 4, 12, 8); put(each, u32(1), b''.join(bytes([c + 1]) * 12 + bytes(4) for c in range(n)))
            slots = make(6, 4, 8, 5); put(slots, u32(4), b''.join(u64(c + 77) for c in range(n)))
            all = (many, row, sparse, empty, trie, queue, stack, each, slots); before = [(shape(x), name(x)) for x in all]
            trees = [entries(many, 8, 100), entries(sparse, 4, 4), entries(each, 4, 16 * n)]
            wait()
            same([(shape(x), name(x)) for x in all], before); same([entries(many, 8, 100), entries(sparse, 4, 4), entries(each, 4, 16 * n)], trees)
            same([i for i in range(300) if get(row, u32(i), 16) != bytes(16)], [0, 3, 299]); same(get(row, u32(3), 16), u64(3) + u64(2 ** 64 - 4))
            same(entries(empty, 4, 4), {}); same(get(slots, u32(4), 8 * n), b''.join(u64(c + 77) for c in range(n))); same(get(slots, u32(0), 8 * n), bytes(8 * n))
            same(get(trie, u32(32) + b'\x0a\1\2\3', 8), u64(2)); same(get(trie, u32(32) + b'\x0a\7\7\7', 8), u64(1))
            fails(lambda: get(queue, None, 8), 2); put(queue, None, u64(5)); same(get(queue, None, 8), u64(5)); put(many, u64(0), bytes(100))
        """);

    [FactTried(What, Try)]
    public void SharedWithRightsOfItsOwnForEachDescriptor() => Survives("""
            map = make(1, 4, 4, 8); read = by_id(map, 8); write = by_id(map, 16); twin = os.dup(map); put(map, u32(1), u32(2))
            child = os.fork()
            if child == 0:
                signal.sigwait([signal.SIGUSR1]); put(write, u32(5), u32(6)); os._exit(get(read, u32(1), 4)[0])
            wait()
            os.kill(child, signal.SIGUSR1); same(os.waitpid(child, 0)[1], 2 << 8)
            for fd in (map, read, twin): same(get(fd, u32(5), 4), u32(6))
            fails(lambda: put(read, u32(1), u32(1)), 1); fails(lambda: get(write, u32(1), 4), 1); put(twin, u32(1), u32(9)); same(get(read, u32(1), 4), u32(9))
            same(len({info(fd)['map_id'] for fd in (map, read, write, twin)}), 1)
        """);

    [FactTried(What, Try)]
    public void FrozenOnes() => Survives("""
            map = make(2, 4, 8, 4); put(map, u32(2), u64(3)); bpf(22, u32(map)); held = make(1, 4, 4, 4, 0x80); put(held, u32(1), u32(1))
            wait()
            same(info(map)['frozen'], '1'); same(get(map, u32(2), 8), u64(3)); fails(lambda: put(map, u32(2), u64(4)), 1); same(info(held)['map_flags'], '0x80'); put(held, u32(2), u32(2))
        """);

    [FactTried(What, Try)]
    public void OnesThatForgetAreToldOf()
    {
        using var program = new SelfCheckingProgram(Calls + """
            map = make(9, 4, 4, 64)
            for i in range(30): put(map, u32(i), u32(i * i))
            before = entries(map, 4, 4)
            wait()
            same(entries(map, 4, 4), before)
        """);
        Assert.Contains(program.Save().Warnings, w => w.Id == "CrBpfMapOrder");
        program.Restore();
        Assert.Equal("ok", program.Check());
    }

    [TheoryTried(What, Try)]
    [InlineData("map = make(27, 0, 0, 4096)", "type 27")]
    [InlineData("map = make(22, 0, 8, 4); put(map, None, u64(1))", "elements wait")]
    [InlineData("inner = make(2, 4, 4, 1); map = bpf(0, struct.pack('IIIIII', 12, 4, 4, 1, 0, inner).ljust(72, b'\\0'))[0]", "type 12")]
    [InlineData("""
        map = make(2, 4, 8, 1); code = struct.pack('<BBhi', 0x18, 0x11, 0, map) + struct.pack('<BBhi', 0, 0, 0, 0) + struct.pack('<BBhi', 0xb7, 0, 0, 0) + struct.pack('<BBhi', 0x95, 0, 0, 0)
            b = ctypes.create_string_buffer(code, len(code)); l = ctypes.create_string_buffer(b'GPL')
            program = bpf(5, struct.pack('IIQQIIQII16s', 1, 4, ctypes.addressof(b), ctypes.addressof(l), 0, 0, 0, 0, 0, b'user').ljust(120, b'\0'))[0]
            s = __import__('socket').socketpair(); s[0].setsockopt(1, 50, struct.pack('i', program)); os.close(program); bpf_held = s
        """, "program")]
    public void WhatCannotBeSavedIsRefused(string make, string reason)
    {
        using var program = new SelfCheckingProgram(Calls + "    " + make + "\n    wait()\n");
        var refused = Assert.Throws<CrPreflightException>(() => program.Save());
        Assert.Contains(refused.Obstacles, o => o.Id == "CrBpfMap" && o.Reason.Contains(reason));
        Assert.Equal("ok", program.CheckRunning());
    }

    [FactTried(What, Try)]
    public void OneThatIsMappedIsRefused()
    {
        using var program = new SelfCheckingProgram(Calls + """
            import mmap
            map = make(2, 4, 8, 512, 0x400); m = mmap.mmap(map, 4096); m[0] = 7
            wait()
            same(m[0], 7)
        """);
        Assert.Throws<CrPreflightException>(() => program.Save());
        Assert.Equal("ok", program.CheckRunning());
    }

    [Property]
    public void Records(ushort key, ushort value, uint most, uint flags, bool isFrozen, ulong extra, byte[] bytes)
    {
        Same(new BpfMapRecord { ObjRef = 5, MapType = BpfMapType.Hash, KeySize = key % 512u + 1, ValueSize = value, MaxEntries = most, Flags = flags, IsFrozen = isFrozen, Extra = extra, Name = "a_name.15_chars" });
        Same(new BpfMapDataRecord(5, bytes));
    }

    [Theory]
    [InlineData(BpfMapType.Hash, 0, 8, 1), InlineData(BpfMapType.Hash, 513, 8, 1), InlineData((BpfMapType)27, 4, 8, 1), InlineData(BpfMapType.Queue, 4, 8, 1)]
    [InlineData(BpfMapType.PerCpuArray, 4, 8192, 8192), InlineData(BpfMapType.Array, 8, 8, 1), InlineData(BpfMapType.Hash, 4, 8, 0), InlineData(BpfMapType.Hash, 4, 262_144, 1)]
    public void AMapThatCannotBeIsAnError(BpfMapType type, uint key, uint value, uint processors)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new BpfMapRecord { ObjRef = 5, MapType = type, KeySize = key, ValueSize = value, MaxEntries = 1, Processors = processors }));

    private static void Same(ICrRecord record) => Assert.Equal(record, RecordCode.Again(record));
}
