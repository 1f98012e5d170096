using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace CrProperty.Remote;

/// <summary>
/// The readable source of the machine code that the engine embeds. <see cref="InjectedCodeTests"/> proves that the
/// embedded bytes are what these programs assemble to.
/// </summary>
internal static class InjectionSource
{
    // Offsets in a thread's data block (CrCore.Remote.CheckpointBlob), reached from r14, which leads Bias bytes into it.
    private const int Bias = 128;
    private const int RegR15 = 0, RegR13 = 8, RegR12 = 16, RegRbp = 24, RegRbx = 32, RegR11 = 40, RegR10 = 48, RegR9 = 56, RegR8 = 64,
        RegRax = 72, RegRcx = 80, RegRdx = 88, RegRsi = 96, RegRdi = 104, RegFlags = 112, RegRsp = 120,
        SignalMask = 128, FullMask = 136, Marker = 144, Pid = 152, Tid = 160, Go = 168, Jump = 176;

    // The host's alone, behind its block.
    private const int ArenaSize = 200, FirstGuest = 208, EndOfGuests = 216;

    /// <summary>Length of a block, and of a guest's part of the arena; where a guest says that it is done with the arena.</summary>
    public const int BlockSize = 200, GuestRoom = 65536, DoneAt = 24;

    /// <summary>Where the guests' parts of the arena begin.</summary>
    public const int GuestsAt = 4096;

    private const int SysMmap = 9, SysMunmap = 11, SysRtSigprocmask = 14, SysPause = 34, SysClone = 56, SysExit = 60, SysWait4 = 61, SysExitGroup = 231, SysTgkill = 234, SysPpoll = 271, WAll = 0x40000000, EINTR = 4, ECHILD = 10;

    /// <summary>CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: a thread like the program's own.</summary>
    private const int CloneThread = 0x50f00;

