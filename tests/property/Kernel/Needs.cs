using Xunit;

namespace CrProperty.Kernel;

/// <summary>Finds what a test needs and says so where it is missing.</summary>
internal static class Needs
{
    public static string? Missing(string[] programs)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        var missing = programs.Where(p => !path.Any(d => File.Exists(Path.Combine(d, p)))).ToArray();
        return missing.Length == 0 ? null : $"needs {string.Join(" and ", missing)}, which is not installed";
    }
}

/// <summary>A fact that is skipped, with the reason, where a program is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWithAttribute : FactAttribute
{
    public FactWithAttribute(params string[] programs) => Skip = Needs.Missing(programs);
}

/// <summary>A theory that is skipped, with the reason, where a program is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TheoryWithAttribute : TheoryAttribute
{
    public TheoryWithAttribute(params string[] programs) => Skip = Needs.Missing(programs);
}

/// <summary>A fact that only root can establish.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = Environment.IsPrivilegedProcess ? null : "needs root";
}
