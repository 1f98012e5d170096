using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>
/// The files below /proc/sys/net as the calling thread's network namespace has them: who opens one has that of its own
/// namespace (net_ctl_root in net/sysctl_net.c).
/// </summary>
internal static class NetworkSysctls
{
    public const string Root = "/proc/sys/";

    private const int MaxValue = 4096;

    /// <summary>Values by their names below /proc/sys: net/ipv4/ip_forward. What cannot be read is left out.</summary>
    public static Dictionary<string, string> Read()
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!Directory.Exists(Root + "net"))
            return values;
        var buffer = new byte[MaxValue];
        foreach (var path in Directory.EnumerateFiles(Root + "net", "*", SearchOption.AllDirectories))
            if (Read(path, buffer) is { } value)
                values[path[Root.Length..]] = value;
        return values;
    }

    /// <summary>The value of one by its name below /proc/sys; null when it cannot be read.</summary>
    public static string? Read(string name) => Read(Root + name, new byte[MaxValue]);

    private static string? Read(string path, byte[] buffer)
    {
        using var file = OwnDescriptor.Open(path, FileNative.O_RDONLY, out _);
        return file?.Read(buffer) is >= 0 and < MaxValue and var length ? LinuxText.Decode(buffer.AsSpan(0, (int)length).TrimEnd((byte)'\n')) : null;
    }

    public static bool IsWritable(string name)
        => FileStatus.Read(Root + name, out var status) == Errno.None && (status.Mode & 0x80) != 0;
}
