using System.Buffers;
using CrCore.Image;
using CrCore.Inspection;
using CrCore.Objects.Credentials;
using CrCore.Objects.Memory;
using CrCore.Objects.Threads;

namespace CrCore.Export;

/// <summary>
/// The notes of an ELF core as fs/binfmt_elf.c writes them (include/uapi/linux/elf.h, elfcore.h): for each thread its registers,
/// and once what is known of the process.
/// </summary>
internal sealed class CoreNotes
{
    private const uint PrStatus = 1, FpRegSet = 2, PrPsInfo = 3, Auxv = 6, X86Xstate = 0x202, SigInfo = 0x53494749, File = 0x46494c45;

    private readonly ArrayBufferWriter<byte> _bytes = new(16 << 10);

    private CoreNotes()
    {
    }

    public static ReadOnlyMemory<byte> Of(TaskImage task, ImageMemory memory)
    {
        var notes = new CoreNotes();
        for (var i = 0; i < task.Threads.Count; i++)
        {
            var thread = task.Threads[i];
            notes.AddStatus(task, thread);
            if (i == 0)
                notes.AddProcess(task, memory);
            if (thread.Get<CpuRecord>() is not { Xstate.Length: >= CoreXstate.LegacyState } cpu)
                continue;
            notes.Add("CORE", FpRegSet, cpu.Xstate.Span[..CoreXstate.LegacyState]);
            notes.Add("LINUX", X86Xstate, CoreXstate.Of(cpu.Xstate).Span);
        }
        return notes._bytes.WrittenMemory;
    }

    /// <summary>struct elf_prstatus. Times are not saved and stay 0.</summary>
    private void AddStatus(TaskImage task, ThreadImage thread)
    {
        var (payload, w) = Start();
        var signal = task.Task.IsStopped ? (int)task.Task.ExitCode : 0;
        w.I32(signal);
        w.U64(0);
        w.U32((uint)signal);
        w.U64(0);
        w.U64(0);
        WriteIds(ref w, thread.VTid, task);
        w.Raw(stackalloc byte[64]);
        WriteRegisters(ref w, thread);
        w.U64(thread.Get<CpuRecord>()?.Xstate.IsEmpty == false ? 1ul : 0);
        Add("CORE", PrStatus, payload.WrittenSpan);
    }

    private static void WriteRegisters(ref FieldWriter w, ThreadImage thread)
    {
        var r = thread.Get<CpuRecord>()?.Registers ?? default;
        // struct user_regs_struct, as the kernel and Registers order it.
        ReadOnlySpan<ulong> values =
        [
            r.R15, r.R14, r.R13, r.R12, r.Rbp, r.Rbx, r.R11, r.R10, r.R9, r.R8, r.Rax, r.Rcx, r.Rdx, r.Rsi, r.Rdi, r.OrigRax,
            r.Rip, r.Cs, r.Eflags, r.Rsp, r.Ss, r.FsBase, r.GsBase, r.Ds, r.Es, r.Fs, r.Gs,
        ];
        foreach (var value in values)
            w.U64(value);
    }

    private void AddProcess(TaskImage task, ImageMemory memory)
    {
        AddInfo(task, memory);
        Add("CORE", SigInfo, stackalloc byte[128]);
        if (memory.LayoutOf(task) is not { } layout)
            return;
        Add("CORE", Auxv, layout.Mm.Auxv.Span);
        AddFiles(layout);
    }

    /// <summary>struct elf_prpsinfo.</summary>
    private void AddInfo(TaskImage task, ImageMemory memory)
    {
        var (payload, w) = Start();
        var state = task.Task.IsStopped ? 3 : task.Task.State == TaskRecord.StateRunning ? 0 : 1;
        w.U8((byte)state);
        w.U8((byte)"RSDT"[state]);
        w.U16(0);
        w.U32(0);
        w.U64(0);
        var credentials = task.Threads.Count > 0 ? task.Threads[0].Get<CredentialsRecord>() : null;
        w.U32(credentials?.Uid.Real ?? 0);
        w.U32(credentials?.Gid.Real ?? 0);
        WriteIds(ref w, task.VPid, task);
        w.FixedText(task.Comm, 16);
        w.Raw(Arguments(task, memory));
        Add("CORE", PrPsInfo, payload.WrittenSpan);
    }

    /// <summary>The command line's first 79 bytes, as fill_psinfo takes them from the program's memory.</summary>
    private static byte[] Arguments(TaskImage task, ImageMemory memory)
    {
        var text = new byte[80];
        if (memory.LayoutOf(task)?.Mm is not { } mm || mm.ArgEnd <= mm.ArgStart)
            return text;
        var length = (int)Math.Min(79, mm.ArgEnd - mm.ArgStart);
        for (var at = 0; at < length;)
        {
            var n = memory.Read(task, mm.ArgStart + (ulong)at, text.AsSpan(at, length - at), out _);
            if (n == 0)
                break;
            at += n;
        }
        foreach (ref var b in text.AsSpan(0, Math.Max(0, length - 1)))
            if (b == 0)
                b = (byte)' ';
        return text;
    }

    /// <summary>fill_files_note: count, page size, then start, end and offset in pages of each, then the names.</summary>
    private void AddFiles(MemoryLayout layout)
    {
        var (payload, w) = Start();
        var count = 0;
        foreach (var mapping in layout.Mappings)
            count += mapping.Vma.Kind == VmaType.File ? 1 : 0;
        w.U64((ulong)count);
        w.U64(ImageFormat.PageSize);
        foreach (var mapping in layout.Mappings)
        {
            if (mapping.Vma.Kind != VmaType.File)
                continue;
            w.U64(mapping.Vma.Start);
            w.U64(mapping.Vma.End);
            w.U64(mapping.Vma.PageOffset);
        }
        foreach (var mapping in layout.Mappings)
            if (mapping.Vma.Kind == VmaType.File)
            {
                w.Raw(LinuxText.Encode(mapping.Path));
                w.U8(0);
            }
        Add("CORE", File, payload.WrittenSpan);
    }

    private static void WriteIds(ref FieldWriter w, int id, TaskImage task)
    {
        w.I32(id);
        w.I32(task.ParentVPid);
        w.I32(task.Task.VPgid);
        w.I32(task.Task.VSid);
    }

    private static PayloadStart Start()
    {
        var payload = new ArrayBufferWriter<byte>(512);
        return new PayloadStart(payload, new FieldWriter(payload));
    }

    /// <summary>Elf64_Nhdr, the name with its NUL, the contents; both padded to 4 bytes.</summary>
    private void Add(string name, uint type, ReadOnlySpan<byte> contents)
    {
        var w = new FieldWriter(_bytes);
        w.U32((uint)name.Length + 1);
        w.U32((uint)contents.Length);
        w.U32(type);
        w.FixedText(name, (name.Length + 4) & ~3);
        w.Raw(contents);
        w.Raw(stackalloc byte[-contents.Length & 3]);
    }

    private readonly ref struct PayloadStart(ArrayBufferWriter<byte> payload, FieldWriter writer)
    {
        private readonly FieldWriter _writer = writer;

        public void Deconstruct(out ArrayBufferWriter<byte> bytes, out FieldWriter w)
        {
            bytes = payload;
            w = _writer;
        }
    }
}