    /// <summary>
    /// Injected into a task that is being checkpointed: it finds its own way back if the tracer dies. One thread, the host, maps
    /// the arena; others, its guests, may run one batch each in it. A guest touches the arena only if its block says so, which
    /// the tracer writes once the guest's registers lead here; and while a guest may be in it, a host without a tracer waits.
    /// </summary>
    /// <param name="hostEntry">Where the host begins; a guest begins at 0.</param>
    public static byte[] Checkpoint(out int hostEntry)
    {
        var c = new Assembler(64);
        var host = c.CreateLabel("host");
        var marker1 = c.CreateLabel("marker1");
        var run = c.CreateLabel("run");
        var ran = c.CreateLabel("ran");
        var back = c.CreateLabel("back");
        var clean = c.CreateLabel("clean");
        var marker2 = c.CreateLabel("marker2");
        var copy = c.CreateLabel("copy");
        var noTime = c.CreateLabel("noTime");
        var moment = c.CreateLabel("moment");
        var allSignals = c.CreateLabel("allSignals");
        AssemblerMemoryOperand At(int offset) => __qword_ptr[r14 + (offset - Bias)];

        // A guest: rbx is its part of the arena.
        BlockSignals(c, At);
        c.cmp(At(Go), 0);
        c.je(marker2);
        c.lea(r15, __[ran]);
        c.jmp(run);
        c.Label(ref ran);
        c.mov(__qword_ptr[rbx + DoneAt], 1);
        c.jmp(marker2);

        c.Label(ref host);
        BlockSignals(c, At);
        // rbx = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        c.mov(eax, SysMmap);
        c.xor(edi, edi);
        c.mov(rsi, At(ArenaSize));
        c.mov(edx, 3);
        c.mov(r10d, 0x22);
        c.mov(r8, -1);
        c.xor(r9d, r9d);
        c.syscall();
        c.mov(rbx, rax);

        c.Label(ref marker1);
        Kill(c, At);
        c.cmp(rbx, -4095);
        c.jae(marker2);
        // The command is taken once: a tracer that dies now leaves 0 behind, and the program goes its own way.
        c.xor(eax, eax);
        c.xchg(__qword_ptr[rbx], rax);
        c.lea(r15, __[marker1]);
        c.cmp(eax, 1);
        c.je(run);
        c.cmp(eax, 2);
        c.je(clean);
        c.cmp(eax, 3);
        c.je(copy);
        AwaitGuests(c, At, moment, clean);
        c.Label(ref clean);
        c.mov(eax, SysMunmap);
        c.mov(rdi, rbx);
        c.mov(rsi, At(ArenaSize));
        c.syscall();
        c.Label(ref marker2);
        Kill(c, At);
        // The tracer is dead. A handler that would have interrupted the call still does: ppoll(NULL, 0, &zero, &mask, 8).
        c.lea(rdx, __[noTime]);
        c.lea(r10, At(SignalMask));
        Poll(c);
        // The tracer gives the thread its own mask back just before its registers: should it die between the two,
        // no signal may find the stack pointer in the data block.
        BlockSignals(c, At);

        // Flags first, through a stack pointer that no signal can use now: all signals are still masked.
        c.lea(rsp, At(RegFlags));
        c.popfq();
        foreach (var (register, place) in ((AssemblerRegister64, int)[])[(r15, RegR15), (r13, RegR13), (r12, RegR12), (rbp, RegRbp), (rbx, RegRbx), (r9, RegR9), (r8, RegR8)])
            c.mov(register, At(place));
        c.mov(rsp, At(RegRsp));
        // rt_sigprocmask(SIG_SETMASK, &mask, NULL, 8); mov and the call itself leave the flags alone.
        c.mov(eax, SysRtSigprocmask);
        c.mov(edi, 2);
        c.lea(rsi, At(SignalMask));
        c.mov(edx, 0);
        c.mov(r10d, 8);
        c.syscall();
        foreach (var (register, place) in ((AssemblerRegister64, int)[])[(r11, RegR11), (r10, RegR10), (rax, RegRax), (rcx, RegRcx), (rdx, RegRdx), (rsi, RegRsi), (rdi, RegRdi)])
            c.mov(register, At(place));
        // The block ends with code of the thread's own: mov r14, its value; jmp [its rip].
        c.lea(r14, At(Jump));
        c.jmp(r14);

        c.Label(ref run);
        Executor(c, back);
        c.Label(ref back);
        c.jmp(r15);
        c.Label(ref copy);
        MakeCopy(c, allSignals, marker1);
        c.Label(ref noTime);
        c.dq(0L, 0L);
        c.Label(ref moment);
        c.dq(0L, 1_000_000L);
        c.Label(ref allSignals);
        c.dq(-1L);
        return Assemble(c, host, out hostEntry);
    }

    /// <summary>
    /// For each guest: as long as its block lets it into the arena and it has not said that it is done there, look again in a
    /// millisecond. Not by nanosleep(2): an interrupted one would take the place of the program's own restart block.
    /// </summary>
    private static void AwaitGuests(Assembler c, Func<int, AssemblerMemoryOperand> at, Label moment, Label done)
    {
        var look = c.CreateLabel("look");
        var next = c.CreateLabel("next");
        c.mov(r12, at(FirstGuest));
        c.lea(r13, __[rbx + GuestsAt]);
        c.Label(ref look);
        c.cmp(r12, at(EndOfGuests));
        c.jae(done);
        c.cmp(__qword_ptr[r12 + Go], 0);
        c.je(next);
        c.cmp(__qword_ptr[r13 + DoneAt], 0);
        c.jne(next);
        c.lea(rdx, __[moment]);
        c.xor(r10d, r10d);
        Poll(c);
        c.jmp(look);
        c.Label(ref next);
        c.add(r12, BlockSize);
        c.add(r13, GuestRoom);
        c.jmp(look);
    }

