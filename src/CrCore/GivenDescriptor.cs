using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CrCore;

/// <summary>A descriptor given at the restore, which stands for a saved one.</summary>
public sealed record GivenDescriptor
{
    private GivenDescriptor(string key, string? path, SafeHandle? handle) => (Key, Path, Handle) = (key, path, handle);

    /// <summary>Which saved one: its name in the image (<c>pipe:[4711]</c>, a path), or task and descriptor (<c>1234/5</c>).</summary>
    public string Key { get; }

    /// <summary>What is opened, with the access that the saved one had. Null where a handle is given.</summary>
    public string? Path { get; }

    /// <summary>What is handed on as it is; null where a path is given. It stays the caller's to dispose of.</summary>
    public SafeHandle? Handle { get; }

    /// <param name="path">Absolute.</param>
    public static GivenDescriptor OfPath(string key, string path) => new(key, path, null);

    /// <summary>What is handed on as it is, of this process; the handle stays the caller's to dispose of.</summary>
    public static GivenDescriptor OfHandle(string key, SafeHandle handle) => new(key, null, handle);

    /// <summary>A descriptor of this process by its number.</summary>
    public static GivenDescriptor OfNumber(string key, int number) => new(key, null, new SafeFileHandle(number, ownsHandle: false));

    /// <summary>The path, or which descriptor of this program.</summary>
    public override string ToString() => Path ?? $"descriptor {Handle!.DangerousGetHandle()} of this program";
}
