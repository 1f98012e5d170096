using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// Makes every open file description of the image once, in the root's puppet: it is in the right namespaces and has all
/// rights. There they stand until each task has fetched its own: at the number that the root itself has them at, or above
/// all numbers that the image uses.
/// </summary>
internal sealed class DescriptorServer
{
    private const int FSetFl = 4, FSetSig = 10, FSetOwnEx = 15;

    /// <summary>Numbers that kinds may reserve for each object behind descriptions: a pipe's two ends.</summary>
    private const int NumbersForObject = 2;

    /// <summary>For what earlier stages serve, and for passing needs.</summary>
    private const int Spare = 64;

    /// <summary>What can be open at once on the way to <see cref="Passing"/>: a mount and the file on it.</summary>
    private const int RoomBelow = 2;

    private readonly RestoreContext _context;
    private readonly Dictionary<uint, int> _numbers = [];
    private readonly HashSet<int> _taken;
    private readonly EarlyFiles _early;
    private readonly int _firstReserved;
    private int _next;
    private int? _passing;

    private DescriptorServer(RestoreContext context)
    {
        _context = context;
        Files = SavedFiles.Of(context.Lasting, context.Image, context.Options);
        _early = context.Lasting.Get<EarlyFiles>();
        Base = Files.HighestFd + 1;
        foreach (var served in context.ServedDescriptors.Values)
            Base = Math.Max(Base, served + 1);
        _next = Base + 1;
        _numbers.EnsureCapacity(Files.Descriptions.Count);
        foreach (var saved in Files.Descriptions)
            _numbers[saved.ObjRef] = RootNumber(Files, saved) ?? _next++;
        _firstReserved = _next;
        _taken = [.. _numbers.Values];
    }

    public static DescriptorServer Of(RestoreContext context) => context.States.Get(() => new DescriptorServer(context));

    public RestoreContext Context => _context;

    /// <summary>Files that this process opens and hands over.</summary>
    public OutsideFiles Outside => _context.Lasting.Get<OutsideFiles>();

    public SavedFiles Files { get; }

    /// <summary>The first number above all that the image uses. Every task keeps it for its own passing needs.</summary>
    public int Base { get; }

    public IRemoteTask Remote => _context.Root.Remote;

    /// <summary>Whether the root has the description at its own number already, just as its first descriptor onto it is to be.</summary>
    public bool IsInPlace(SavedDescription saved) => _early.Has(saved);

    /// <summary>The server's number of a description.</summary>
    public int NumberOf(SavedDescription saved) => _numbers[saved.ObjRef];

    /// <summary>Whether a description stands at the number in the server.</summary>
    public bool IsTaken(int number) => _taken.Contains(number);

    /// <summary>
    /// One number of the server for passing needs of kinds whose calls need to know it: free before and after. So are
    /// <see cref="RoomBelow"/> below it: what is opened to be moved there has the lowest free number, which must be another.
    /// </summary>
    public int Passing
    {
        get
        {
            if (_passing is null)
            {
                _next += RoomBelow;
                _passing = Reserve();
            }
            return _passing.Value;
        }
    }

    /// <summary>A further number of the server, for an object that descriptions refer to.</summary>
    public int Reserve() => _next++;

    /// <summary>How many descriptors the server may need at most.</summary>
    public static long NumbersNeeded(SavedFiles files, ImageModel image)
    {
        var needed = files.HighestFd + 1L + Spare + Anchors.Count(image);
        var objects = new HashSet<uint>();
        foreach (var saved in files.Descriptions)
        {
            if (RootNumber(files, saved) is null)
                needed++;
            needed += DescriptorKinds.Find(saved.Data.FdType)?.HelperNumbers(saved) ?? 0;
            if (saved.Data.Object != 0 && objects.Add(saved.Data.Object))
                needed += NumbersForObject;
        }
        return needed;
    }

    /// <summary>
    /// A number of the root's own for a description that it has. Not 0 or 1: those are free for what the server opens.
    /// The first that refers to a description has it, and a description stands at its first sight: with the root, if it has it at all.
    /// </summary>
    internal static int? RootNumber(SavedFiles files, SavedDescription saved)
        => files.TableOf(saved.Task)?.Owner.Parent is null && saved.Fd > 1 ? saved.Fd : null;

