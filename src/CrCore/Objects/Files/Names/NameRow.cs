namespace CrCore.Objects.Files;

/// <summary>
/// Names of files that come one after another in the same directory: looked up from there, each saves the way to it, a fifth of what
/// opening a file takes.
/// </summary>
internal sealed class NameRow
{
    private string _name = "";
    private int _slash = -1;

    /// <summary>The directory of the last name.</summary>
    public string Directory => _slash <= 0 ? "/" : _name[.._slash];

    /// <summary>The last name in it.</summary>
    public ReadOnlySpan<char> Last => _name.AsSpan(_slash + 1);

    /// <summary>Whether the name is in the directory of the one before.</summary>
    public bool Continues(string name)
    {
        var slash = name.LastIndexOf('/');
        var continues = slash == _slash && name.AsSpan(0, slash).SequenceEqual(_name.AsSpan(0, slash));
        (_name, _slash) = (name, slash);
        return continues;
    }
}
