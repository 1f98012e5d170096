using System.Diagnostics;

namespace CrCore.Checkpoint;

/// <summary>Times phases that follow one another.</summary>
internal sealed class PhaseClock
{
    private readonly List<PhaseTime> _phases = [];
    private string? _name;
    private long _since;

    public IReadOnlyList<PhaseTime> Phases => _phases;

    /// <summary>Ends the present phase and begins another.</summary>
    public void Start(string name)
    {
        Stop();
        _name = name;
    }

    /// <summary>Ends the present phase.</summary>
    public void Stop()
    {
        var now = Stopwatch.GetTimestamp();
        if (_name is not null)
            _phases.Add(new PhaseTime(_name, Stopwatch.GetElapsedTime(_since, now)));
        (_name, _since) = (null, now);
    }
}