    /// <summary>Makes the descriptor that <paramref name="made"/> returns the server's <paramref name="number"/>.</summary>
    public static void Move(SyscallBatch batch, object label, Arg made, int number)
    {
        batch.Must("move", label, Sys.dup3, made, number, OpenFlags.CloseOnExec);
        batch.Must("close", label, Sys.close, made);
    }

    /// <summary>Where the file of a description is reached: by its name, or by its anchor.</summary>
    public string PathOf(SavedDescription saved) => Anchors.Of(_context).PathOf(saved);

    /// <summary>Opens a path as the description's number.</summary>
    public void Open(SavedDescription saved, string path, uint flags, SyscallBatch batch)
        => OpenAs(NumberOf(saved), saved, path, flags, batch);

    /// <summary>Opens a path as any of the server's numbers.</summary>
    public static void OpenAs(int number, object label, string path, uint flags, SyscallBatch batch, uint mode = 0)
        => Move(batch, label, batch.Must("open", label, Sys.openat, FileNative.AT_FDCWD, batch.Text(path), flags | OpenFlags.CloseOnExec, mode), number);

    /// <summary>A new description of the object behind one of the server's numbers.</summary>
    public void Reopen(SavedDescription saved, int number, uint flags, SyscallBatch batch)
        => Open(saved, $"/proc/self/fd/{number}", OpenFlags.Reopening(flags) & ~OpenFlags.NoFollow, batch);

    /// <summary>Puts the offset back.</summary>
    public void Seek(SavedDescription saved, SyscallBatch batch) => Seek(saved, NumberOf(saved), batch);

    /// <summary>The same of a description that stands at any number.</summary>
    public static void Seek(SavedDescription saved, int number, SyscallBatch batch)
    {
        if (saved.Data.Position == 0)
            return;
        const int seekSet = 0;
        if (saved.Data.IsSynthetic)
            batch.Try(Sys.lseek, number, saved.Data.Position, seekSet);
        else
            batch.Must("set the offset", saved, Sys.lseek, number, saved.Data.Position, seekSet);
    }

    /// <summary>Puts back those status flags that fcntl can set; O_ASYNC waits until nothing can cause its signal any more.</summary>
    public void SetFlags(SavedDescription saved, SyscallBatch batch) => SetFlags(saved, OpenFlags.Changeable & ~OpenFlags.Async, batch);

    private void SetFlags(SavedDescription saved, uint mask, SyscallBatch batch)
        => batch.Must("set the flags", saved, Sys.fcntl, NumberOf(saved), FSetFl, saved.Data.Flags & mask);

    /// <summary>A descriptor of this process onto the server's, to fill what it stands for.</summary>
    public OwnDescriptor Borrow(int number, string label) => Borrow(_context.Root, number, label);

    /// <summary>The same of any puppet.</summary>
    public static OwnDescriptor Borrow(RestoringTask task, int number, string label)
    {
        using var puppet = PidFd.Open(task.Pid);
        return puppet.TryGet(number, out var errno)
            ?? throw new CrKernelException("CrDescriptorUnreachable", $"Getting {label} from task {task}", errno) { Pid = task.Pid, Object = label };
    }

    /// <summary>Makes all descriptions, in the image's order.</summary>
    public void MakeDescriptions()
    {
        var feed = new BatchFeed(Remote);
        KeepServed(feed);
        // All but what is served, above it too: the first puppet has what this process's program opened without O_CLOEXEC.
        foreach (var (first, last) in _early.OthersUpTo(_firstReserved - 1))
            feed.Next().Must("close inherited descriptors", null, Sys.close_range, first, last, 0);
        feed.Next().Must("close inherited descriptors", null, Sys.close_range, _next, uint.MaxValue, 0);
        Anchors.Of(_context).Make(this, feed);
        feed.Flush();
        MakePlainFiles();
        foreach (var saved in Files.Descriptions)
        {
            _context.ServedDescriptors[saved.ObjRef] = NumberOf(saved);
            if (_early.Has(saved) || IsPlain(saved))
                continue;
            var kind = DescriptorKinds.Find(saved.Data.FdType)
                ?? throw new CrArgumentException("CrDescriptorNotSupported", $"{saved.Task}: {saved.Label} has the unknown type {(int)saved.Data.FdType}.", "Restore with the program that wrote the image, or a newer one.", CrErrorKind.NotSupported);
            var batch = feed.Next();
            feed.After(kind.Restore(this, saved, batch));
        }
        feed.Flush();
        foreach (var saved in Files.Descriptions)
            DescriptorKinds.Find(saved.Data.FdType)!.Link(this, saved, feed.Next());
        feed.Flush();
    }

