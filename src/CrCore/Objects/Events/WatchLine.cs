using System.Globalization;
using System.Text;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Events;

/// <summary>
/// A line of fdinfo about a watch: words of the form key:value with numbers in base 16 (fs/notify/fdinfo.c), such as
/// "inotify wd:2 ino:6418b sdev:fe00000 mask:2 ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:8b4106…".
/// </summary>
internal sealed class WatchLine
{
    private readonly Dictionary<string, string> _values = [];

    /// <summary>The lines that begin with a word, in the kernel's order: the youngest watch first.</summary>
    public static List<WatchLine> Of(Descriptor d, string word)
    {
        var found = new List<WatchLine>();
        foreach (var line in Encoding.ASCII.GetString(d.Details).Split('\n'))
        {
            if (!line.StartsWith(word + " ", StringComparison.Ordinal))
                continue;
            var parsed = new WatchLine();
            foreach (var pair in line[word.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
                if (pair.IndexOf(':') is > 0 and var colon)
                    parsed._values[pair[..colon]] = pair[(colon + 1)..];
            found.Add(parsed);
        }
        return found;
    }

    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>0 where the line does not have it.</summary>
    public ulong Number(string key)
        => _values.TryGetValue(key, out var text) && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var n) ? n : 0;

    public ulong Inode => Number("ino");

    /// <summary>The kernel's own form of a device number (MKDEV in include/linux/kdev_t.h).</summary>
    public (uint Major, uint Minor) Device => ((uint)(Number("sdev") >> 20), (uint)(Number("sdev") & 0xfffff));

    public FileHandle Handle
    {
        get
        {
            if (!_values.TryGetValue("f_handle", out var hex) || hex.Length % 2 != 0 || hex.Length > 2 * FileHandle.MaxBytes)
                return default;
            try
            {
                return new((int)Number("fhandle-type"), Convert.FromHexString(hex));
            }
            catch (FormatException)
            {
                return default;
            }
        }
    }
}
