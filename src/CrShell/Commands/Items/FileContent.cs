using System.Management.Automation;
using System.Text;

namespace CrShell.Commands.Items;

/// <summary>What the cmdlets for file contents share.</summary>
internal static class FileContent
{
    /// <summary>An encoding by the name that pwsh gives it.</summary>
    public static Encoding EncodingOf(string name) => name.ToLowerInvariant() switch
    {
        "utf8" or "utf8nobom" or "default" => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        "utf8bom" => new UTF8Encoding(encoderShouldEmitUTF8Identifier: true),
        "ascii" => Encoding.ASCII,
        "unicode" => Encoding.Unicode,
        "latin1" => Encoding.Latin1,
        _ => throw new PSArgumentException($"There is no encoding '{name}'; there are utf8, utf8BOM, ascii, unicode and latin1."),
    };

    /// <summary>Whether a path belongs to the file system, and not to Env: or Variable:.</summary>
    public static bool IsFile(PathIntrinsics paths, string path)
    {
        paths.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
        return provider.Name == "FileSystem";
    }
}
