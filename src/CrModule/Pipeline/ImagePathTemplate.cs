using System.Globalization;
using System.Management.Automation;

namespace CrModule.Pipeline;

/// <summary>
/// The path under which images are written. {Id} and {Name} stand for the tree's root; a directory stands for
/// <c>{Name}-{Id}.cr</c> inside it.
/// </summary>
/// <param name="Pattern">Absolute and native.</param>
internal readonly record struct ImagePathTemplate(string Pattern)
{
    private const string Default = "{Name}-{Id}.cr";

    /// <exception cref="CrCore.CrArgumentException">The path belongs to another provider.</exception>
    public static ImagePathTemplate Of(PSCmdlet cmdlet, string given) => new(FileSystemPath.FileOrIn(cmdlet, given, Default));

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