    private bool IsPlain(SavedDescription saved) => EarlyFiles.IsPlain(saved) && !Outside.Has(saved);

    /// <summary>Regular files that nothing else must be there for, as far as they were not opened before the root began.</summary>
    private void MakePlainFiles()
    {
        var files = new List<(int Number, SavedDescription Saved)>();
        foreach (var saved in Files.Descriptions)
            if (IsPlain(saved) && !_early.Has(saved))
                files.Add((NumberOf(saved), saved));
        files.Sort(static (a, b) => a.Number.CompareTo(b.Number));
        var feed = new BatchFeed(Remote, FilesInPlace.PieceSize);
        var inPlace = new FilesInPlace(feed, files.Count, _early.HasNumber);
        foreach (var (number, saved) in files)
            inPlace.Open(saved, number, closeOnExec: true);
        inPlace.Finish();
        feed.Flush();
    }

    /// <summary>
    /// Opens once more what was opened with O_PATH by a name under which another file stands now: a bound socket's, made anew.
    /// </summary>
    public void Renew(string path)
    {
        var batch = new SyscallBatch();
        foreach (var saved in Files.Descriptions)
            if (saved.Data.FdType == FdType.Path && saved.Name == path)
                DescriptorKinds.Find(FdType.Path)!.Restore(this, saved, batch);
        if (!batch.IsEmpty)
            Remote.Run(batch);
    }

    /// <summary>What earlier stages serve moves above everything, so that all below is free.</summary>
    private void KeepServed(BatchFeed feed)
    {
        foreach (var objRef in _context.ServedDescriptors.Keys.ToArray())
        {
            var number = Reserve();
            feed.Next().Must("move", $"object {objRef}", Sys.dup3, _context.ServedDescriptors[objRef], number, OpenFlags.CloseOnExec);
            _context.ServedDescriptors[objRef] = number;
        }
    }

    /// <summary>
    /// The last calls on descriptions; then the server's numbers are closed. Reserved ones go first: the last reader or
    /// writer of a pipe to go causes a signal (pipe_release in fs/pipe.c), which must find no owner yet.
    /// </summary>
    public void Finish()
    {
        LateNames.Of(this).OpenAll(this);
        var feed = new BatchFeed(Remote);
        foreach (var saved in Files.Descriptions)
            DescriptorKinds.Find(saved.Data.FdType)!.Finish(this, saved, feed.Next());
        feed.Next().Must("close reserved descriptors", null, Sys.close_range, _firstReserved, uint.MaxValue, 0);
        foreach (var saved in Files.Descriptions)
            if (saved.Data.Owner.IsSet || (saved.Data.Flags & OpenFlags.Async) != 0)
                SetOwner(saved, feed.Next());
        feed.Next().Must("close served descriptors", null, Sys.close_range, Base, uint.MaxValue, 0);
        feed.Flush();
        _context.ServedDescriptors.Clear();
    }

    /// <summary>
    /// The signal has the rights of who set the owner (sigio_perm in fs/fcntl.c), so the server takes that user's ids for
    /// the call. Its saved id stays and lets it come back. A user that this user namespace does not know is left out.
    /// </summary>
    private void SetOwner(SavedDescription saved, SyscallBatch batch)
    {
        var owner = saved.Data.Owner;
        var number = NumberOf(saved);
        if (owner.Signal != 0)
            batch.Must("set the signal", saved, Sys.fcntl, number, FSetSig, owner.Signal);
        if (owner.Id != 0)
            SetOwner(saved, owner, number, batch);
        if ((saved.Data.Flags & OpenFlags.Async) != 0)
            SetFlags(saved, OpenFlags.Changeable, batch);
    }

    private static void SetOwner(SavedDescription saved, in DescriptionOwner owner, int number, SyscallBatch batch)
    {
        var switches = owner.Uid != 0 || owner.EffectiveUid != 0;
        if (switches)
            batch.Try(Sys.setresuid, owner.Uid, owner.EffectiveUid, 0);
        Span<int> value = [owner.Kind, owner.Id];
        batch.Must("set the owner", saved, Sys.fcntl, number, FSetOwnEx, batch.In(System.Runtime.InteropServices.MemoryMarshal.AsBytes(value)));
        if (!switches)
            return;
        batch.Try(Sys.setresuid, 0, 0, 0);
        DumpableFlag.Regain(batch);
    }
}
