using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Files;

/// <summary>
/// Opens regular files right at the numbers that they are to have, one call a file: open(2) gives the lowest free number, and
/// all below are taken. What is missing there is taken by placeholders until the end; where they would be too many, a file is moved.
/// </summary>
/// <param name="feed">Calls in the task whose table it is.</param>
/// <param name="files">How many files there will be: as many placeholders are worth their while.</param>
/// <remarks>Numbers 0 and 1 are never a file's; the second is the directory of files that follow each other in one.</remarks>
/// <param name="isTaken">Whether a number was in use before; none of these comes free before <see cref="Finish"/>.</param>
internal sealed class FilesInPlace(BatchFeed feed, int files, Func<int, bool> isTaken)
{
    /// <summary>Of a feed's pieces: each is laid out while the one before it runs, and the first goes soon, some fifty files.</summary>
    public const int PieceSize = PuppetArena.SliceSize / 4;

    private const int DirectoryNumber = 1;

    private readonly List<(int First, int Last)> _placeholders = [];
    private readonly HashSet<int> _moved = [];
    private readonly NameRow _row = new();
    private bool _holdsDirectory;
    private int _left = files + DirectoryNumber + 1;

    /// <summary>All numbers below are taken.</summary>
    private int _lowest;

    private SyscallBatch? _piece;
    private List<(Slot Made, int Number)> _due = [];

    /// <summary>Opens a file and puts its offset back. The numbers must come in ascending order.</summary>
    public void Open(SavedDescription saved, int number, bool closeOnExec)
    {
        if (_placeholders.Count == 0)
            Reach(DirectoryNumber + 1);
        FollowRow(saved);
        var isNext = Reach(number);
        var batch = feed.Next();
        var inPlace = closeOnExec ? OpenFlags.CloseOnExec : 0;
        var flags = OpenFlags.Reopening(saved.Data.Flags) | inPlace;
        var opened = _holdsDirectory
            ? batch.Must("open", saved, Sys.openat, DirectoryNumber, batch.Text(_row.Last), flags, 0)
            : batch.Must("open", saved, Sys.openat, FileNative.AT_FDCWD, batch.Text(saved.Name), flags, 0);
        if (isNext)
        {
            _lowest = number + 1;
            Expect(batch, opened, number);
        }
        else
        {
            batch.Must("move", saved, Sys.dup3, opened, number, inPlace);
            batch.Must("close", saved, Sys.close, opened);
            _moved.Add(number);
        }
        DescriptorServer.Seek(saved, number, batch);
    }

    /// <summary>Lets go of the placeholders.</summary>
    public void Finish()
    {
        foreach (var (first, last) in _placeholders)
            feed.Next().Must("close placeholders", null, Sys.close_range, first, last, 0);
        _placeholders.Clear();
    }

    private void FollowRow(SavedDescription saved)
    {
        var isRow = _row.Continues(saved.Name);
        if (isRow && !_holdsDirectory)
        {
            var batch = feed.Next();
            DescriptorServer.Move(batch, saved, batch.Must("open the directory of", saved, Sys.openat, FileNative.AT_FDCWD, batch.Text(_row.Directory), OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec, 0), DirectoryNumber);
        }
        _holdsDirectory = isRow;
    }

    /// <summary>Takes the free numbers below one, if they are not too many.</summary>
    /// <returns>Whether it is the lowest free one now; else another is.</returns>
    private bool Reach(int number)
    {
        SkipTaken();
        if (number - _lowest > _left)
            return false;
        for (; _lowest < number; SkipTaken())
            Hold(_lowest++);
        return true;
    }

    private void SkipTaken()
    {
        while (isTaken(_lowest) || _moved.Contains(_lowest))
            _lowest++;
    }

    private void Hold(int number)
    {
        _left--;
        var batch = feed.Next();
        if (_placeholders.Count == 0)
            Expect(batch, batch.Must("open a placeholder", null, Sys.openat, FileNative.AT_FDCWD, batch.Text("/"), OpenFlags.Path | OpenFlags.CloseOnExec, 0), number);
        else
            Expect(batch, batch.Must("make a placeholder", null, Sys.dup, _placeholders[0].First), number);
        if (_placeholders.Count > 0 && _placeholders[^1].Last == number - 1)
            _placeholders[^1] = (_placeholders[^1].First, number);
        else
            _placeholders.Add((number, number));
    }

    /// <summary>A file at another number than was thought would be another file to the program.</summary>
    private void Expect(SyscallBatch batch, Slot made, int number)
    {
        if (_piece != batch)
        {
            _piece = batch;
            var due = _due = [];
            feed.After(() => Verify(batch, due));
        }
        _due.Add((made, number));
    }

    private void Verify(SyscallBatch batch, List<(Slot Made, int Number)> due)
    {
        if (_piece == batch && _due == due)
            _piece = null;
        foreach (var (made, number) in due)
            if (batch.Result(made) != number)
                throw new CrTargetException("CrDescriptorNumber", $"A file was to be descriptor {number} and was opened as {batch.Result(made)}.", "Report this with the trace of -Debug.");
    }
}
