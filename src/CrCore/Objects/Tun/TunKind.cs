using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Namespaces;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Tun;

/// <summary>
/// Descriptors of /dev/net/tun: queues of TUN and TAP devices (Documentation/networking/tuntap.rst), and those that are
/// attached to none yet. A device that stays (TUNSETPERSIST) is attached to again, any other is made again.
/// </summary>
internal sealed class TunKind : IDescriptorKind
{
    private const int Major = 10, Minor = 200, CanRead = 1;

    public IReadOnlyList<FdType> Types { get; } = [FdType.Tun];

    public IEnumerable<RecordType> Records =>
    [
        new(TunRecord.Id, "TUN", TunRecord.Read, TunRecord.MaxPayload),
        new(TunQueueRecord.Id, "TUN_QUEUE", TunQueueRecord.Read, TunQueueRecord.PayloadSize),
    ];

    public bool Claims(Descriptor d) => d.Status.IsCharacterDevice && !d.IsPathOnly && d.Status.RawMajor == Major && d.Status.RawMinor == Minor;

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        NameRules.Inspect(inspection, d);
        using var task = PidFd.Open(d.Pid);
        using var own = task.TryGet(d.Fd, out _);
        // Closed meanwhile: the frozen tree is looked at again.
        if (own is null)
            return;
        var e = TunCalls.ReadInterface(own, out var name, out var flags);
        if (e == Errno.None && Refusal(inspection.Context.Proc, d, own, name, flags) is { } reason)
            inspection.Refuse(d, "CrTun", $"the {((flags & LiveTun.Tap) != 0 ? "TAP" : "TUN")} device {name} {reason}", "Make the device persistent (ip tuntap), or let the program close it before the checkpoint.");
        else if (e is not (Errno.None or Errno.EBADFD))
            inspection.Refuse(d, "CrTun", $"what it is attached to cannot be read: {e} ({e.Describe()})");
        else if (e == Errno.None && (own.PollNow(CanRead) & CanRead) != 0)
            inspection.Warn(d, "CrTunPackets", $"packets of {name} wait to be read, and are lost");
    }

    private static string? Refusal(ProcReader proc, Descriptor d, OwnDescriptor own, string name, uint flags)
    {
        var network = ProcNamespaces.TryRead(proc, d.TaskPid, NamespaceKind.Network, out var inode) ? inode : 0;
        var isTreesOwn = (OwnNamespaces.Read(proc, d.TaskPid) & NamespaceSet.Network) != 0;
        try
        {
            return NetworkNamespace.Run(proc, d.TaskPid, () => LiveTun.Refusal(own, name, flags, network, isTreesOwn));
        }
        catch (CrKernelException e) when (e.Errno == Errno.EPERM)
        {
            return "is in a network namespace of the tree's own, and seeing it there takes CAP_SYS_ADMIN";
        }
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        var anchor = NameRules.Anchor(capture, d);
        using var own = capture.Borrow(d);
        if (TunCalls.ReadInterface(own, out var name, out var flags) != Errno.None)
            return new(FdType.Tun, d.Name, Records: anchor.Due, Anchor: anchor.ObjRef);
        if (Refusal(capture.Context.Proc, d, own, name, flags) is not null)
            throw new CrTargetException("CrTun", $"Task {d.Pid}: {d.Label} cannot be saved.", "Run the checkpoint again: preflight says why.") { Pid = d.Pid, Object = d.Label };
        var objRef = capture.Shared.Reference(("tun", name), out var first);
        List<ICrRecord> records = [new TunQueueRecord((flags & LiveTun.Disabled) != 0), .. anchor.Due];
        if (first)
            records.Insert(0, NetworkNamespace.Run(capture.Context.Proc, d.TaskPid, () => LiveTun.Record(objRef, own, d, name, flags)));
        return new(FdType.Tun, d.Name, objRef, records, anchor.ObjRef);
    }

    public void Check(CheckContext context, SavedDescription saved)
    {
        NameRules.CheckType(context, saved);
        if (saved.Data.Object == 0)
            return;
        var device = context.Image.Object<TunRecord>(saved.Data.Object);
        if (!context.States.Get<Seen>().Devices.Add(device.ObjRef))
            return;
        // In a network namespace that is made anew the device is made with it.
        if ((context.Namespaces.Flags & CloneFlags.NewNet) != 0)
            return;
        if (context.InUserNamespace || !Capabilities.Has(context.Proc, Capabilities.NetAdmin))
            context.Refuse(saved.Task, "CrTunRights", saved.Label, $"attaching to {device.Name} takes CAP_NET_ADMIN, and no user namespace of the tree's own", "Restore as root.", CrErrorKind.PermissionDenied);
        var there = NetworkInterface.Find(device.Name);
        if (device.IsPersistent && there is null)
            context.Refuse(saved.Task, "CrTunMissing", saved.Label, $"the interface {device.Name} is not there any more", $"Make it again (ip tuntap add dev {device.Name}), with its addresses and routes.", CrErrorKind.NotFound);
        else if (!device.IsPersistent && there is not null)
            context.Refuse(saved.Task, "CrTunTaken", saved.Label, $"it was attached to the interface {device.Name}, and there is another of that name", "End the program that has it, or remove it.");
        else if (!device.IsPersistent && !NetworkInterface.IsFree(device.Index))
            context.Warn(saved.Task, "CrTunIndex", saved.Label, $"the interface {device.Name} had the number {device.Index}, which another has now");
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var flags = OpenFlags.Reopening(saved.Data.Flags);
        server.Open(saved, server.PathOf(saved), saved.Data.Anchor == 0 ? flags : flags & ~OpenFlags.NoFollow, batch);
        server.SetFlags(saved, batch);
        if (saved.Data.Object == 0)
            return null;
        var device = server.Context.Image.Object<TunRecord>(saved.Data.Object);
        var queue = saved.Get<TunQueueRecord>() ?? throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} has no TUN_QUEUE record.", saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");
        var number = server.NumberOf(saved);
        var first = server.Context.States.Get<Seen>().Devices.Add(device.ObjRef);
        var isMade = HasOwnNetwork(server);
        if (first && !isMade && !device.IsPersistent && NetworkInterface.IsFree(device.Index))
            batch.Must("ask for the interface's number", device.Index, Sys.ioctl, number, TunCalls.SetIndex, batch.In((long)device.Index));
        batch.Must("attach to the interface", device.Name, Sys.ioctl, number, TunCalls.SetInterface, batch.In(TunCalls.Request(device.Name, device.Flags)));
        if (queue.IsDisabled)
            batch.Must("set the queue aside of", device.Name, Sys.ioctl, number, TunCalls.SetQueue, batch.In(TunCalls.Request("", LiveTun.Disabled)));
        return first && !device.IsPersistent ? () => Set(server, saved, device, isMade) : null;
    }

    /// <summary>The tree's network namespace was made with its interfaces, and the device waits there, though nobody was attached to it.</summary>
    private static bool HasOwnNetwork(DescriptorServer server) => server.Context.Image.Root.Get<NamespacesRecord>()?.Has(NamespaceSet.Network) == true;

    /// <param name="isMade">The interface has its settings, and stays only until now by itself.</param>
    private static void Set(DescriptorServer server, SavedDescription saved, TunRecord device, bool isMade)
    {
        using var own = server.Borrow(server.NumberOf(saved), saved.Label);
        if (isMade)
            Require(TunCalls.WritePersistent(own, 0), "end with its last user");
        else
            SetInterface();
        if (device.SendBuffer > 0)
            Require(TunCalls.WriteSendBuffer(own, device.SendBuffer), "send buffer");
        Require(TunCalls.WriteHeaderSize(own, device.HeaderSize), "header size");
        if (device.IsLittleEndian)
            Require(TunCalls.WriteLittleEndian(own, 1), "byte order");
        if (!device.HasCarrier)
            Require(TunCalls.WriteCarrier(own, 0), "carrier");

        void SetInterface()
        {
            using var link = new NetworkInterfaceCalls(device.Name);
            if (device.Owner != uint.MaxValue)
                Require(TunCalls.WriteOwner(own, device.Owner), "owner");
            if (device.Group != uint.MaxValue)
                Require(TunCalls.WriteGroup(own, device.Group), "group");
            if ((device.Flags & LiveTun.Tap) != 0)
                Require(link.Address(Ethernet, device.Address.Span), "address");
            Require(link.Mtu(device.Mtu), "MTU");
            Require(link.QueueLength(device.QueueLength), "queue length");
            Require(link.Flags(device.InterfaceFlags), "flags");
        }

        void Require(Errno e, string what)
        {
            if (e != Errno.None)
                throw new CrKernelException("CrTunFailed", $"Setting the {what} of the interface {device.Name}", e) { Object = saved.Label };
        }
    }

    /// <summary>ARPHRD_ETHER of linux/if_arp.h.</summary>
    private const ushort Ethernet = 1;

    /// <summary>Devices that were met before.</summary>
    private sealed class Seen
    {
        public HashSet<uint> Devices { get; } = [];
    }
}
