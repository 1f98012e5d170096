using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>
/// A task of ours that runs batches and becomes a restored task in the end. Puppets are traced with
/// PTRACE_O_EXITKILL: none outlives the tracer thread before it is released.
/// </summary>
internal sealed class Puppet : IRemoteTask
{
    private const int SigTrap = 5;

    /// <summary>Everything but SIGTRAP: a trap that finds its signal masked would reset the signal's action (force_sig_info).</summary>
    public const ulong SignalMask = ~(1UL << (SigTrap - 1));

    private readonly ulong _code;
    private readonly PuppetArena _room;
    private ulong _leadTo;
    private SyscallBatch? _running;

    /// <param name="tid">A stopped tracee that has the puppet's page.</param>
    /// <param name="pid">Its thread group, for access to its memory.</param>
    /// <param name="page">Address of the puppet's page; the arena follows it.</param>
    /// <param name="arenaSize">Bytes of the arena.</param>
    public Puppet(int tid, int pid, ulong page, int arenaSize)
        : this(tid, pid, page, new PuppetArena(page + PuppetElf.PageSize, arenaSize))
    {
    }

    private Puppet(int tid, int pid, ulong page, PuppetArena room)
    {
        Tid = tid;
        Pid = pid;
        Page = page;
        _code = page + PuppetElf.CodeOffset;
        _room = room;
    }

    /// <summary>A thread that this puppet has made.</summary>
    public Puppet NewThread(int tid) => new(tid, Pid, Page, _room);

    public int Tid { get; }

    public int Pid { get; }

    /// <summary>The page of the code; the arena follows it.</summary>
    public ulong Page { get; }

    public ulong Arena => _room.Start;

    public int ArenaSize => _room.Size;

    /// <summary>Starts the first puppet, a child of this process, and stops it.</summary>
    public static Puppet Start(ulong page, int arenaSize)
    {
        int pid;
        using (var program = MemoryFd.CreateExecutable("crpuppet", PuppetElf.Build(page, arenaSize)))
            pid = Spawn.Start($"/proc/self/fd/{program.DangerousGetHandle()}", "crpuppet", SignalMask);
        var puppet = new Puppet(pid, pid, page, arenaSize);
        try
        {
            puppet.Check(Ptrace.Seize(pid, PtraceOptions.TraceSysGood | PtraceOptions.ExitKill), "Seizing");
            puppet.Check(Ptrace.Interrupt(pid), "Interrupting");
            puppet.AwaitBirth();
            // posix_spawn(3) leaves out the two signals that glibc keeps to itself (32 and 33), which its timers use.
            puppet.Check(Ptrace.SetSignalMask(pid, SignalMask), "Masking the signals");
            puppet.LeaveNothingToInherit();
            return puppet;
        }
        catch
        {
            Libc.Syscall(Sys.kill, pid, 9);
            Wait.Take(pid, noHang: false, out _);
            throw;
        }
    }

    /// <summary>The event stop in which a puppet begins: after the interrupt, or at its birth by CLONE_PTRACE.</summary>
    public void AwaitBirth()
    {
        var stop = AwaitStop();
        if (!stop.IsEventStop)
            throw Unexpected(stop);
    }

    /// <summary>
    /// Replaces the page that the memory file backs: PR_SET_MM_EXE_FILE refuses while a mapping of the old program stands
    /// (replace_mm_exe_file in kernel/fork.c). And leaves no private memory to inherit: each child would be linked to every
    /// process above it that had it (anon_vma_fork in mm/rmap.c), which makes a deep tree slow to create and to end. The
    /// page is shared instead, the arena is empty in a child, whose first batch is written anew, and no puppet has a stack.
    /// </summary>
    private void LeaveNothingToInherit()
    {
        const int sharedAnonymous = 0x21, mayMoveFixed = 3, readExecute = 5, wipeOnFork = 18;
        var map = new SyscallBatch();
        var copy = map.Must("map a page", null, Sys.mmap, 0, PuppetElf.PageSize, 7, sharedAnonymous, -1, 0);
        Run(map);
        var contents = new byte[PuppetElf.PageSize];
        ProcessMemory.Read(Pid, Page, contents);
        ProcessMemory.Write(Pid, (ulong)map.Result(copy), contents);
        var move = new SyscallBatch();
        // Over the very page that runs: its bytes stay the same.
        move.Must("move a page", null, Sys.mremap, map.Result(copy), PuppetElf.PageSize, PuppetElf.PageSize, mayMoveFixed, Page);
        move.Must("protect a page", null, Sys.mprotect, Page, PuppetElf.PageSize, readExecute);
        if (TaskCalls.TryGetLimit(0, ResourceKind.OpenFiles, out var own))
            // Puppets need more numbers than a soft limit usually allows; the tasks' own limits come back later.
            move.Must("raise the limit of open files", null, Sys.prlimit64, 0, (int)ResourceKind.OpenFiles, move.In(new RLimit64(own.Hard, own.Hard)), 0);
        move.Must("keep the arena from children", null, Sys.madvise, Arena, ArenaSize, wipeOnFork);
        var mappings = new List<MemoryMapping>();
        using var proc = new ProcReader();
        ProcMaps.TryRead(proc, Pid, mappings);
        foreach (var m in mappings)
            if (m.Kind == MappingKind.Stack)
                move.Must("unmap the stack", null, Sys.munmap, m.Start, m.Length);
        Run(move);
    }

