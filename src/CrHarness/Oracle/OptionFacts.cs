namespace CrHarness.Oracle;

/// <summary>
/// Options of a socket (socket(7), ip(7), ipv6(7), tcp(7), udp(7), netlink(7), packet(7)): those that are asked without
/// changing anything, and that a program sets; not what traffic, a clock or a counter decides.
/// </summary>
internal static class OptionFacts
{
    private static readonly (int Level, int[] Names)[] Options =
    [
        (1, [2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 18, 20, 21, 29, 30, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 60, 61, 63, 64, 65, 69, 72, 73, 74, 75, 76, 78, 83]),
        (0, [1, 2, 3, 4, 6, 7, 8, 10, 11, 12, 13, 15, 18, 19, 20, 21, 22, 23, 24, 25, 26, 32, 33, 34, 49, 50, 51]),
        (41, [1, 16, 17, 18, 19, 23, 25, 26, 29, 31, 33, 49, 51, 53, 56, 58, 60, 62, 66, 67, 70, 72, 73, 74, 75, 76, 78]),
        (6, [1, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 18, 23, 25, 27, 30, 31, 33, 34, 36, 37]),
        (17, [1, 101, 102, 103, 104]),
        (270, [3, 4, 5, 8, 10, 11, 12]),
        (263, [8, 9, 10, 12, 14, 15, 17, 18, 20]),
    ];

    /// <summary>The options of the levels that the socket has, by level and number, but those that are 0.</summary>
    public static IEnumerable<(string Name, string Value)> Of(BorrowedDescriptor socket)
    {
        // Nobody can set it on a stream; where a connection was accepted it is how far the other end's packet could still go.
        const int internet = 0, multicastTtl = 33;
        var stream = socket.Option(1, 3) == "01000000";
        foreach (var (level, names) in Options)
            foreach (var name in names)
                if (!(stream && level == internet && name == multicastTtl) && socket.Option(level, name) is { } value && value.Trim('0').Length > 0)
                    yield return ($"option {level}.{name}", value);
    }
}
