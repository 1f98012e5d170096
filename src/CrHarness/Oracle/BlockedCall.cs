using System.Globalization;

namespace CrHarness.Oracle;

/// <summary>The system call that a thread is blocked in, as /proc/PID/syscall shows it: number, six arguments, sp, pc.</summary>
internal sealed class BlockedCall
{
    private const int Poll = 7, Select = 23, Nanosleep = 35, Suspend = 130, Futex = 202, RestartSyscall = 219, ClockNanosleep = 230, PSelect = 270, PPoll = 271;
    private readonly string[] _words;
    private readonly int _number;

    private BlockedCall(string[] words)
    {
        _words = words;
        _number = words.Length == 9 && int.TryParse(words[0], CultureInfo.InvariantCulture, out var number) ? number : -1;
    }

    public static BlockedCall Parse(string? text) => new((text ?? "(unreadable)").TrimEnd().Split(' '));

    /// <summary>
    /// A call that goes on after a stop by its restart block shows as restart_syscall(2), its arguments unchanged: it counts
    /// as the same. A stopped task has left its call, to make it again or not: only its stack pointer says something.
    /// </summary>
    public string Describe(bool stopped) => stopped ? "(left) " + _words[Math.Max(0, _words.Length - 2)]
        : Restartable ? "(restartable) " + string.Join(' ', _words[1..])
        : string.Join(' ', _words);

    /// <summary>The call brings a signal mask of its own.</summary>
    public bool HasOwnMask => _number is Suspend or PSelect or PPoll;

    private bool Restartable => _number is Poll or Nanosleep or Futex or RestartSyscall or ClockNanosleep;

    /// <summary>Addresses to which the kernel writes the remaining time, 16 bytes, whenever the call is interrupted, be it for a
    /// moment by a freezer: nanosleep(2), clock_nanosleep(2), select(2), pselect6 and ppoll(2) (fs/select.c, kernel/time).</summary>
    public IEnumerable<ulong> Written()
    {
        int[] arguments = Restartable ? [2, 4] : _number is Select or PSelect ? [5] : _number == PPoll ? [3] : [];
        foreach (var argument in arguments)
            if (ulong.TryParse(_words[argument].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var address) && address >= 4096)
                yield return address;
    }
}
