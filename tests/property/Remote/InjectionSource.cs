using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace CrProperty.Remote;

/// <summary>
/// The readable source of the machine code that the engine embeds. <see cref="InjectedCodeTests"/> proves that the
/// embedded bytes are what these programs assemble to.
/// </summary>
internal static class InjectionSource
{
    // Offsets in the data block in front of the checkpoint code (CrCore.Remote.CheckpointBlob).
    private const int RegR15 = 0, RegR14 = 8, RegR13 = 16, RegR12 = 24, RegRbp = 32, RegRbx = 40, RegR11 = 48, RegR10 = 56,
        RegR9 = 64, RegR8 = 72, RegRax = 80, RegRcx = 88, RegRdx = 96, RegRsi = 104, RegRdi = 112, RegRip = 128,
        RegFlags = 144, RegRsp = 152, SignalMask = 216, FullMask = 224, Marker = 232, ZeroTime = 240, Pid = 256, Tid = 264, ArenaSize = 272, AllSignals = 280;

    /// <summary>Length of the data block; the code follows it.</summary>
    public const int DataSize = 288;

    private const int SysMmap = 9, SysMunmap = 11, SysRtSigprocmask = 14, SysPause = 34, SysClone = 56, SysExit = 60, SysWait4 = 61, SysExitGroup = 231, SysTgkill = 234, SysPpoll = 271, WAll = 0x40000000, EINTR = 4, ECHILD = 10;

    /// <summary>CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: a thread like the program's own.</summary>
    private const int CloneThread = 0x50f00;

    /// <summary>Injected into a task that is being checkpointed: it finds its own way back if the tracer dies.</summary>
    public static byte[] Checkpoint()
    {
        var c = new Assembler(64);
        var marker1 = c.CreateLabel("marker1");
        var run = c.CreateLabel("run");
        var clean = c.CreateLabel("clean");
        var marker2 = c.CreateLabel("marker2");
        var copy = c.CreateLabel("copy");

        // One label for each word of the data block, so that the code reaches it relative to rip.
        var data = new Label[DataSize / 8];
        for (var i = 0; i < data.Length; i++)
        {
            data[i] = c.CreateLabel();
            c.Label(ref data[i]);
            c.dq(0L);
        }
        AssemblerMemoryOperand At(int offset) => __qword_ptr[data[offset / 8]];

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
        c.mov(rax, __qword_ptr[rbx]);
        c.mov(__qword_ptr[rbx], 0);
        c.cmp(rax, 1);
        c.je(run);
        c.cmp(rax, 2);
        c.je(clean);
        c.cmp(rax, 3);
        c.je(copy);
        // The tracer is dead. A handler that would have interrupted the call still does: ppoll(NULL, 0, &zero, &mask, 8).
        c.mov(eax, SysPpoll);
        c.xor(edi, edi);
        c.xor(esi, esi);
        c.lea(rdx, At(ZeroTime));
        c.lea(r10, At(SignalMask));
        c.mov(r8d, 8);
        c.syscall();

        c.Label(ref clean);
        c.mov(eax, SysMunmap);
        c.mov(rdi, rbx);
        c.mov(rsi, At(ArenaSize));
        c.syscall();
        c.Label(ref marker2);
        Kill(c, At);
        // The tracer gives the thread its own mask back just before its registers: should it die between the two,
        // no signal may find the stack pointer in the data block.
        BlockSignals(c, At);

        // Flags first, through a stack pointer that no signal can use now: all signals are still masked.
        c.lea(rsp, At(RegFlags));
        c.popfq();
        foreach (var (register, place) in ((AssemblerRegister64, int)[])[(r15, RegR15), (r14, RegR14), (r13, RegR13), (r12, RegR12), (rbp, RegRbp), (rbx, RegRbx), (r9, RegR9), (r8, RegR8)])
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
        c.jmp(At(RegRip));

        c.Label(ref run);
        Executor(c, marker1);
        c.Label(ref copy);
        MakeCopy(c, At, marker1);
        return Assemble(c);
    }

    /// <summary>
    /// A helper thread makes a copy of the process, waits for the copy's end, whose exit_signal is 0, and ends: the program's
    /// own waits see neither. If the tracer dies the copy ends at once. The helper has no stack of its own and uses none,
    /// and it does not touch the arena, which may be gone at any moment.
    /// </summary>
    private static void MakeCopy(Assembler c, Func<int, AssemblerMemoryOperand> at, Label done)
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
        c.lea(rsi, at(AllSignals));
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

    private static byte[] Assemble(Assembler c)
    {
        using var stream = new MemoryStream();
        c.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }
}
