using System.Management.Automation.Runspaces;
using CrShell.Commands;

namespace CrShell.Session;

/// <summary>What a session starts with: the engine's own commands, and those standard ones that its package leaves to others.</summary>
internal static class StartupState
{
    public static InitialSessionState Create()
    {
        var state = InitialSessionState.CreateDefault2();
        StandardCommands.AddTo(state);
        return state;
    }
}
