using System.Diagnostics;
using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>
/// A stopped process whose memory is that of another as it was at one moment (copy on write): it is read while the other
/// runs on. A helper thread of the other waits for it, so that nobody else learns of it; should this program die, the copy
/// ends, and the helper with it (docs/injection.md). All calls come from the tracer's thread.
/// </summary>
internal sealed class AddressSpaceCopy : IDisposable
{
    private const int SigKill = 9;

    private readonly int _original, _helper;
    private InjectionSite? _site;

    /// <param name="site">Where the helper's code lies; cleared when the helper is gone.</param>
    public AddressSpaceCopy(int original, int helper, int pid, InjectionSite site)
    {
        (_original, _helper, Pid, _site) = (original, helper, pid, site);
    }

    /// <summary>The copy, as this process sees it.</summary>
    public int Pid { get; }

    /// <summary>The process whose memory it has.</summary>
    public int Original => _original;

    /// <summary>Ends the copy and waits for the helper's end; when it does not come within ten seconds, its code stays where it is, out of everybody's way.</summary>
    public void Dispose()
    {
        if (_site is not { } site)
            return;
        _site = null;
        using (site)
        {
            Libc.Syscall(Sys.kill, Pid, SigKill);
            WaitReport report;
            while (Wait.Take(Pid, noHang: false, out report) == Errno.None && !report.IsEnd)
            {
            }
            if (HelperEnds())
                site.Clear();
        }
    }

    private bool HelperEnds()
    {
        using var proc = new ProcReader();
        var deadline = Stopwatch.GetTimestamp() + 10 * Stopwatch.Frequency;
        while (ProcStat.TryRead(proc, new TaskDir(_original, _helper), out _))
        {
            if (Stopwatch.GetTimestamp() > deadline)
                return false;
            Thread.Sleep(1);
        }
        return true;
    }
}
