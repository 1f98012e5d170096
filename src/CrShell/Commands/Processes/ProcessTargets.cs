using System.Diagnostics;
using System.Management.Automation;

namespace CrShell.Commands.Processes;

/// <summary>
/// Base of the cmdlets that take processes by -Id, -Name or -InputObject. Where InputObject is the default set, a piped Process
/// is taken as it is, and any other object by its Id.
/// </summary>
public abstract class ProcessTargets : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [Alias("PID", "ProcessId")]
    public int[] Id { get; set; } = [];

    [Parameter(Mandatory = true, ParameterSetName = "Name")]
    [Alias("ProcessName")]
    public string[] Name { get; set; } = [];

    [Parameter(Mandatory = true, ParameterSetName = "InputObject", ValueFromPipeline = true)]
    public Process[] InputObject { get; set; } = [];

    /// <summary>The processes named by this record. One that is not there is an error of its own.</summary>
    private protected IEnumerable<Incarnation> Targets()
    {
        foreach (var process in InputObject)
            yield return new Incarnation(process, IsLater: false);
        foreach (var id in Id)
        {
            if (ById(id) is { } process)
                yield return Incarnation.Of(process);
        }
        foreach (var name in Name)
        {
            foreach (var process in ByName(name))
                yield return Incarnation.Of(process);
        }
    }

    protected Process? ById(int id)
    {
        try
        {
            return Process.GetProcessById(id);
        }
        catch (ArgumentException)
        {
            WriteError(new ErrorRecord(
                new ItemNotFoundException($"Cannot find a process with the process identifier {id}."), "NoProcessFoundForGivenId", ErrorCategory.ObjectNotFound, id));
            return null;
        }
    }

    protected IEnumerable<Process> ByName(string name)
    {
        var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
        var found = Process.GetProcesses().Where(p => pattern.IsMatch(p.ProcessName)).OrderBy(p => p.ProcessName, StringComparer.OrdinalIgnoreCase).ThenBy(p => p.Id).ToArray();
        if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
        {
            WriteError(new ErrorRecord(
                new ItemNotFoundException($"Cannot find a process with the name \"{name}\"."), "NoProcessFoundForGivenName", ErrorCategory.ObjectNotFound, name));
        }
        return found;
    }
}
