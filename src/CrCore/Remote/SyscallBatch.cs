using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>The result of one call of a batch, once the batch has run.</summary>
/// <param name="Index">Its number among the calls of the batch, from 0.</param>
public readonly record struct Slot(int Index);

/// <summary>Bytes that travel with a batch: input, output, or both.</summary>
/// <param name="Offset">From the start of the batch's data.</param>
/// <param name="Length">In bytes.</param>
public readonly record struct RemoteBuffer(int Offset, int Length)
{
    /// <summary>The same bytes further on, for a pointer into a structure.</summary>
    public RemoteBuffer Skip(int bytes) => new(Offset + bytes, Length - bytes);
}

/// <summary>An argument: a number, the address of a buffer, or the result of an earlier call of the same batch.</summary>
public readonly struct Arg
{
    internal enum Form : byte { Number, Address, Result, ResultAddress }

    internal readonly Form Kind;
    internal readonly long Value;

    private Arg(Form kind, long value) => (Kind, Value) = (kind, value);

    /// <summary>Where the result of an earlier call stands.</summary>
    internal static Arg AddressOf(Slot s) => new(Form.ResultAddress, s.Index);

    /// <summary>A number, in two's complement.</summary>
    public static implicit operator Arg(long v) => new(Form.Number, v);
    /// <summary>A number, or an address in the task.</summary>
    public static implicit operator Arg(ulong v) => new(Form.Number, unchecked((long)v));
    /// <summary>A number, its sign extended to 64 bits.</summary>
    public static implicit operator Arg(int v) => new(Form.Number, v);
    /// <summary>A number, without a sign.</summary>
    public static implicit operator Arg(uint v) => new(Form.Number, v);
    /// <summary>The address that a buffer of the batch has in the task.</summary>
    public static implicit operator Arg(RemoteBuffer b) => new(Form.Address, b.Offset);
    /// <summary>What an earlier call of the batch returned.</summary>
    public static implicit operator Arg(Slot s) => new(Form.Result, s.Index);
}

/// <summary>
/// System calls to be run inside one task, in order, in one go. Calls added with <see cref="Must"/> end the batch
/// when they fail; the results of calls added with <see cref="Try"/> are the caller's to look at.
/// </summary>
/// <remarks>Layout in the target's arena: 64 bytes of control, the call records, the buffers (docs/injection.md).</remarks>
public sealed class SyscallBatch
{
    internal const int ControlSize = 64, RecordSize = 72;
    internal const long NotRun = long.MinValue;

    /// <summary>A pseudo call number: copy 8 bytes from the first argument's address to the second's.</summary>
    internal const uint CopyWord = uint.MaxValue;

    private readonly List<Call> _calls;
    private readonly ArrayBufferWriter<byte> _data = new(1024);
    private readonly List<(int At, int Target)> _pointers = [];
    private readonly List<Use> _uses = [];
    private byte[] _arena = [];
    private int[] _record = [];
    private int[] _useCount = [];
    private int _recordCount;
    private int _arenaLength;

    private readonly record struct Call(Sys Number, string? What, object? Subject, Arg A, Arg B, Arg C, Arg D, Arg E, Arg F)
    {
        public Arg Get(int i) => i switch { 0 => A, 1 => B, 2 => C, 3 => D, 4 => E, _ => F };
    }

    /// <summary>Call <paramref name="By"/> has the result of call <paramref name="Of"/> as its argument.</summary>
    private readonly record struct Use(int Of, int By, int Arg);

    /// <summary>An empty batch.</summary>
    public SyscallBatch() => _calls = [];

    /// <param name="calls">How many there will be, about: where batches are made by the hundred, lists that grow are most of the garbage.</param>
    internal SyscallBatch(int calls) => _calls = new(calls);

    /// <summary>Calls added so far.</summary>
    public int Count => _calls.Count;

    /// <summary>No call was added: there is nothing to run.</summary>
    public bool IsEmpty => _calls.Count == 0;

    /// <summary>Upper bound of the arena bytes this batch needs as it stands.</summary>
    public int ArenaBytes => ControlSize + (_calls.Count + _uses.Count) * RecordSize + _data.WrittenCount + 64;

    /// <summary>A call that must succeed; <paramref name="what"/> and <paramref name="subject"/> make the error's text.</summary>
    public Slot Must(string what, object? subject, Sys nr, Arg a = default, Arg b = default, Arg c = default, Arg d = default, Arg e = default, Arg f = default)
        => Add(new(nr, what, subject, a, b, c, d, e, f));

    /// <summary>A call that may fail.</summary>
    public Slot Try(Sys nr, Arg a = default, Arg b = default, Arg c = default, Arg d = default, Arg e = default, Arg f = default)
        => Add(new(nr, null, null, a, b, c, d, e, f));

