using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CrCore;
using CrCore.Kernel;
using CrCore.Objects.Bpf;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>Every structure that is handed to the kernel, and every number, against the C headers.</summary>
public sealed class InteropLayoutTest(InteropLayoutTest.Answers answers) : IClassFixture<InteropLayoutTest.Answers>
{
    /// <summary>
    /// A structure here, its C name, and the C member of each field in order; "-" for bytes that have none. A part is the
    /// beginning of the C one, which goes on behind it.
    /// </summary>
    private sealed record Pair(Type Type, string C, string Members, string? Macro = null, bool IsPart = false);

    private static readonly Pair[] Pairs =
    [
        new(typeof(Registers), "struct user_regs_struct",
            "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs"),
        new(typeof(SigInfo), "siginfo_t", "- si_signo si_errno si_code si_pid si_uid si_status si_value si_tid si_overrun si_addr"),
        new(typeof(SignalSet), "sigset_t", "-"),
        new(typeof(KernelSigAction), "struct sigaction", "sa_handler sa_flags sa_restorer sa_mask"),
        new(typeof(SignalStack), "stack_t", "ss_sp ss_flags - ss_size"),
        new(typeof(UserDispatch), "struct ptrace_sud_config", "mode selector offset len", "PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG"),
        new(typeof(SigEvent), "struct sigevent", "sigev_value sigev_signo sigev_notify _sigev_un._tid"),
        new(typeof(TimeSpec), "struct __kernel_timespec", "tv_sec tv_nsec"),
        new(typeof(TimerSpec), "struct __kernel_itimerspec", "it_interval it_value"),
        new(typeof(TimeVal), "struct timeval", "tv_sec tv_usec"),
        new(typeof(IntervalTimer), "struct itimerval", "it_interval it_value"),
        new(typeof(RLimit64), "struct rlimit64", "rlim_cur rlim_max"),
        new(typeof(CloneArgs), "struct clone_args",
            "flags pidfd child_tid parent_tid exit_signal stack stack_size tls set_tid set_tid_size cgroup", "CLONE_ARGS_SIZE_VER2"),
        new(typeof(PrctlMemoryMap), "struct prctl_mm_map",
            "start_code end_code start_data end_data start_brk brk start_stack arg_start arg_end env_start env_end auxv auxv_size exe_fd"),
        new(typeof(RseqConfiguration), "struct ptrace_rseq_configuration", "rseq_abi_pointer rseq_abi_size signature flags -", "PTRACE_GET_RSEQ_CONFIGURATION"),
        new(typeof(RseqCriticalSection), "struct rseq_cs", "version flags start_ip post_commit_offset abort_ip"),
        new(typeof(SchedulingAttributes), "struct sched_attr",
            "size sched_policy sched_flags sched_nice sched_priority sched_runtime sched_deadline sched_period sched_util_min sched_util_max", "SCHED_ATTR_SIZE_VER1"),
        new(typeof(RemoteRange), "struct iovec", "iov_base iov_len"),
        new(typeof(SysInfoData), "struct sysinfo",
            "uptime loads[0] loads[1] loads[2] totalram freeram sharedram bufferram totalswap freeswap procs pad totalhigh freehigh mem_unit"),
        new(typeof(SystemVSegmentStatus), "struct shmid64_ds",
            "shm_perm.key shm_perm.uid shm_perm.gid shm_perm.cuid shm_perm.cgid shm_perm.mode - - - shm_segsz shm_atime shm_dtime shm_ctime shm_cpid shm_lpid shm_nattch - -"),
        new(typeof(BpfMapCreation), "union bpf_attr",
            "map_type key_size value_size max_entries map_flags inner_map_fd numa_node map_name map_ifindex btf_fd btf_key_type_id btf_value_type_id btf_vmlinux_value_type_id map_extra", IsPart: true),
        new(typeof(BpfElementCall), "union bpf_attr", "map_fd - key value flags", IsPart: true),
        new(typeof(BpfInfoCall), "union bpf_attr", "info.bpf_fd info.info_len info.info", IsPart: true),
        new(typeof(BpfIdCall), "union bpf_attr", "map_id next_id open_flags", IsPart: true),
        new(typeof(BpfObjectCall), "union bpf_attr", "pathname bpf_fd file_flags", IsPart: true),
        new(typeof(BpfMapInfo), "struct bpf_map_info",
            "type id key_size value_size max_entries map_flags name ifindex btf_vmlinux_value_type_id netns_dev netns_ino btf_id btf_key_type_id btf_value_type_id - map_extra", IsPart: true),
        new(typeof(BpfProgramInfo), "struct bpf_prog_info",
            "type id tag jited_prog_len xlated_prog_len jited_prog_insns xlated_prog_insns load_time created_by_uid nr_map_ids map_ids name", IsPart: true),
        new(typeof(SemaphoreSetStatus), "struct semid64_ds",
            "sem_perm.key sem_perm.uid sem_perm.gid sem_perm.cuid sem_perm.cgid sem_perm.mode - - - sem_otime - sem_ctime - sem_nsems - -"),
        new(typeof(SystemVQueueStatus), "struct msqid64_ds",
            "msg_perm.key msg_perm.uid msg_perm.gid msg_perm.cuid msg_perm.cgid msg_perm.mode - - - msg_stime msg_rtime msg_ctime msg_cbytes msg_qnum msg_qbytes msg_lspid msg_lrpid - -"),
        new(typeof(SemaphoreOperation), "struct sembuf", "sem_num sem_op sem_flg"),
        new(typeof(EpollPolling), "struct epoll_params", "busy_poll_usecs busy_poll_budget prefer_busy_poll __pad", "EPIOCSPARAMS"),
        new(typeof(UffdApi), "struct uffdio_api", "api features ioctls"),
        new(typeof(UffdRegister), "struct uffdio_register", "range.start range.len mode ioctls"),
        new(typeof(UffdWriteProtect), "struct uffdio_writeprotect", "range.start range.len mode"),
        new(typeof(UffdContinue), "struct uffdio_continue", "range.start range.len mode mapped", "UFFDIO_CONTINUE"),
        new(typeof(UffdMove), "struct uffdio_move", "dst src len mode move", "UFFDIO_MOVE"),
        new(typeof(UffdCopy), "struct uffdio_copy", "dst src len mode copy"),
        new(typeof(PageRegion), "struct page_region", "start end categories", "PAGEMAP_SCAN"),
        new(typeof(PmScanArg), "struct pm_scan_arg",
            "size flags start end walk_end vec vec_len max_pages category_inverted category_mask category_anyof_mask return_mask", "PAGEMAP_SCAN"),
    ];