    public void Run(SyscallBatch batch)
    {
        if (batch.IsEmpty)
            return;
        Send(batch);
        Finish(batch);
    }

    /// <summary>
    /// Starts a batch without waiting for it; <see cref="Finish"/> must follow. Meanwhile other puppets can run batches.
    /// </summary>
    public void Send(SyscallBatch batch)
    {
        if (batch.ArenaBytes > ArenaSize)
            throw new InvalidOperationException($"A batch of {batch.Count} calls needs {batch.ArenaBytes} bytes, the arena has {ArenaSize}.");
        // As a rule it is laid out beside the one that still runs, and the puppet waits the less for it.
        if (!_room.TryTakeSlice(this, batch.ArenaBytes, out var arena))
        {
            Complete();
            arena = _room.Take(this, batch.ArenaBytes);
        }
        ProcessMemory.Write(Pid, arena, batch.Encode(arena));
        Complete();
        if (_leadTo != arena)
            Lead(arena);
        _running = batch;
        Check(Ptrace.Continue(Tid), "Continuing");
    }

    /// <summary>Waits for a batch that was sent.</summary>
    /// <exception cref="CrKernelException">A call that must succeed failed.</exception>
    public void Finish(SyscallBatch batch)
    {
        Complete();
        batch.Conclude(Tid);
    }

    /// <summary>Waits for the batch that runs, if any does, and takes its results.</summary>
    internal void Complete()
    {
        if (_running is not { } batch)
            return;
        _running = null;
        var stop = AwaitStop();
        // A SIGCONT that is queued for the process has each traced thread stop once more (prepare_signal in kernel/signal.c).
        while (stop.IsEventStop)
        {
            Check(Ptrace.Continue(Tid), "Continuing");
            stop = AwaitStop();
        }
        if (!stop.IsStop || stop.StopSignal != SigTrap || stop.Event != 0)
            throw Unexpected(stop);
        ProcessMemory.Read(Pid, _leadTo, batch.ArenaBytesAfterRun);
        _room.Return(this, _leadTo);
    }

    /// <summary>
    /// Lets this puppet go as the init of its pid namespace: it holds no descriptors, waits for every orphan, and ends
    /// when the last task of the namespace has ended, with the root's status.
    /// </summary>
    public void BecomeInit(int rootVPid)
    {
        const int prSetName = 15;
        var batch = new SyscallBatch();
        batch.Must("name the init", null, Sys.prctl, prSetName, batch.Text("crinit"));
        batch.Must("close descriptors", null, Sys.close_range, 0, uint.MaxValue, 0);
        Run(batch);
        Check(Ptrace.GetRegisters(Tid, out var r), "Reading the registers");
        (r.Rip, r.Rbx, r.R12, r.R13, r.OrigRax) = (Page + PuppetElf.InitOffset, Arena, (ulong)rootVPid, 0, ulong.MaxValue);
        Check(Ptrace.SetRegisters(Tid, r), "Setting the registers");
        Check(Ptrace.SetSignalMask(Tid, 0), "Setting the signal mask");
        Check(Ptrace.SetOptions(Tid, PtraceOptions.TraceSysGood), "Disarming");
        Check(Ptrace.Detach(Tid), "Detaching");
    }

    /// <summary>Points the registers to the executor. After each batch they stand behind its int3, where it begins anew.</summary>
    private void Lead(ulong arena)
    {
        Check(Ptrace.GetRegisters(Tid, out var registers), "Reading the registers");
        registers.Rip = _code + InjectedCode.PuppetRun;
        registers.Rbx = arena;
        registers.OrigRax = ulong.MaxValue;
        Check(Ptrace.SetRegisters(Tid, registers), "Setting the registers");
        _leadTo = arena;
    }

    private WaitReport AwaitStop()
    {
        new Tracee(Tid, polled: false).AwaitStop(long.MaxValue, out var report);
        return report;
    }

    private CrTargetException Unexpected(WaitReport stop)
        => new("CrPuppetFailed", stop.IsEnd
                ? $"The process {Tid} that was to become a restored task ended early ({stop})."
                : $"The process {Tid} that was to become a restored task stopped in a way that the engine does not expect ({stop}).",
               "Was it killed by the out-of-memory killer or by hand? Nothing was left behind; try again.") { Pid = Tid };

    private void Check(Errno e, string what)
    {
        if (e == Errno.ESRCH)
            throw new CrTargetException("CrPuppetFailed", $"The process {Tid} that was to become a restored task ended early.",
                "Was it killed by the out-of-memory killer or by hand? Nothing was left behind; try again.") { Pid = Tid };
        if (e != Errno.None)
            throw new CrKernelException("CrTraceFailed", $"{what} of task {Tid}", e) { Pid = Tid };
    }
}
