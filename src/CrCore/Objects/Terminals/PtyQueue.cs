using System.Buffers.Binary;
using System.Diagnostics;
using CrCore.Kernel;

namespace CrCore.Objects.Terminals;

/// <summary>
/// What waits in a pseudo-terminal. Nothing can be looked at there without taking it, so it is taken and put back; while
/// that happens nobody else is at work on either side.
/// </summary>
internal static class PtyQueue
{
    private const int LocalModesAt = 12, CharactersAt = 17, CharacterCount = 19;
    private const int EndOfFileAt = CharactersAt + 4, TimeAt = CharactersAt + 5, MinimumAt = CharactersAt + 6;
    private const uint Canonical = 2, Echo = 8;
    private const int Readable = 1;

    /// <summary>Room for the flip buffers of a terminal and its line discipline (64 KiB and 4 KiB).</summary>
    private const int ReadSize = 8192, Most = 96 * 1024;

    /// <summary>What the line discipline takes at most; the rest waits in front of it (N_TTY_BUF_SIZE).</summary>
    private const int Discipline = 4095;

    /// <summary>How long the kernel's own worker takes to pass bytes on as a rule (flush_to_ldisc in drivers/tty/tty_buffer.c), and at most.</summary>
    private static readonly TimeSpan _settle = TimeSpan.FromMilliseconds(4), _patience = TimeSpan.FromSeconds(10);

    /// <summary>Takes everything out of both queues.</summary>
    /// <param name="pty">Reference of the pseudo-terminal.</param>
    /// <param name="master">Must not block while bytes are there.</param>
    /// <param name="slave">Null when the slave's queue cannot be reached.</param>
    /// <param name="modes">struct termios2 of the slave, which it has again afterwards.</param>
    public static List<PtyDataRecord> Take(uint pty, OwnDescriptor master, OwnDescriptor? slave, ReadOnlySpan<byte> modes, bool packets)
    {
        var found = new List<PtyDataRecord>();
        TakeToMaster(pty, master, packets, found);
        if (slave is null)
            return found;
        if (!IsCanonical(modes))
        {
            TakeBytes(pty, slave, modes, found);
            return found;
        }
        TakeLines(pty, slave, found);
        // The line that is being edited can be had out of canonical mode only.
        Span<byte> plain = stackalloc byte[TerminalCalls.ModesSize];
        modes.CopyTo(plain);
        BinaryPrimitives.WriteUInt32LittleEndian(plain[LocalModesAt..], Local(modes) & ~Canonical);
        TerminalCalls.WriteModes(slave, plain);
        TakeBytes(pty, slave, plain, found);
        TerminalCalls.WriteModes(slave, modes);
        return found;
    }

    /// <summary>Puts everything in again, as it was taken. The slave has <paramref name="modes"/> afterwards.</summary>
    /// <exception cref="CrTargetException">It did not take all of it in time.</exception>
    public static void Put(OwnDescriptor master, OwnDescriptor slave, ReadOnlySpan<byte> modes, bool packets, IReadOnlyList<PtyDataRecord> data)
    {
        if (data.Count == 0)
            return;
        Span<byte> passing = stackalloc byte[TerminalCalls.ModesSize];
        var (taken, ends) = (0, 0);
        foreach (var piece in data)
            if (piece.Kind != PtyDataKind.ToMaster)
            {
                var end = piece.Kind == PtyDataKind.EndOfFile ? Absent(piece.Bytes.Span) : (byte)0;
                PassingModes(modes, passing, Echo, end);
                TerminalCalls.WriteModes(slave, passing);
                Write(master, piece.Bytes.Span);
                // The modes of the next piece must not meet bytes of this one that are still under way.
                AwaitEcho(master, slave, packets, Math.Min(piece.Bytes.Length, Discipline - taken));
                taken = Math.Min(Discipline, taken + piece.Bytes.Length);
                if (end == 0)
                    continue;
                var ended = slave.Available;
                Write(master, [end]);
                // Each end takes a place of its own, which does not count; where all are taken, this one waits in front and shows nowhere.
                AwaitEnd(slave, taken + ++ends < Discipline ? piece.Bytes.Length : 0, ended);
            }
        PassingModes(modes, passing, 0, 0);
        TerminalCalls.WriteModes(slave, passing);
        foreach (var piece in data)
            if (piece.Kind == PtyDataKind.ToMaster)
                Write(slave, piece.Bytes.Span);
        TerminalCalls.WriteModes(slave, modes);
    }

    /// <summary>Nothing is interpreted on its way: no signals, no flow control, no special characters but one.</summary>
    private static void PassingModes(ReadOnlySpan<byte> modes, Span<byte> passing, uint local, byte end)
    {
        modes.CopyTo(passing);
        passing[..8].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(passing[LocalModesAt..], local | (IsCanonical(modes) ? Canonical : 0));
        passing.Slice(CharactersAt, CharacterCount).Clear();
        if (IsCanonical(modes))
            passing[EndOfFileAt] = end;
        else
            passing[MinimumAt] = 1;
    }

