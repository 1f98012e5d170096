using System.Diagnostics;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>Whether this machine lets the tests make namespaces and give processes their pids.</summary>
internal static class NamespaceRights
{
    private static readonly Lazy<string?> _missing = new(Find);

    /// <summary>Why not, or null.</summary>
    public static string? Missing => _missing.Value;

    private static string? Find()
    {
        if (Needs.Missing(["unshare", "setsid", "python3"]) is { } programs)
            return programs;
        if (!Environment.IsPrivilegedProcess)
            return "needs root: namespaces are made without a user namespace, and pids are given";
        using var unshare = Process.Start(new ProcessStartInfo("unshare", ["-pfmuinCU", "-r", "--mount-proc", "true"]) { RedirectStandardError = true })!;
        unshare.WaitForExit();
        return unshare.ExitCode == 0 ? null : "needs the right to make namespaces of all kinds; unshare(1) failed: " + unshare.StandardError.ReadToEnd().Trim();
    }
}

/// <summary>A fact that is skipped, with the reason, where namespaces cannot be made.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactInNamespacesAttribute : FactAttribute
{
    public FactInNamespacesAttribute() => Skip = NamespaceRights.Missing;
}

/// <summary>The same for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TheoryInNamespacesAttribute : TheoryAttribute
{
    public TheoryInNamespacesAttribute() => Skip = NamespaceRights.Missing;
}
