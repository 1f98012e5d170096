using System.Globalization;

namespace CrModule.Pipeline;

/// <summary>
/// The path under which images are written. {Id} and {Name} stand for the tree's root; a directory stands for
/// <c>{Name}-{Id}.cr</c> inside it.
/// </summary>
/// <param name="Pattern">Absolute and native.</param>
internal readonly record struct ImagePathTemplate(string Pattern)
{
    private const string Default = "{Name}-{Id}.cr";

    /// <param name="given">What the user gave: a slash at its end says directory, whether it exists or not.</param>
    /// <param name="native">The same, absolute and native.</param>
    public static ImagePathTemplate Of(string given, string native)
        => new(given.EndsWith('/') || Directory.Exists(native) ? Path.Combine(native, Default) : native);

    public string For(int id, string name)
        => Pattern
            .Replace("{Id}", id.ToString(CultureInfo.InvariantCulture), StringComparison.OrdinalIgnoreCase)
            .Replace("{Name}", FileNameOf(name), StringComparison.OrdinalIgnoreCase);

    /// <summary>A command name may hold any byte but NUL (proc_pid_comm(5)); a file name no slash.</summary>
    private static string FileNameOf(string name)
    {
        var safe = name.Replace('/', '_');
        return safe is "" or "." or ".." ? "process" : safe;
    }
}
