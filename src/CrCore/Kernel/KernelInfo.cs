using System.Runtime.InteropServices;
using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>uname(2): names of the running kernel and of the caller's UTS namespace.</summary>
/// <param name="Release">"6.18.44-…".</param>
/// <param name="Machine">"x86_64".</param>
/// <param name="DomainName">The NIS domain, "(none)" unless set.</param>
public sealed record KernelInfo(string System, string NodeName, string Release, string Version, string Machine, string DomainName)
{
    /// <summary>Reads the names as they are now: the caller's UTS namespace decides about two of them.</summary>
    public static KernelInfo Read() => KernelInfoReader.Uname();
}

/// <summary>What sysinfo(2) tells of the machine: memory in bytes, time in seconds.</summary>
public readonly record struct MachineInfo(long Uptime, ulong TotalMemory, ulong FreeMemory, ulong TotalSwap, ulong FreeSwap, int TaskCount)
{
    public static MachineInfo Read() => KernelInfoReader.SysInfo();
}

/// <summary>struct sysinfo of linux/sysinfo.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SysInfoData
{
    public long Uptime;
    public ulong Load1;
    public ulong Load5;
    public ulong Load15;
    public ulong TotalRam;
    public ulong FreeRam;
    public ulong SharedRam;
    public ulong BufferRam;
    public ulong TotalSwap;
    public ulong FreeSwap;
    public ushort Tasks;
    public ushort Pad;
    public ulong TotalHigh;
    public ulong FreeHigh;
    public uint Unit;
}

internal static unsafe partial class KernelInfoReader
{
    /// <summary>__NEW_UTS_LEN with its zero byte; struct new_utsname is six of them.</summary>
    public const int NameSize = 65;

    public static KernelInfo Uname()
    {
        Span<byte> names = stackalloc byte[6 * NameSize];
        fixed (byte* p = names)
            if (Uname(p) != 0)
                throw KernelError.FromLast("CrSystemInfoFailed", "Reading the kernel's name failed");
        return new KernelInfo(Text(names, 0), Text(names, 1), Text(names, 2), Text(names, 3), Text(names, 4), Text(names, 5));
    }

    public static MachineInfo SysInfo()
    {
        SysInfoData data;
        if (SysInfo(&data) != 0)
            throw KernelError.FromLast("CrSystemInfoFailed", "Reading the machine's memory failed");
        ulong unit = data.Unit;
        return new MachineInfo(data.Uptime, data.TotalRam * unit, data.FreeRam * unit, data.TotalSwap * unit, data.FreeSwap * unit, data.Tasks);
    }

    private static string Text(ReadOnlySpan<byte> names, int index)
    {
        var name = names.Slice(index * NameSize, NameSize);
        var end = name.IndexOf((byte)0);
        return LinuxText.Decode(end < 0 ? name : name[..end]);
    }

    [LibraryImport("libc", EntryPoint = "uname", SetLastError = true)]
    private static partial int Uname(byte* names);

    [LibraryImport("libc", EntryPoint = "sysinfo", SetLastError = true)]
    private static partial int SysInfo(SysInfoData* data);
}