    private static readonly (string C, long Value)[] Numbers =
    [
        .. Enum.GetNames<Sys>().Select(n => ($"__NR_{n}", (long)Enum.Parse<Sys>(n))),
        .. Enum.GetValues<Errno>().Where(e => e is > 0 and < Errno.ERESTARTSYS).Select(e => (e.ToString(), (long)e)),
        ("PAGEMAP_SCAN", (long)PmScanArg.Request),
        ("EPIOCSPARAMS", EpollPolling.Set), ("EPIOCGPARAMS", EpollPolling.Get),
        ("UFFD_API", (long)UffdApi.Version), ("UFFDIO_API", UffdApi.Request), ("UFFDIO_REGISTER", UffdRegister.Request), ("UFFDIO_COPY", UffdCopy.Request),
        ("UFFDIO_REGISTER_MODE_MISSING", (long)UffdRegister.Missing), ("UFFDIO_REGISTER_MODE_WP", (long)UffdRegister.WriteProtect), ("UFFDIO_REGISTER_MODE_MINOR", (long)UffdRegister.Minor),
        ("UFFDIO_WRITEPROTECT", UffdWriteProtect.Request), ("UFFDIO_WRITEPROTECT_MODE_WP", (long)UffdWriteProtect.Protect), ("UFFDIO_CONTINUE", UffdContinue.Request), ("UFFDIO_MOVE", UffdMove.Request), ("UFFDIO_COPY_MODE_DONTWAKE", (long)UffdCopy.DontWake),
        ("PAGE_IS_WPALLOWED", (long)PageCategories.WriteProtectAllowed), ("PAGE_IS_WRITTEN", (long)PageCategories.Written),
        ("PAGE_IS_FILE", (long)PageCategories.File), ("PAGE_IS_PRESENT", (long)PageCategories.Present),
        ("PAGE_IS_SWAPPED", (long)PageCategories.Swapped), ("PAGE_IS_PFNZERO", (long)PageCategories.ZeroPage),
        ("PAGE_IS_HUGE", (long)PageCategories.Huge), ("PAGE_IS_SOFT_DIRTY", (long)PageCategories.SoftDirty), ("PAGE_IS_GUARD", (long)PageCategories.Guard),
        ("PR_SET_PDEATHSIG", (long)PrctlOption.SetParentDeathSignal), ("PR_GET_PDEATHSIG", (long)PrctlOption.GetParentDeathSignal),
        ("PR_GET_DUMPABLE", (long)PrctlOption.GetDumpable), ("PR_SET_DUMPABLE", (long)PrctlOption.SetDumpable),
        ("PR_GET_KEEPCAPS", (long)PrctlOption.GetKeepCapabilities), ("PR_SET_KEEPCAPS", (long)PrctlOption.SetKeepCapabilities),
        ("PR_SET_NAME", (long)PrctlOption.SetName), ("PR_GET_NAME", (long)PrctlOption.GetName),
        ("PR_GET_SECCOMP", (long)PrctlOption.GetSeccomp), ("PR_SET_SECCOMP", (long)PrctlOption.SetSeccomp),
        ("PR_CAPBSET_READ", (long)PrctlOption.ReadBoundingCapability), ("PR_CAPBSET_DROP", (long)PrctlOption.DropBoundingCapability),
        ("PR_GET_TSC", (long)PrctlOption.GetTsc), ("PR_SET_TSC", (long)PrctlOption.SetTsc),
        ("PR_GET_SECUREBITS", (long)PrctlOption.GetSecureBits), ("PR_SET_SECUREBITS", (long)PrctlOption.SetSecureBits),
        ("PR_SET_TIMERSLACK", (long)PrctlOption.SetTimerSlack), ("PR_GET_TIMERSLACK", (long)PrctlOption.GetTimerSlack),
        ("PR_SET_MM", (long)PrctlOption.SetMemoryMap),
        ("PR_SET_CHILD_SUBREAPER", (long)PrctlOption.SetChildSubreaper), ("PR_GET_CHILD_SUBREAPER", (long)PrctlOption.GetChildSubreaper),
        ("PR_SET_NO_NEW_PRIVS", (long)PrctlOption.SetNoNewPrivileges), ("PR_GET_NO_NEW_PRIVS", (long)PrctlOption.GetNoNewPrivileges),
        ("PR_GET_TID_ADDRESS", (long)PrctlOption.GetTidAddress),
        ("PR_SET_THP_DISABLE", (long)PrctlOption.SetThpDisable), ("PR_GET_THP_DISABLE", (long)PrctlOption.GetThpDisable),
        ("PR_CAP_AMBIENT", (long)PrctlOption.AmbientCapability),
        ("PR_SET_MDWE", (long)PrctlOption.SetMemoryDenyWriteExecute), ("PR_GET_MDWE", (long)PrctlOption.GetMemoryDenyWriteExecute),
        ("PR_TIMER_CREATE_RESTORE_IDS", (long)PrctlOption.TimerCreateRestoreIds), ("PR_SET_VMA", (long)PrctlOption.SetVirtualMemoryAreaName),
        ("RLIMIT_CPU", (long)ResourceKind.Cpu), ("RLIMIT_FSIZE", (long)ResourceKind.FileSize), ("RLIMIT_DATA", (long)ResourceKind.Data),
        ("RLIMIT_STACK", (long)ResourceKind.Stack), ("RLIMIT_CORE", (long)ResourceKind.Core), ("RLIMIT_RSS", (long)ResourceKind.ResidentSet),
        ("RLIMIT_NPROC", (long)ResourceKind.Processes), ("RLIMIT_NOFILE", (long)ResourceKind.OpenFiles), ("RLIMIT_MEMLOCK", (long)ResourceKind.LockedMemory),
        ("RLIMIT_AS", (long)ResourceKind.AddressSpace), ("RLIMIT_LOCKS", (long)ResourceKind.FileLocks), ("RLIMIT_SIGPENDING", (long)ResourceKind.PendingSignals),
        ("RLIMIT_MSGQUEUE", (long)ResourceKind.MessageQueue), ("RLIMIT_NICE", (long)ResourceKind.Nice), ("RLIMIT_RTPRIO", (long)ResourceKind.RealTimePriority),
        ("RLIMIT_RTTIME", (long)ResourceKind.RealTimeTimeout), ("RLIM_NLIMITS", ProcLimits.Count),
        ("SCHED_NORMAL", (long)SchedulingPolicy.Other), ("SCHED_FIFO", (long)SchedulingPolicy.Fifo), ("SCHED_RR", (long)SchedulingPolicy.RoundRobin),
        ("SCHED_BATCH", (long)SchedulingPolicy.Batch), ("SCHED_IDLE", (long)SchedulingPolicy.Idle), ("SCHED_DEADLINE", (long)SchedulingPolicy.Deadline),
        ("SCHED_EXT", (long)SchedulingPolicy.Extensible), ("SCHED_FLAG_RESET_ON_FORK", (long)SchedulingAttributes.ResetOnFork),
        ("SI_TIMER", SigInfo.FromTimer), ("SI_MESGQ", SigInfo.FromMessageQueue), ("SIGEV_THREAD_ID", SigEvent.ThreadId),
        ("SIGEV_SIGNAL", (long)TimerNotify.Signal), ("SIGEV_NONE", (long)TimerNotify.None), ("SIGEV_THREAD", (long)TimerNotify.Thread),
        ("O_NONBLOCK", FileNative.O_NONBLOCK), ("O_DIRECTORY", FileNative.O_DIRECTORY), ("O_NOFOLLOW", FileNative.O_NOFOLLOW),
        ("O_CLOEXEC", FileNative.O_CLOEXEC), ("O_PATH", FileNative.O_PATH), ("AT_FDCWD", FileNative.AT_FDCWD),
        ("CLONE_VM", (long)CloneFlags.Vm), ("CLONE_FS", (long)CloneFlags.Fs), ("CLONE_FILES", (long)CloneFlags.Files), ("CLONE_SIGHAND", (long)CloneFlags.SigHand),
        ("CLONE_PTRACE", (long)CloneFlags.Ptrace), ("CLONE_PARENT", (long)CloneFlags.Parent), ("CLONE_THREAD", (long)CloneFlags.Thread),
        ("CLONE_SYSVSEM", (long)CloneFlags.SysVSem), ("CLONE_NEWNS", (long)CloneFlags.NewNs), ("CLONE_NEWCGROUP", (long)CloneFlags.NewCgroup),
        ("CLONE_NEWUTS", (long)CloneFlags.NewUts), ("CLONE_NEWIPC", (long)CloneFlags.NewIpc), ("CLONE_NEWUSER", (long)CloneFlags.NewUser),
        ("CLONE_NEWPID", (long)CloneFlags.NewPid), ("CLONE_NEWNET", (long)CloneFlags.NewNet),
        ("CAP_SYS_PTRACE", Capabilities.SysPtrace), ("CAP_SYS_ADMIN", Capabilities.SysAdmin), ("CAP_SYS_RESOURCE", Capabilities.SysResource),
        ("CAP_SYS_TIME", Capabilities.SysTime), ("CAP_AUDIT_CONTROL", Capabilities.AuditControl), ("CAP_CHECKPOINT_RESTORE", Capabilities.CheckpointRestore),
        ("PTRACE_O_TRACESYSGOOD", (long)PtraceOptions.TraceSysGood), ("PTRACE_O_TRACECLONE", (long)PtraceOptions.TraceClone),
        ("PTRACE_O_TRACEEXEC", (long)PtraceOptions.TraceExec), ("PTRACE_O_TRACEEXIT", (long)PtraceOptions.TraceExit),
        ("PTRACE_O_EXITKILL", (long)PtraceOptions.ExitKill), ("PTRACE_O_SUSPEND_SECCOMP", (long)PtraceOptions.SuspendSeccomp),
        ("KCMP_FILE", (long)KcmpType.File), ("KCMP_VM", (long)KcmpType.Vm), ("KCMP_FILES", (long)KcmpType.Files), ("KCMP_FS", (long)KcmpType.Fs),
        ("KCMP_SIGHAND", (long)KcmpType.SignalHandlers), ("KCMP_IO", (long)KcmpType.Io), ("KCMP_SYSVSEM", (long)KcmpType.SemaphoreUndo),
        ("BPF_MAP_CREATE", (long)BpfCommand.MapCreate), ("BPF_MAP_LOOKUP_ELEM", (long)BpfCommand.MapLookup), ("BPF_MAP_UPDATE_ELEM", (long)BpfCommand.MapUpdate),
        ("BPF_MAP_GET_NEXT_KEY", (long)BpfCommand.MapGetNextKey), ("BPF_OBJ_GET", (long)BpfCommand.ObjectGet),
        ("BPF_PROG_GET_NEXT_ID", (long)BpfCommand.ProgramGetNextId), ("BPF_MAP_GET_NEXT_ID", (long)BpfCommand.MapGetNextId),
        ("BPF_PROG_GET_FD_BY_ID", (long)BpfCommand.ProgramGetFdById), ("BPF_MAP_GET_FD_BY_ID", (long)BpfCommand.MapGetFdById),
        ("BPF_OBJ_GET_INFO_BY_FD", (long)BpfCommand.ObjectGetInfoByFd), ("BPF_MAP_FREEZE", (long)BpfCommand.MapFreeze),
        ("BPF_MAP_TYPE_HASH", (long)BpfMapType.Hash), ("BPF_MAP_TYPE_ARRAY", (long)BpfMapType.Array), ("BPF_MAP_TYPE_PERCPU_HASH", (long)BpfMapType.PerCpuHash),
        ("BPF_MAP_TYPE_PERCPU_ARRAY", (long)BpfMapType.PerCpuArray), ("BPF_MAP_TYPE_LRU_HASH", (long)BpfMapType.LruHash),
        ("BPF_MAP_TYPE_LRU_PERCPU_HASH", (long)BpfMapType.LruPerCpuHash), ("BPF_MAP_TYPE_LPM_TRIE", (long)BpfMapType.LpmTrie),
        ("BPF_MAP_TYPE_QUEUE", (long)BpfMapType.Queue), ("BPF_MAP_TYPE_STACK", (long)BpfMapType.Stack),
        ("__NEW_UTS_LEN", KernelInfoReader.NameSize - 1),
    ];

