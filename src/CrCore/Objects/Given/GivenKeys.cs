using System.Globalization;
using CrCore.Objects.Files;
using CrCore.Restore;

namespace CrCore.Objects.Given;

/// <summary>Which saved description each given descriptor stands for.</summary>
internal sealed class GivenKeys
{
    private readonly IReadOnlyList<GivenDescriptor> _given;
    private readonly Dictionary<uint, GivenDescriptor> _chosen = [];
    private readonly HashSet<GivenDescriptor> _unknown = [];
    private readonly List<(SavedDescription Saved, GivenDescriptor First, GivenDescriptor Second)> _twice = [];
    private readonly List<(SavedDescription Saved, GivenDescriptor Given)> _tied = [];

    public GivenKeys(SavedFiles files, IReadOnlyList<GivenDescriptor> given)
    {
        _given = given;
        // A task and a number say more than a name, which several can have.
        foreach (var g in given)
            if (TryParse(g.Key, out var vpid, out var fd))
                Choose(g, files.Find(vpid, fd) is { } saved ? [saved] : [], over: true);
        foreach (var g in given)
            if (!TryParse(g.Key, out _, out _))
                Choose(g, files.Descriptions.Where(saved => saved.Name == g.Key), over: false);
    }

    /// <summary>How messages say which one to give.</summary>
    public static string KeyOf(SavedDescription saved) => saved.Name.Length > 0 ? saved.Name : $"{saved.Task.VPid}/{saved.Fd}";

    private static bool TryParse(string key, out int vpid, out int fd)
    {
        fd = 0;
        var slash = key.IndexOf('/');
        return int.TryParse(key.AsSpan(0, Math.Max(0, slash)), NumberStyles.None, CultureInfo.InvariantCulture, out vpid)
            && int.TryParse(key.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out fd);
    }

    private void Choose(GivenDescriptor given, IEnumerable<SavedDescription> matches, bool over)
    {
        var found = false;
        foreach (var saved in matches)
        {
            found = true;
            if (saved.Data.FdType != FdType.Given && DescriptorKinds.Find(saved.Data.FdType)?.FormOf(saved) is null)
                _tied.Add((saved, given));
            else if (!_chosen.TryAdd(saved.ObjRef, given) && over)
                _twice.Add((saved, _chosen[saved.ObjRef], given));
        }
        if (!found)
            _unknown.Add(given);
    }

    /// <summary>The description as it is restored, where another stands for it or must; null where it is restored itself.</summary>
    /// <exception cref="CrImageException">One that must be given has no record that says what it was.</exception>
    public SavedDescription? Replacement(SavedDescription saved)
    {
        var given = _chosen.GetValueOrDefault(saved.ObjRef);
        if (saved.Data.FdType != FdType.Given)
            return given is null ? null : saved with { Data = saved.Data with { FdType = FdType.Given }, Given = given, Was = saved.Data.FdType };
        var record = saved.Get<GivenRecord>() ?? throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} has no GIVEN record.", saved.Task.Offset,
            "The image is damaged or was not written by this format; take another copy.");
        return saved with { Given = given, Was = record.Was };
    }

    /// <summary>Preflight of what was given: all of it must be for something.</summary>
    public void Check(CheckContext context)
    {
        foreach (var g in _given)
            if (_unknown.Contains(g))
                context.Refuse(null, "CrDescriptorKeyUnknown", $"-Descriptor '{g.Key}'", "no descriptor of the image has this name or number", "Get-CrImageFile lists them: give its Name, or VPid/Fd.", CrErrorKind.NotFound);
        foreach (var (saved, given) in _tied)
            context.Refuse(saved.Task, "CrDescriptorTied", saved.Label, $"it is restored with the tree, which depends on it, and '{given.Key}' cannot stand for it",
                "Save it with -ExternalPipe Given or -ExternalUnixSocket Given, if its other end is outside of the tree.");
        foreach (var (saved, first, second) in _twice)
            context.Refuse(saved.Task, "CrDescriptorGivenTwice", saved.Label, $"'{first.Key}' and '{second.Key}' are one open file, which only one can stand for", "Leave one of them out.");
    }
}
