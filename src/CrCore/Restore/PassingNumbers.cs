using CrCore.Image;

namespace CrCore.Restore;

/// <summary>
/// Numbers for helpers that end before the tree runs: none that the tree itself needs, so that no helper is in the way of a
/// task that comes after it. Whether one is free here is seen when it is asked for.
/// </summary>
internal sealed class PassingNumbers
{
    /// <summary>Below it the kernel gives no number anew once it has come around (RESERVED_PIDS of kernel/pid.c).</summary>
    private const int Lowest = 300;

    private readonly HashSet<int> _used = [];
    private readonly int _max;
    private int _last;

    /// <param name="image">The tree.</param>
    /// <param name="max">One more than the highest number (/proc/sys/kernel/pid_max).</param>
    public PassingNumbers(ImageModel image, int max)
    {
        _max = max;
        foreach (var task in image.Tasks)
        {
            _used.UnionWith([task.VPid, task.Task.VPgid, task.Task.VSid]);
            foreach (var thread in task.Threads)
                _used.Add(thread.VTid);
        }
        foreach (var number in _used)
            _last = Math.Max(_last, number);
    }

    public int Next()
    {
        do
            _last = _last + 1 < _max ? Math.Max(_last + 1, Lowest) : Lowest;
        while (_used.Contains(_last));
        return _last;
    }
}
