using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Terminals;

/// <summary>What a terminal's descriptor is to the tree.</summary>
internal enum TerminalPlace
{
    /// <summary>Its other side is outside of the tree, or it has none.</summary>
    Outside,
    Master,
    /// <summary>A slave whose master is in the tree.</summary>
    Slave,
    /// <summary>/dev/tty, standing for such a slave.</summary>
    Controlling,
    /// <summary>Its master is closed, or vhangup(2) cut it off: all it does is to tell an end of file.</summary>
    HungUp,
    /// <summary>A console of the machine.</summary>
    Console,
}

/// <summary>A pseudo-terminal, by its instance of devpts and its number there.</summary>
internal readonly record struct PtyKey(ulong Instance, uint Index);

/// <summary>The pseudo-terminals whose masters the tree holds. Kept among the states of kinds, from inspection on.</summary>
internal sealed class TreePtys
{
    private const int TtyMajor = 5, ControllingMinor = 0;
    private const int FirstPtyMajor = 136, LastPtyMajor = 143;

    private readonly Dictionary<PtyKey, Descriptor> _masters = [];
    private readonly Dictionary<PtyKey, Descriptor> _slaves = [];

    public IReadOnlyDictionary<PtyKey, Descriptor> Masters => _masters;

    /// <summary>A slave's descriptor somewhere in the tree, or null.</summary>
    public Descriptor? SlaveOf(PtyKey key) => _slaves.GetValueOrDefault(key);

    public static TreePtys Of(KindStates states, Func<IEnumerable<Descriptor>> all) => states.Get(() => new TreePtys(all()));

    private TreePtys(IEnumerable<Descriptor> all)
    {
        var slaves = new List<Descriptor>();
        foreach (var d in all)
        {
            if (!d.Status.IsCharacterDevice || d.IsPathOnly)
                continue;
            if (TerminalDevice.IsMaster(d.Status))
                _masters.TryAdd(MasterKey(d), d);
            else if (d.Status.RawMajor is >= FirstPtyMajor and <= LastPtyMajor)
                slaves.Add(d);
        }
        foreach (var d in slaves)
            if (Place(d, out var key) == TerminalPlace.Slave)
                _slaves.TryAdd(key, d);
    }

    /// <summary>What a terminal is, and which pseudo-terminal, where it is one of the tree's.</summary>
    public TerminalPlace Place(Descriptor d, out PtyKey key)
    {
        key = default;
        if (TerminalDevice.IsMaster(d.Status))
        {
            key = MasterKey(d);
            return TerminalPlace.Master;
        }
        if (TerminalDevice.IsConsole(d.Status))
            return TerminalPlace.Console;
        var isSlave = d.Status.RawMajor is >= FirstPtyMajor and <= LastPtyMajor;
        if (!isSlave && (d.Status.RawMajor != TtyMajor || d.Status.RawMinor != ControllingMinor))
            return TerminalPlace.Outside;
        if (Ask(d, out var device) is var e && e != Errno.None)
            return e == Errno.EIO ? TerminalPlace.HungUp : TerminalPlace.Outside;
        var index = IndexOf(device);
        if (isSlave)
        {
            key = new(d.Status.Device, index);
            return _masters.ContainsKey(key) ? TerminalPlace.Slave : TerminalPlace.Outside;
        }
        // /dev/tty does not tell the instance; two of them in one tree are for containers inside of it.
        foreach (var k in _masters.Keys)
            if (FileStatus.MajorOf(device) >= FirstPtyMajor && k.Index == index)
            {
                key = k;
                return TerminalPlace.Controlling;
            }
        return TerminalPlace.Outside;
    }

    /// <summary>The pseudo-terminal that controls a session, or null for none of the tree's.</summary>
    public PtyKey? Controlling(int session, uint terminalNumber)
    {
        foreach (var (key, master) in _masters)
            if (FileStatus.MajorOf(terminalNumber) >= FirstPtyMajor && key.Index == IndexOf(terminalNumber) && Borrow(master) is { } own)
                using (own)
                    if (TerminalCalls.ReadSession(own, out var controlled) == Errno.None && controlled == (uint)session)
                        return key;
        return null;
    }

    private static uint IndexOf(uint device) => (uint)((FileStatus.MajorOf(device) - FirstPtyMajor) * 256 + FileStatus.MinorOf(device));

    private static Errno Ask(Descriptor d, out uint device)
    {
        device = 0;
        using var own = Borrow(d);
        return own is null ? Errno.ESRCH : TerminalCalls.ReadDevice(own, out device);
    }

    private static OwnDescriptor? Borrow(Descriptor d)
    {
        using var task = PidFd.Open(d.Pid);
        return task.TryGet(d.Fd, out _);
    }

    /// <summary>A master opened by /dev/ptmx belongs to the devpts beside that device (devpts_mntget in fs/devpts/inode.c).</summary>
    private static PtyKey MasterKey(Descriptor d)
    {
        const ulong devpts = 0x1cd1;
        var index = uint.TryParse(d.Detail("tty-index"), out var i) ? i : uint.MaxValue;
        if (FileSystemType.OfDescriptor(d.Pid, d.Fd) == devpts)
            return new(d.Status.Device, index);
        var beside = $"/proc/{d.Pid}/root{d.Name[..(d.Name.LastIndexOf('/') + 1)]}pts";
        return new(FileStatus.Read(beside, out var status) == Errno.None ? status.Device : 0, index);
    }
}
