using System.Diagnostics;
using System.Reflection;
using Xunit.Sdk;

namespace CrProperty.Namespaces;

/// <summary>A row whose first value is a command for a network namespace; skipped where this machine's tools or kernel cannot do it.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class NetworkDataAttribute : DataAttribute
{
    private readonly object[] _row;

    public NetworkDataAttribute(string command, string id, string what)
    {
        _row = [command, id, what];
        if (NamespaceRights.Missing is null && !Works(command))
            Skip = $"this machine cannot do it: {command}";
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [_row];

    private static bool Works(string command)
    {
        using var trial = Process.Start(new ProcessStartInfo("unshare", ["-n", "sh", "-c", command]) { RedirectStandardError = true })!;
        trial.StandardError.ReadToEnd();
        trial.WaitForExit();
        return trial.ExitCode == 0;
    }
}
