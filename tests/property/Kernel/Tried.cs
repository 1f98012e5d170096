using System.Collections.Concurrent;
using System.Diagnostics;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>Finds out, by trying, what this machine lets a program do.</summary>
internal static class Tried
{
    /// <summary>xUnit asks a test's attribute more than once, and takes a theory that is skipped only at first for one without data.</summary>
    private static readonly ConcurrentDictionary<string, Lazy<string?>> Answers = new();

    /// <summary>Why a test has to be skipped, or null.</summary>
    /// <param name="what">The right or the part of the kernel, for people.</param>
    /// <param name="code">python3; what it raises is the reason.</param>
    public static string? Refusal(string what, string code) => Answers.GetOrAdd(code, _ => new(() => Try(what, code))).Value;

    private static string? Try(string what, string code)
    {
        if (Needs.Missing(["python3"]) is { } missing)
            return missing;
        using var process = Process.Start(new ProcessStartInfo("python3", ["-c", "import ctypes, fcntl, os, struct\nlibc = ctypes.CDLL(None, use_errno=True)\n" + code])
        { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : $"needs {what}, which this machine does not give: {error.Trim().Split('\n')[^1]}";
    }
}

/// <summary>A fact that is skipped, with the reason, where a try in python3 fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactTriedAttribute : FactAttribute
{
    public FactTriedAttribute(string what, string code) => Skip = Tried.Refusal(what, code);
}

/// <summary>A theory that is skipped, with the reason, where a try in python3 fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TheoryTriedAttribute : TheoryAttribute
{
    public TheoryTriedAttribute(string what, string code) => Skip = Tried.Refusal(what, code);
}
