using CrProperty.Kernel;
using CrProperty.Trees;
using Xunit;

namespace CrProperty.Services;

/// <summary>
/// Real services under load: saved and left running, saved and ended, restored. No client may see an error, and
/// nothing that was acknowledged may be lost.
/// </summary>
[Collection(LiveTrees.Name)]
public sealed class ServiceTests
{
    [FactWith("/usr/bin/python3", "redis-server", "setsid")]
    public void Redis() => SurvivesUnderLoad("redis");

    [FactWith("/usr/bin/python3", "/usr/sbin/nginx", "setsid")]
    public void Nginx() => SurvivesUnderLoad("nginx", rounds: 1);

    [FactWith("/usr/bin/python3", "/usr/bin/psql", "setpriv", "setsid")]
    public void Postgres() => SurvivesUnderLoad("postgres");

    [FactWith("/usr/bin/python3", "tmux", "bash", "setsid")]
    public void Tmux() => SurvivesUnderLoad("tmux");

    [FactWith("/usr/bin/python3", "setsid")]
    public void Asyncio() => SurvivesUnderLoad("asyncio_echo");

    [FactWith("/usr/bin/python3", "node", "setsid")]
    public void Node() => SurvivesUnderLoad("node_program");

    [FactWith("/usr/bin/python3", "dotnet", "setsid")]
    public void DotNet() => SurvivesUnderLoad("dotnet_program", argument: Path.Combine(AppContext.BaseDirectory, "crshell.dll"));

    private static void SurvivesUnderLoad(string driver, int rounds = 10, string argument = "")
    {
        using var tree = new ServiceTree(driver, argument);
        tree.AwaitProgress(rounds);
        tree.Checkpoint(stop: false);
        tree.AwaitProgress(rounds);
        tree.Checkpoint(stop: true);
        tree.Restore();
        tree.AwaitProgress(rounds);
        Assert.Empty(tree.Verdict());
    }
}