    /// <summary>ppoll(NULL, 0, rdx, r10, 8).</summary>
    private static void Poll(Assembler c)
    {
        c.mov(eax, SysPpoll);
        c.xor(edi, edi);
        c.xor(esi, esi);
        c.mov(r8d, 8);
        c.syscall();
    }

    /// <summary>
    /// A helper thread makes a copy of the process, waits for the copy's end, whose exit_signal is 0, and ends: the program's
    /// own waits see neither. If the tracer dies the copy ends at once. The helper has no stack of its own and uses none,
    /// and it does not touch the arena, which may be gone at any moment.
    /// </summary>
    private static void MakeCopy(Assembler c, Label allSignals, Label done)
    {
        var helper = c.CreateLabel("helper");
        var failed = c.CreateLabel("failed");
        var wait = c.CreateLabel("wait");
        var end = c.CreateLabel("end");
        var copied = c.CreateLabel("copied");
        // [rbx + 16] = clone(CLONE_THREAD …, same stack)
        c.mov(eax, SysClone);
        c.mov(edi, CloneThread);
        NoFurtherArguments(c);
        c.syscall();
        c.test(rax, rax);
        c.jz(helper);
        c.mov(__qword_ptr[rbx + 16], rax);
        c.jmp(done);

        c.Label(ref helper);
        c.mov(eax, SysRtSigprocmask);
        c.mov(edi, 2);
        c.lea(rsi, __[allSignals]);
        c.xor(edx, edx);
        c.mov(r10d, 8);
        c.syscall();
        // clone(0): a process of its own that ends without a signal.
        c.mov(eax, SysClone);
        c.xor(edi, edi);
        NoFurtherArguments(c);
        c.syscall();
        c.test(eax, eax);
        c.jz(copied);
        c.js(failed);
        c.mov(r12d, eax);
        c.Label(ref wait);
        c.mov(eax, SysWait4);
        c.mov(edi, r12d);
        c.xor(esi, esi);
        c.mov(edx, WAll);
        c.xor(r10d, r10d);
        c.syscall();
        c.cmp(eax, -EINTR);
        c.je(wait);
        c.xor(edi, edi);
        c.Label(ref end);
        c.mov(eax, SysExit);
        c.syscall();
        // The errno is the helper's exit code.
        c.Label(ref failed);
        c.mov(edi, eax);
        c.neg(edi);
        c.jmp(end);
        c.Label(ref copied);
        c.mov(eax, SysExitGroup);
        c.xor(edi, edi);
        c.syscall();
    }

    private static void NoFurtherArguments(Assembler c)
    {
        c.xor(esi, esi);
        c.xor(edx, edx);
        c.xor(r10d, r10d);
        c.xor(r8d, r8d);
    }

    /// <summary>
    /// The code of a puppet: waits for its tracer, then stops, runs the batch that the tracer wrote, stops again.
    /// rbx holds the arena.
    /// </summary>
    public static byte[] Puppet()
    {
        var c = new Assembler(64);
        var stop = c.CreateLabel("stop");
        var run = c.CreateLabel("run");
        var wait = c.CreateLabel("wait");
        c.Label(ref wait);
        c.mov(eax, SysPause);
        c.syscall();
        c.jmp(wait);
        c.Label(ref stop);
        c.int3();
        c.Label(ref run);
        Executor(c, stop);
        return Assemble(c);
    }

    /// <summary>
    /// The init of a pid namespace whose tree has none: waits for every child and orphan; when none is left it ends as
    /// the tree's root ended. rbx: a word for the status; r12: the root's pid; r13: the status to end with.
    /// </summary>
    public static byte[] Init()
    {
        var c = new Assembler(64);
        var loop = c.CreateLabel("loop");
        var end = c.CreateLabel("end");
        var exit = c.CreateLabel("exit");
        c.Label(ref loop);
        c.mov(eax, SysWait4);
        c.mov(rdi, -1);
        c.mov(rsi, rbx);
        c.mov(edx, WAll);
        c.xor(r10d, r10d);
        c.syscall();
        c.cmp(rax, -ECHILD);
        c.je(end);
        c.cmp(rax, r12);
        c.jne(loop);
        c.mov(r13d, __dword_ptr[rbx]);
        c.jmp(loop);
        c.Label(ref end);
        // As a shell says it: the exit code, or 128 and the signal.
        c.mov(edi, r13d);
        c.shr(edi, 8);
        c.and(r13d, 0x7f);
        c.jz(exit);
        c.lea(edi, __[r13 + 128]);
        c.Label(ref exit);
        c.mov(eax, SysExitGroup);
        c.syscall();
        return Assemble(c);
    }

