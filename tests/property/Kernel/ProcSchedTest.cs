using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>When a thread last ran is known, or it is unknown: never a time at which it did not run.</summary>
public class ProcSchedTest
{
    private const string Run = "se.exec_start                                :      12592218.494976\n";
    private const string NoRun = "se.exec_start                                :             0.000000\n";
    private const string Load = "se.avg.last_update_time                      :       12592218494976\n";
    private const string Switches = "nr_voluntary_switches                        :                    7\n";

    private static bool Parse(string figures, out ProcSched sched) => ProcSched.TryParse(System.Text.Encoding.ASCII.GetBytes(
        "python3 (27448, #threads: 1)\n-------------------------------------------------------------------\n"
        + figures + "nr_involuntary_switches                      :                    0\n"), out sched);

    [Fact]
    public void All_figures_are_found()
    {
        Assert.True(Parse(Run + Switches + Load, out var sched));
        Assert.Equal((12_592_218_494_976, 12_592_218_494_976, 7), (sched.LastRun, sched.LastLoad, sched.VoluntarySwitches));
    }

    [Theory]
    [InlineData(NoRun + Load + Switches), InlineData(Load + Switches)]
    public void A_run_of_0_is_unknown_and_not_the_start_of_the_machine(string figures)
    {
        Assert.True(Parse(figures, out var sched));
        Assert.Equal((0, 12_592_218_494_976), (sched.LastRun, sched.LastLoad));
    }

    [Theory]
    [InlineData(Switches), InlineData(NoRun + Switches), InlineData(Run + Load), InlineData("se.exec_start : x\n" + Load + Switches)]
    public void Nothing_is_known_of_a_file_without_them(string figures) => Assert.False(Parse(figures, out _));
}
