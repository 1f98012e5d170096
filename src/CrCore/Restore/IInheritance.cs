using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>What children have from the one that makes them: it is made ready before they are.</summary>
internal interface IInheritance
{
    /// <summary>Gets a creator ready to make the first of some children.</summary>
    /// <param name="creator">Null for one that is no process of the plan.</param>
    /// <returns>How many of them, 1 at least, it can make as it is now.</returns>
    int Prepare(PlannedTask? creator, Puppet puppet, IReadOnlyList<PlannedTask> children, int first);

    /// <summary>A child has been made.</summary>
    void Born(Puppet creator, Puppet child);
}