    /// <summary>Each byte comes back to the master when the line discipline has it: the one sign of that.</summary>
    private static void AwaitEcho(OwnDescriptor master, OwnDescriptor slave, bool packets, int due)
    {
        var started = Stopwatch.GetTimestamp();
        var buffer = new byte[ReadSize];
        while (due > 0 && Stopwatch.GetElapsedTime(started) < _patience)
        {
            if (master.Available > 0)
            {
                due -= (int)Math.Max(0, master.Read(buffer.AsSpan(0, Math.Min(ReadSize, due + (packets ? 1 : 0))))) - (packets ? 1 : 0);
                continue;
            }
            slave.PollNow(Readable);
            master.PollNow(Readable);
            Thread.Yield();
        }
    }

    /// <summary>
    /// An end of file has no echo, but what is echoed behind it has: nothing may follow in other modes before. A line counts among what can
    /// be read once it is ended; an end with nothing in front of it (0 bytes) shows nowhere.
    /// </summary>
    private static void AwaitEnd(OwnDescriptor slave, int length, long ended)
    {
        var started = Stopwatch.GetTimestamp();
        slave.PollNow(Readable);
        if (length == 0)
            Thread.Sleep(_settle);
        while (slave.Available < ended + length && Stopwatch.GetElapsedTime(started) < _patience)
            Thread.Yield();
    }

    /// <summary>Whether anything waits to be read there, what the kernel's worker has not passed on yet included.</summary>
    private static bool IsWaiting(OwnDescriptor side)
    {
        if (side.Available > 0)
            return true;
        // Asking for input makes the worker finish (n_tty_poll in drivers/tty/n_tty.c).
        side.PollNow(Readable);
        return side.Available > 0;
    }

    private static void TakeToMaster(uint pty, OwnDescriptor master, bool packets, List<PtyDataRecord> found)
    {
        var bytes = new List<byte>();
        var buffer = new byte[ReadSize];
        while (IsWaiting(master) && bytes.Count < Most)
        {
            var n = (int)master.Read(buffer);
            if (n <= 0)
                break;
            // In packet mode a byte in front tells what it is; 0 (TIOCPKT_DATA) stands before data.
            if (!packets)
                bytes.AddRange(buffer.AsSpan(0, n));
            else if (buffer[0] == 0)
                bytes.AddRange(buffer.AsSpan(1, n - 1));
        }
        if (bytes.Count > 0)
            found.Add(new(pty, PtyDataKind.ToMaster, bytes.ToArray()));
    }

    private static void TakeLines(uint pty, OwnDescriptor slave, List<PtyDataRecord> found)
    {
        var buffer = new byte[ReadSize];
        for (var total = 0; (slave.PollNow(Readable) & Readable) != 0 && total < Most;)
        {
            var n = (int)slave.Read(buffer);
            if (n < 0)
                break;
            found.Add(new(pty, n > 0 && buffer[n - 1] == (byte)'\n' ? PtyDataKind.Line : PtyDataKind.EndOfFile, buffer.AsSpan(0, n).ToArray()));
            total += n + 1;
        }
    }

    private static void TakeBytes(uint pty, OwnDescriptor slave, ReadOnlySpan<byte> modes, List<PtyDataRecord> found)
    {
        if (!IsWaiting(slave))
            return;
        // A read must not wait for more than there is (VMIN, VTIME).
        Span<byte> eager = stackalloc byte[TerminalCalls.ModesSize];
        modes.CopyTo(eager);
        (eager[MinimumAt], eager[TimeAt]) = (1, 0);
        TerminalCalls.WriteModes(slave, eager);
        var bytes = new List<byte>();
        var buffer = new byte[ReadSize];
        while (IsWaiting(slave) && bytes.Count < Most)
        {
            var n = (int)slave.Read(buffer);
            if (n <= 0)
                break;
            bytes.AddRange(buffer.AsSpan(0, n));
        }
        TerminalCalls.WriteModes(slave, modes);
        if (bytes.Count > 0)
            found.Add(new(pty, PtyDataKind.Bytes, bytes.ToArray()));
    }

    private static void Write(OwnDescriptor side, ReadOnlySpan<byte> bytes)
    {
        var started = Stopwatch.GetTimestamp();
        while (bytes.Length > 0)
        {
            var n = side.Write(bytes);
            if (n > 0)
                bytes = bytes[(int)n..];
            else if (Libc.ErrnoOf(n) is not (Errno.EAGAIN or Errno.EINTR or Errno.None) || Stopwatch.GetElapsedTime(started) > _patience)
                throw new CrTargetException("CrPtyQueue", $"A pseudo-terminal did not take back {bytes.Length} bytes that waited in it ({Libc.ErrnoOf(n)}).", "Try again when less waits to be read in it.");
            else
                Thread.Sleep(1);
        }
    }

    private static byte Absent(ReadOnlySpan<byte> bytes)
    {
        for (var b = byte.MaxValue; b > 0; b--)
            if (b != (byte)'\n' && !bytes.Contains(b))
                return b;
        return 4;
    }

    private static bool IsCanonical(ReadOnlySpan<byte> modes) => (Local(modes) & Canonical) != 0;

    private static uint Local(ReadOnlySpan<byte> modes) => BinaryPrimitives.ReadUInt32LittleEndian(modes[LocalModesAt..]);
}
