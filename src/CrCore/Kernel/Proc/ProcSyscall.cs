using System.Runtime.CompilerServices;

namespace CrCore.Kernel;

/// <summary>The six arguments of a system call, in the order of the calling convention.</summary>
[InlineArray(6)]
public struct SyscallArguments
{
    private ulong _first;
}

/// <summary>/proc/PID/syscall (proc_pid_syscall(5); needs CONFIG_HAVE_ARCH_TRACEHOOK and ptrace access).</summary>
public readonly record struct ProcSyscall
{
    private const long NoCall = -1, OnProcessor = -2;

    /// <summary>The number of the call that the task is blocked in; below 0 when it is in none.</summary>
    public long Number { get; private init; }
    public SyscallArguments Arguments { get; private init; }
    public ulong StackPointer { get; private init; }
    public ulong InstructionPointer { get; private init; }

    /// <summary>The task is not blocked: it holds a processor or waits for one, and nothing else is known.</summary>
    public bool IsRunning => Number == OnProcessor;

    /// <summary>The task is blocked in a system call, and <see cref="Arguments"/> hold.</summary>
    public bool IsInCall => Number >= 0;

    /// <summary>Reads where a task is; false when it is gone.</summary>
    /// <exception cref="CrKernelException">The file cannot be read (EACCES, EPERM) or is in an unknown form.</exception>
    public static bool TryRead(ProcReader reader, TaskDir dir, out ProcSyscall call)
    {
        call = default;
        if (!reader.TryRead(dir, "syscall"u8, out var text))
            return false;
        return TryParse(text, out call) ? true : throw KernelError.BadText($"{dir}/syscall", dir.Task);
    }

    /// <summary>Parses the text of a syscall file; false where it is not as the manual page says.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ProcSyscall call)
    {
        call = new ProcSyscall { Number = OnProcessor };
        if (text.StartsWith("running"u8))
            return true;
        var c = new TextCursor(text);
        var number = c.Decimal();
        var arguments = default(SyscallArguments);
        if (number >= 0)
            for (var i = 0; i < 6; i++)
                arguments[i] = c.Hex();
        call = new ProcSyscall
        {
            Number = number < 0 ? NoCall : number,
            Arguments = arguments,
            StackPointer = c.Hex(),
            InstructionPointer = c.Hex(),
        };
        return !c.Failed;
    }
}