    public static TheoryData<string> Structures => [.. Pairs.Select(p => p.Type.Name)];

    [TheoryWith("cc")]
    [MemberData(nameof(Structures))]
    public void A_structure_has_the_size_and_offsets_of_the_headers(string name)
    {
        var pair = Pairs.Single(p => p.Type.Name == name);
        var fields = Fields(pair.Type);
        var members = pair.Members.Split(' ');
        Assert.Equal(members.Length, fields.Length);
        if (!answers.All.TryGetValue($"sizeof({pair.C})", out var size))
        {
            // Older headers: only what this kernel accepts tells (PagemapScannerTest and its like).
            Assert.NotNull(pair.Macro);
            return;
        }

        var mine = (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(pair.Type).Invoke(null, null)!;
        if (pair.IsPart)
            Assert.InRange(mine, 1, size);
        else
            Assert.Equal(size, mine);
        for (var i = 0; i < members.Length; i++)
            if (members[i] != "-")
                Assert.Equal($"{members[i]} at {answers.All[$"offsetof({pair.C}, {members[i]})"]}", $"{members[i]} at {OffsetOf(pair.Type, fields[i], mine)}");
    }

    [FactWith("cc")]
    public void Numbers_are_those_of_the_headers()
    {
        var known = Numbers.Where(n => answers.All.ContainsKey(n.C)).ToArray();

        Assert.Equal(known.Select(n => $"{n.C} {answers.All[n.C]}"), known.Select(n => $"{n.C} {n.Value}"));
        // Headers of any age have nearly all of them; a name that is spelled wrong must not hide among the new ones.
        Assert.InRange(known.Length, Numbers.Length - 40, Numbers.Length);
        Assert.Contains(known, n => n.C == "__NR_kcmp");
    }

    private static FieldInfo[] Fields(Type type)
        => [.. type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(f => f.MetadataToken)];

    // Every byte of the structure is its own offset, so the first byte of a field is where it lies.
    private static int OffsetOf(Type type, FieldInfo field, int size)
    {
        Assert.InRange(size, 1, 256);
        var bytes = new byte[size];
        for (var i = 0; i < size; i++)
            bytes[i] = (byte)i;
        var pattern = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        try
        {
            var value = typeof(InteropLayoutTest).GetMethod(nameof(ReadBoxed), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(type).Invoke(null, [pattern.AddrOfPinnedObject()])!;
            return FirstByte(field.GetValue(value)!);
        }
        finally
        {
            pattern.Free();
        }
    }

    private static unsafe object ReadBoxed<T>(nint at) where T : unmanaged => *(T*)at;

    private static int FirstByte(object value) => value switch
    {
        _ when value.GetType().IsEnum => FirstByte(Convert.ChangeType(value, Enum.GetUnderlyingType(value.GetType()))),
        ulong n => (byte)n,
        long n => (byte)n,
        uint n => (byte)n,
        int n => (byte)n,
        ushort n => (byte)n,
        byte n => n,
        short n => (byte)n,
        Pointer p => PointerByte(p),
        _ => FirstByte(Fields(value.GetType())[0].GetValue(value)!),
    };

    private static unsafe int PointerByte(Pointer p) => (byte)(ulong)Pointer.Unbox(p);

    public sealed class Answers
    {
        // Asked for by the first test that runs: where all are skipped there is no compiler to ask.
        private readonly Lazy<Dictionary<string, long>> _all = new(() => CHeaders.Ask(
        [
            // Several structures may be parts of the same one.
            .. Pairs.Select(p => ($"sizeof({p.C})", p.Macro)).Distinct(),
            .. Pairs.SelectMany(p => p.Members.Split(' ').Where(m => m != "-").Select(m => ($"offsetof({p.C}, {m})", p.Macro))).Distinct(),
            // The numbers of kcmp and bpf are enumerators, which no #ifdef sees.
            .. Numbers.Select(n => (n.C, n.C.StartsWith("KCMP_") || n.C.StartsWith("BPF_") ? null : n.C)),
        ]));

        internal Dictionary<string, long> All => _all.Value;
    }
}
