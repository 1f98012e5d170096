using System.Globalization;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Memory;
using CrCore.Objects.Namespaces;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.UserFaults;

/// <summary>
/// userfaultfd(2): page faults that the program handles itself. One is of the memory of the task that makes it, whoever has it later.
/// Who waits for a page has left its wait at the freeze, and faults again.
/// </summary>
internal sealed class UserFaultKind : IDescriptorKind
{
    /// <summary>UFFD_FEATURE_INITIALIZED of fs/userfaultfd.c: the program has asked for features.</summary>
    private const ulong Initialized = 1ul << 31;

    /// <summary>UFFD_FEATURE_WP_UNPOPULATED and UFFD_FEATURE_WP_ASYNC.</summary>
    private const ulong ProtectsWhatIsMissing = 1ul << 13 | 1ul << 15;

    public IReadOnlyList<FdType> Types { get; } = [FdType.UserFault];

    public IEnumerable<RecordType> Records => [new(UserFaultRecord.Id, "USERFAULTFD", UserFaultRecord.Read, UserFaultRecord.MaxPayload)];

    public bool Claims(Descriptor d) => d.Name == "anon_inode:[userfaultfd]";

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        if (Features(d) is not { } features)
            inspection.Refuse(d, "CrUserFault", "the kernel does not tell the features of the userfaultfd");
        else if ((features & Initialized) == 0)
            inspection.RefuseForNow(d, "CrUserFault", "the program has not asked for its features yet (UFFDIO_API)", "Run the checkpoint again.");
        else if (inspection.Context.IsFrozen && Refusal(inspection.Context.States.Get<UserFaultSearch>().Find(inspection.Context, d), features) is { } reason)
            inspection.Refuse(d, "CrUserFault", reason, "Let the program unregister its ranges and close it.");
    }

    private static string? Refusal(LiveUserFault found, ulong features)
        => found.Refusal ?? ((features & ProtectsWhatIsMissing) != 0 && found.Ranges.Exists(r => (r.Mode & UffdRegister.WriteProtect) != 0)
            ? "it protects pages that are not there, too (UFFD_FEATURE_WP_UNPOPULATED, UFFD_FEATURE_WP_ASYNC)" : null);

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        if (capture.Context.States.Get<UserFaultSearch>().Found(d) is not { Pid: not 0, Refusal: null } found || Features(d) is not { } features)
            throw new CrTargetException("CrUserFault", $"Task {d.Pid}: {d.Label} handles no page faults, and is not of the memory of the first task that has it, or that cannot be told (Linux 6.8).",
                "Let the task that made it keep it, or close it.") { Pid = d.Pid, Object = d.Label };
        var isUserModeOnly = !MayHandleTheKernels(capture.Context.Proc, found.Pid);
        if (!isUserModeOnly)
            capture.Warn(d, "CrUserFaultMode", "the kernel does not tell whether it handles faults of user mode only (UFFD_USER_MODE_ONLY); the restored one handles the kernel's, too");
        return new(FdType.UserFault, d.Name, Records: [new UserFaultRecord(capture.ToVPid(found.Pid), features & ~Initialized, isUserModeOnly, found.Ranges, Protected(found))]);
    }

    /// <summary>Who has no right to handle faults of the kernel has asked for those of user mode.</summary>
    private static bool MayHandleTheKernels(ProcReader proc, int pid)
        => SystemLimits.UserFaultsForAll() || (OwnNamespaces.Read(proc, pid) & NamespaceSet.User) == 0
            && ProcStatus.TryRead(proc, pid, out var status) && (status.EffectiveCapabilities >> Capabilities.SysPtrace & 1) != 0;

    private static List<AddressRange> Protected(LiveUserFault found)
    {
        var pages = new List<AddressRange>();
        using var scanner = found.Ranges.Exists(r => (r.Mode & UffdRegister.WriteProtect) != 0) ? PagemapScanner.TryOpen(found.Pid) : null;
        if (scanner is not null)
            foreach (var range in found.Ranges)
                if ((range.Mode & UffdRegister.WriteProtect) != 0)
                    foreach (var region in scanner.Scan(range.Start, range.End, PageFilter.WriteProtected))
                        pages.Add(new AddressRange(region.Start, region.End));
        return pages;
    }

    public void Check(CheckContext context, SavedDescription saved)
    {
        var record = Require(saved);
        if (context.Image.FindTask(record.VPid) is null)
            throw Broken(saved, record);
        var errno = context.InUserNamespace && !record.IsUserModeOnly ? Errno.EPERM : UserFaultFd.Try(FlagsOf(record), record.Features);
        if (errno != Errno.None)
            context.Refuse(saved.Task, "CrUserFaultRights", saved.Label, $"a userfaultfd with the features {record.Features:x} cannot be made here: {errno} ({errno.Describe()})",
                errno == Errno.EPERM ? "Restore with CAP_SYS_PTRACE in the initial user namespace." : "Restore on a kernel that has them.", errno == Errno.EPERM ? CrErrorKind.PermissionDenied : CrErrorKind.Obstacle);
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var record = Require(saved);
        var owner = server.Context.Tasks.FirstOrDefault(t => t.VPid == record.VPid && !t.IsZombie) ?? throw Broken(saved, record);
        var step = owner == server.Context.Root ? Make(server, saved, record, batch) : Fetch(server, saved, record, owner, batch);
        batch.Must("ask for the features of", saved.Label, Sys.ioctl, server.NumberOf(saved), UffdApi.Request, batch.In(new UffdApi { Api = UffdApi.Version, Features = record.Features }));
        server.SetFlags(saved, batch);
        return step;
    }

    private static Action? Make(DescriptorServer server, SavedDescription saved, UserFaultRecord record, SyscallBatch batch)
    {
        DescriptorServer.Move(batch, saved.Label, batch.Must("make a userfaultfd", saved.Label, Sys.userfaultfd, FlagsOf(record)), server.NumberOf(saved));
        return null;
    }

    /// <summary>Made by the task whose memory it is of, and handed to the server.</summary>
    private static Action Fetch(DescriptorServer server, SavedDescription saved, UserFaultRecord record, RestoringTask owner, SyscallBatch batch)
    {
        var own = new SyscallBatch();
        var made = own.Must("make a userfaultfd", saved.Label, Sys.userfaultfd, FlagsOf(record) | FileNative.O_CLOEXEC);
        owner.Remote.Run(own);
        var number = own.Result(made);
        var process = batch.Must("reach", owner, Sys.pidfd_open, owner.VPid, 0);
        DescriptorServer.Move(batch, saved.Label, batch.Must("fetch", saved.Label, Sys.pidfd_getfd, process, number, 0), server.NumberOf(saved));
        batch.Must("close", owner, Sys.close, process);
        return () =>
        {
            own.Reset();
            own.Must("close", saved.Label, Sys.close, number);
            owner.Remote.Run(own);
        };
    }

    /// <summary>From now on a page that is touched might have to be waited for: at the very last, and from here.</summary>
    public void Finish(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var record = Require(saved);
        if (record.Ranges.Count == 0)
            return;
        var own = server.Borrow(server.NumberOf(saved), saved.Label);
        server.Context.States.Get<Borrowed>().All.Add(own);
        server.Context.AtRelease.Add(() =>
        {
            using (own)
                Register(own, saved, record);
        });
    }

    private static void Register(OwnDescriptor own, SavedDescription saved, UserFaultRecord record)
    {
        foreach (var range in record.Ranges)
            Must(UserFaultFd.Control(own, UffdRegister.Request, new UffdRegister { Start = range.Start, Length = range.End - range.Start, Mode = range.Mode }), $"Registering {range.Start:x}-{range.End:x}");
        foreach (var range in record.Protected)
            Must(UserFaultFd.Control(own, UffdWriteProtect.Request, new UffdWriteProtect { Start = range.Start, Length = range.Length, Mode = UffdWriteProtect.Protect }), $"Protecting {range.Start:x}-{range.End:x}");

        void Must(Errno errno, string what)
        {
            if (errno != Errno.None)
                throw new CrKernelException("CrUserFaultFailed", $"{saved.Task}: {what} with {saved.Label}", errno) { Object = saved.Label };
        }
    }

    private static int FlagsOf(UserFaultRecord record) => record.IsUserModeOnly ? UserFaultFd.UserModeOnly : 0;

    /// <summary>"API: aa:80000000:80000000000001ff": version, features, requests (userfaultfd_show_fdinfo).</summary>
    private static ulong? Features(Descriptor d)
        => d.Detail("API")?.Split(':') is [_, var features, ..] && ulong.TryParse(features, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static UserFaultRecord Require(SavedDescription saved)
        => saved.Get<UserFaultRecord>() ?? throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} has no USERFAULTFD record.", saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");

    private static CrImageException Broken(SavedDescription saved, UserFaultRecord record)
        => new("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} is of the memory of task {record.VPid}, which is not there.", saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");

    /// <summary>Those that wait for the release; gone with a restore that does not get there.</summary>
    private sealed class Borrowed : IDisposable
    {
        public List<OwnDescriptor> All { get; } = [];

        public void Dispose() => All.ForEach(static d => d.Dispose());
    }
}