    /// <summary>
    /// Stores the 8 bytes of a call's result in a buffer while the batch runs, for a structure that a later call reads.
    /// A narrower field is followed by bytes that are overwritten: give the buffer room for them.
    /// </summary>
    public void StoreResult(Slot result, RemoteBuffer to) => Try((Sys)CopyWord, Arg.AddressOf(result), to);

    /// <summary>Copies 8 bytes between buffers while the batch runs.</summary>
    public void CopyWords(RemoteBuffer from, RemoteBuffer to) => Try((Sys)CopyWord, from, to);

    private Slot Add(in Call call)
    {
        for (var i = 0; i < 6; i++)
            if (call.Get(i) is { Kind: Arg.Form.Result } result)
                _uses.Add(new((int)result.Value, _calls.Count, i));
        _calls.Add(call);
        return new Slot(_calls.Count - 1);
    }

    /// <summary>Bytes for the call to read (and write); 8-byte aligned.</summary>
    public RemoteBuffer In(ReadOnlySpan<byte> bytes)
    {
        var offset = Align();
        _data.Write(bytes);
        return new RemoteBuffer(offset, bytes.Length);
    }

    /// <summary>A structure for the call to read (and write).</summary>
    public RemoteBuffer In<T>(in T value) where T : unmanaged => In(MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in value, 1)));

    /// <summary>Zeroed space for the call to write to.</summary>
    public RemoteBuffer Out(int size)
    {
        var offset = Align();
        _data.GetSpan(size)[..size].Clear();
        _data.Advance(size);
        return new RemoteBuffer(offset, size);
    }

    /// <summary>A path or name, NUL-terminated.</summary>
    public RemoteBuffer Text(string text) => Text(text.AsSpan());

    internal RemoteBuffer Text(ReadOnlySpan<char> text)
    {
        var offset = Align();
        var span = _data.GetSpan(text.Length + 1);
        // Nearly all are plain, and need no array on their way.
        if (System.Text.Ascii.FromUtf16(text, span, out var length) != OperationStatus.Done)
        {
            var bytes = LinuxText.Encode(text.ToString());
            length = bytes.Length;
            span = _data.GetSpan(length + 1);
            bytes.CopyTo(span);
        }
        span[length] = 0;
        _data.Advance(length + 1);
        return new RemoteBuffer(offset, length + 1);
    }

    /// <summary>The call's own result, −errno when it failed, or <see cref="NotRun"/> when an earlier Must ended the batch.</summary>
    public long Result(Slot slot) => BinaryPrimitives.ReadInt64LittleEndian(_arena.AsSpan(RecordOffset(_record[slot.Index]) + 64));

    /// <summary>The error that the call failed with, or <see cref="Errno.None"/>.</summary>
    public Errno ErrnoOf(Slot slot) => Libc.ErrnoOf(Result(slot));

    /// <summary>A buffer's bytes after the run. Valid until the batch is reset.</summary>
    public ReadOnlySpan<byte> Bytes(RemoteBuffer buffer) => _arena.AsSpan(DataOffset + buffer.Offset, buffer.Length);

    /// <summary>A copy of the structure that the calls have left in a buffer.</summary>
    public T Read<T>(RemoteBuffer buffer) where T : unmanaged => MemoryMarshal.Read<T>(Bytes(buffer));

    /// <summary>
    /// Stores the address of one buffer in another before the batch runs: for structures that hold pointers.
    /// </summary>
    public void Pointer(RemoteBuffer at, RemoteBuffer target) => _pointers.Add((at.Offset, target.Offset));

    /// <summary>Empties the batch for the next use.</summary>
    public void Reset()
    {
        _calls.Clear();
        _data.ResetWrittenCount();
        _pointers.Clear();
        _uses.Clear();
    }

    private int Align()
    {
        var pad = -_data.WrittenCount & 7;
        if (pad != 0)
        {
            _data.GetSpan(pad)[..pad].Clear();
            _data.Advance(pad);
        }
        return _data.WrittenCount;
    }

    private static int RecordOffset(int physical) => ControlSize + physical * RecordSize;

    private int DataOffset => RecordOffset(_recordCount);

    /// <summary>Lays the batch out for an arena at <paramref name="arena"/>; the command word is left 0.</summary>
    internal Span<byte> Encode(ulong arena)
    {
        // Results that feed later calls: the first use is stored by the call itself, each further one by a copy.
        if (_record.Length < _calls.Count)
            (_record, _useCount) = (new int[Math.Max(64, _calls.Count * 2)], new int[Math.Max(64, _calls.Count * 2)]);
        _useCount.AsSpan(0, _calls.Count).Clear();
        foreach (var use in _uses)
            _useCount[use.Of]++;
        _recordCount = 0;
        for (var i = 0; i < _calls.Count; i++)
        {
            _record[i] = _recordCount;
            _recordCount += Math.Max(1, _useCount[i]);
        }
        _arenaLength = DataOffset + _data.WrittenCount;
        if (_arena.Length < _arenaLength)
            // All of it that is used is written below.
            _arena = GC.AllocateUninitializedArray<byte>(Math.Max(4096, _arenaLength * 2));
        var bytes = _arena.AsSpan(0, _arenaLength);
        bytes[..ControlSize].Clear();
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], _recordCount);
        for (var i = 0; i < _calls.Count; i++)
            EncodeCall(i, bytes, arena);
        EncodeUses(bytes, arena);
        var data = bytes[DataOffset..];
        _data.WrittenSpan.CopyTo(data);
        foreach (var (at, target) in _pointers)
            BinaryPrimitives.WriteUInt64LittleEndian(data[at..], arena + (ulong)(DataOffset + target));
        return bytes;
    }

    private void EncodeCall(int index, Span<byte> bytes, ulong arena)
    {
        ref readonly var call = ref CollectionsMarshal.AsSpan(_calls)[index];
        var record = bytes.Slice(RecordOffset(_record[index]), RecordSize);
        WriteRecord(record, (uint)call.Number, call.What is not null);
        for (var k = 0; k < 6; k++)
        {
            var arg = call.Get(k);
            var value = arg.Kind switch
            {
                Arg.Form.Address => (long)arena + DataOffset + arg.Value,
                Arg.Form.Result => 0,
                Arg.Form.ResultAddress => (long)arena + RecordOffset(_record[(int)arg.Value]) + 64,
                _ => arg.Value,
            };
            BinaryPrimitives.WriteInt64LittleEndian(record[(8 + 8 * k)..], value);
        }
    }

    private void EncodeUses(Span<byte> bytes, ulong arena)
    {
        // From the last on: what is left of the count is the use's place among those of its call.
        for (var i = _uses.Count - 1; i >= 0; i--)
        {
            var use = _uses[i];
            var record = bytes[RecordOffset(_record[use.Of])..];
            var to = arena + (ulong)(RecordOffset(_record[use.By]) + 8 + 8 * use.Arg);
            var place = --_useCount[use.Of];
            if (place == 0)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(record[56..], to);
                continue;
            }
            var copy = record.Slice(place * RecordSize, RecordSize);
            WriteRecord(copy, CopyWord, stopOnError: false);
            BinaryPrimitives.WriteUInt64LittleEndian(copy[8..], arena + (ulong)RecordOffset(_record[use.Of]) + 64);
            BinaryPrimitives.WriteUInt64LittleEndian(copy[16..], to);
        }
    }

    private static void WriteRecord(Span<byte> record, uint number, bool stopOnError)
    {
        record.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(record, number);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], stopOnError ? 1u : 0);
        BinaryPrimitives.WriteInt64LittleEndian(record[64..], NotRun);
    }

    /// <summary>Where the results come back to: the same bytes that <see cref="Encode"/> laid out.</summary>
    internal Span<byte> ArenaBytesAfterRun => _arena.AsSpan(0, _arenaLength);

    /// <summary>Shows each call to the trace and raises the first failed <see cref="Must"/>.</summary>
    internal void Conclude(int tid)
    {
        if (CrEventSource.Log.IsEnabled())
            for (var i = 0; i < _calls.Count; i++)
                if (Result(new Slot(i)) != NotRun)
                    CrEventSource.Log.RemoteCall(tid, _calls[i].Number.ToString(), ArgumentText(i), Result(new Slot(i)));
        for (var i = 0; i < _calls.Count; i++)
        {
            ref readonly var call = ref CollectionsMarshal.AsSpan(_calls)[i];
            if (call.What is null)
                continue;
            var result = Result(new Slot(i));
            if (result == NotRun)
                throw new CrTargetException("CrRemoteCallNotRun", $"Task {tid} did not run the call '{call.What}'.") { Pid = tid };
            var errno = Libc.ErrnoOf(result);
            if (errno != Errno.None)
                throw new CrKernelException("CrRemoteCallFailed", $"Task {tid}: {call.What}{(call.Subject is null ? "" : " " + call.Subject)} ({call.Number}({ArgumentText(i)}))", errno)
                { Pid = tid, Object = call.Subject?.ToString() };
        }
    }

    private string ArgumentText(int index)
    {
        var record = _arena.AsSpan(RecordOffset(_record[index]), RecordSize);
        return string.Create(null, stackalloc char[160],
            $"0x{U(record, 8):x}, 0x{U(record, 16):x}, 0x{U(record, 24):x}, 0x{U(record, 32):x}, 0x{U(record, 40):x}, 0x{U(record, 48):x}");

        static ulong U(Span<byte> r, int at) => BinaryPrimitives.ReadUInt64LittleEndian(r[at..]);
    }
}
