using System.Management.Automation;
using CrCore;
using CrCore.Kernel;

namespace CrModule.Pipeline;

/// <summary>Turns the paths that users give into paths that the kernel knows. Only the FileSystem provider serves.</summary>
internal static class FileSystemPath
{
    private const string ProviderName = "FileSystem";

    /// <summary>A file that need not exist; no wildcards.</summary>
    /// <exception cref="CrArgumentException">The path belongs to another provider.</exception>
    public static string Unresolved(PSCmdlet cmdlet, string path)
    {
        string native;
        ProviderInfo provider;
        try
        {
            native = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out provider, out _);
        }
        catch (RuntimeException e)
        {
            throw BadPath(path, e);
        }
        return provider.Name == ProviderName ? native : throw WrongProvider(path, provider);
    }

    /// <summary>A file that need not exist, or one in a directory: of what was given, a slash at its end says directory, whether it exists or not.</summary>
    /// <param name="name">The file's name in a directory.</param>
    /// <exception cref="CrArgumentException">The path belongs to another provider.</exception>
    public static string FileOrIn(PSCmdlet cmdlet, string given, string name)
        => Unresolved(cmdlet, given) is var native && (given.EndsWith('/') || Directory.Exists(native)) ? Path.Combine(native, name) : native;

    /// <summary>Existing files that match a path with wildcards, in the provider's order.</summary>
    /// <exception cref="CrArgumentException">Nothing matches, or the path belongs to another provider.</exception>
    public static IReadOnlyList<string> Resolved(PSCmdlet cmdlet, string path) => Resolved(cmdlet, path, NoImage);

    /// <param name="notFound">The error for a path that nothing matches.</param>
    public static IReadOnlyList<string> Resolved(PSCmdlet cmdlet, string path, Func<string, CrArgumentException> notFound)
    {
        IReadOnlyList<string> matches;
        ProviderInfo provider;
        try
        {
            matches = [.. cmdlet.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out provider)];
        }
        catch (ItemNotFoundException) when (Hidden(cmdlet, path) is { } native)
        {
            return [native];
        }
        catch (ItemNotFoundException)
        {
            throw NotFound(path, notFound);
        }
        catch (RuntimeException e)
        {
            throw BadPath(path, e);
        }
        if (provider.Name != ProviderName)
            throw WrongProvider(path, provider);
        // A wildcard without a match is an empty list, not an exception.
        return matches.Count > 0 ? matches : throw NotFound(path, notFound);
    }

    /// <summary>A path below a directory that this user may not look into: whether something is there, opening it tells better.</summary>
    private static string? Hidden(PSCmdlet cmdlet, string path)
        => !WildcardPattern.ContainsWildcardCharacters(path) && Unresolved(cmdlet, path) is var native && FileStatus.Read(native, out _) == Errno.EACCES ? native : null;

    private static CrArgumentException NotFound(string path, Func<string, CrArgumentException> error)
        => error(WildcardPattern.ContainsWildcardCharacters(path) ? path : WildcardPattern.Unescape(path));

    private static CrArgumentException NoImage(string path)
        => new("CrImageNotFound", $"No image is found at '{path}'.", WildcardPattern.ContainsWildcardCharacters(path)
                ? "No name fits the pattern; a name that holds such characters itself is given with -LiteralPath."
                : "Give the path of an image that Checkpoint-ProcessTree has written.", CrErrorKind.NotFound)
        {
            Object = path,
        };

    private static CrArgumentException WrongProvider(string path, ProviderInfo provider)
        => new("CrPathNotFileSystem", $"The path '{path}' belongs to the provider {provider.Name}; images live in files.", "Give a path in the file system.")
        {
            Object = path,
        };

    private static CrArgumentException BadPath(string path, RuntimeException cause)
        => new("CrPathInvalid", $"The path '{path}' cannot be resolved: {cause.Message}", "Give a path in the file system.")
        {
            Object = path,
        };
}