    /// <summary>rt_sigprocmask(SIG_SETMASK, &amp;full, NULL, 8): all but the marker signal.</summary>
    private static void BlockSignals(Assembler c, Func<int, AssemblerMemoryOperand> at)
    {
        c.mov(eax, SysRtSigprocmask);
        c.mov(edi, 2);
        c.lea(rsi, at(FullMask));
        c.xor(edx, edx);
        c.mov(r10d, 8);
        c.syscall();
    }

    /// <summary>tgkill(pid, tid, marker): the stop that the tracer waits for.</summary>
    private static void Kill(Assembler c, Func<int, AssemblerMemoryOperand> at)
    {
        c.mov(eax, SysTgkill);
        c.mov(rdi, at(Pid));
        c.mov(rsi, at(Tid));
        c.mov(rdx, at(Marker));
        c.syscall();
    }

    /// <summary>
    /// Runs [rbx + 8] records from rbx + 64 on, 72 bytes each: u32 number, u32 flags, six arguments, u64 where to
    /// store the result too (or 0), s64 result. Number 0xffffffff copies a word. Flag 1 ends the batch on an error.
    /// </summary>
    private static void Executor(Assembler c, Label done)
    {
        var loop = c.CreateLabel("loop");
        var copy = c.CreateLabel("copy");
        var stored = c.CreateLabel("stored");
        var next = c.CreateLabel("next");
        c.mov(r12, __qword_ptr[rbx + 8]);
        c.lea(r13, __qword_ptr[rbx + 64]);
        c.Label(ref loop);
        c.test(r12, r12);
        c.jz(done);
        c.mov(eax, __dword_ptr[r13]);
        c.mov(rdi, __qword_ptr[r13 + 8]);
        c.mov(rsi, __qword_ptr[r13 + 16]);
        c.cmp(eax, -1);
        c.je(copy);
        c.mov(rdx, __qword_ptr[r13 + 24]);
        c.mov(r10, __qword_ptr[r13 + 32]);
        c.mov(r8, __qword_ptr[r13 + 40]);
        c.mov(r9, __qword_ptr[r13 + 48]);
        c.syscall();
        c.mov(__qword_ptr[r13 + 64], rax);
        c.mov(rcx, __qword_ptr[r13 + 56]);
        c.test(rcx, rcx);
        c.jz(stored);
        c.mov(__qword_ptr[rcx], rax);
        c.Label(ref stored);
        c.test(__dword_ptr[r13 + 4], 1);
        c.jz(next);
        c.cmp(rax, -4095);
        c.jae(done);
        c.Label(ref next);
        c.add(r13, 72);
        c.dec(r12);
        c.jmp(loop);
        c.Label(ref copy);
        c.mov(rax, __qword_ptr[rdi]);
        c.mov(__qword_ptr[rsi], rax);
        c.jmp(next);
    }

    private static byte[] Assemble(Assembler c, Label label, out int at)
    {
        using var stream = new MemoryStream();
        var result = c.Assemble(new StreamCodeWriter(stream), 0, BlockEncoderOptions.ReturnNewInstructionOffsets);
        at = (int)result.GetLabelRIP(label);
        return stream.ToArray();
    }

    private static byte[] Assemble(Assembler c)
    {
        using var stream = new MemoryStream();
        c.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }
}
