using System.Diagnostics;
using CrCore.Kernel;
using Microsoft.Win32.SafeHandles;

namespace CrCore.Image;

/// <summary>
/// Puts huge pages beneath parts of an image on tmpfs just before page blocks are written there. Of the time that writing 4 KiB
/// pages takes, three quarters are the file's new pages, made one by one under the inode's lock: 0.7 ms for 2 MiB, and 0.3 ms
/// with a huge page. Several threads write at the same time.
/// </summary>
/// <remarks>
/// A huge page can be dear: where memory has to be compacted first, or where a virtual machine has to fetch it from its host
/// (5 ms and more). So an account is kept of what was gained and lost, and where it falls below nothing, it is over with them.
/// </remarks>
internal sealed class HugeParts
{
    /// <summary>What 2 MiB of single pages take, and what the account starts with, in ms.</summary>
    private const double Saved = 0.4, Start = 2;

    private const int MostFailures = 3;

    /// <summary>How long other threads wait for one that is under way; then they write beside it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(1);

    private readonly SafeFileHandle _file;
    private readonly List<long> _underWay = [];
    private double _account = Start;
    private int _failures;
    private volatile bool _isOver;

    private HugeParts(SafeFileHandle file) => _file = file;

    /// <summary>Whether the file has got any: it may hold more behind its end than it needs.</summary>
    public bool Any { get; private set; }

    /// <summary>They were too dear, or not to be had: the file gets no more.</summary>
    public bool IsOver => _isOver;

    /// <returns>null where the file, one in memory, cannot have huge pages.</returns>
    public static HugeParts? For(SafeFileHandle file) => HugeFilePage.IsPossible ? new HugeParts(file) : null;

    /// <summary>Takes on the part that begins within a block, for whoever writes the block; others wait for it.</summary>
    /// <returns>Where it begins, or −1: none does, or it is not worth it now.</returns>
    public long Reserve(long offset, long end)
    {
        var start = (offset + HugeFilePage.Size - 1) & -HugeFilePage.Size;
        if (start >= end || _isOver)
            return -1;
        lock (_underWay)
        {
            // Until one shows what they cost here, one is enough to be tried.
            if (!Any && _underWay.Count > 0)
                return -1;
            _underWay.Add(start);
        }
        return start;
    }

    /// <summary>Puts a huge page beneath a part that was taken on. Where that fails, the part is written without one.</summary>
    public void Make(long start)
    {
        var since = Stopwatch.GetTimestamp();
        var made = false;
        try
        {
            // Something has to be there; the block comes over it.
            RandomAccess.Write(_file, [0], start);
            made = HugeFilePage.Make(_file, start) == Errno.None;
        }
        // The block's own write meets the same, and tells it.
        catch (Exception e) when (WriteError.Is(e))
        {
        }
        var took = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
        lock (_underWay)
        {
            _underWay.Remove(start);
            _account = Math.Min(Start, _account + Saved - took);
            if (made)
                Any = true;
            else
                _failures++;
            if (_account < 0 || _failures >= MostFailures)
                _isOver = true;
        }
    }

    /// <summary>Waits a moment while somebody puts a huge page beneath a part of [<paramref name="offset"/>, <paramref name="end"/>).</summary>
    public void Await(long offset, long end)
    {
        if (!IsUnderWay(offset, end))
            return;
        var since = Stopwatch.GetTimestamp();
        var wait = new SpinWait();
        do
            wait.SpinOnce(sleep1Threshold: -1);
        while (IsUnderWay(offset, end) && Stopwatch.GetElapsedTime(since) < Patience);
    }

    private bool IsUnderWay(long offset, long end)
    {
        lock (_underWay)
            foreach (var start in _underWay)
                if (start < end && start + HugeFilePage.Size > offset)
                    return true;
        return false;
    }
}
