using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CrCore.Image;
using CrCore.Objects.Files;
using CrCore.Objects.Memory;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Module;

/// <summary>Export-CrImageReport: the page is whole, safe, bounded and complete.</summary>
public sealed partial class ReportCommandTests : IDisposable
{
    private const string HostileComm = "<script>x(1)</", HostilePath = "/tmp/\"'><img src=x onerror=alert(1)>\n\u202e&amp;\udcff";

    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private string Report(string image, string name = "page.html")
        => File.ReadAllText(_session.Run("Export-CrImageReport $args[0] $args[1]", image, _folder.File(name)).Single<FileInfo>().FullName);

    private string Rich()
    {
        var image = _folder.File("rich.cr");
        RichImage.Write(image);
        return image;
    }

    /// <summary>Written so that it is XML, too; that shows every mark closed.</summary>
    private static XDocument Parse(string page) => XDocument.Parse(page[page.IndexOf("<html", StringComparison.Ordinal)..]);

    [Fact]
    public void The_page_tells_of_tasks_memory_descriptors_and_connections()
    {
        var page = Report(Rich());
        var text = Parse(page).Root!.Value;
        foreach (var expected in (string[])["20 server", "21 worker", "/var/log/server", "[heap]", "[stack]", "shared memory", "pipe:[7]", "20 server: descriptor 1 (w); 21 worker: descriptor 0 (r)", "20 server: memory at 200000; 21 worker: memory at 300000"])
            Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.DoesNotContain(RichImage.Text, page, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.File("page.html")));
    }

    [Fact]
    public void Nothing_is_fetched_and_nothing_runs()
    {
        var page = Report(Rich());
        Assert.DoesNotContain("http:", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("https:", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", page, StringComparison.OrdinalIgnoreCase);
        var elements = Parse(page).Descendants().ToList();
        Assert.DoesNotContain(elements, e => e.Name.LocalName is "script" or "link" or "img" or "iframe" or "object" or "base");
        foreach (var attribute in elements.Attributes())
        {
            Assert.False(attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal) || attribute.Name.LocalName == "src");
            if (attribute.Name.LocalName == "href")
                Assert.Contains(elements, e => e.Attribute("id")?.Value == attribute.Value[1..]);
        }
    }

    [Fact]
    public void Readers_of_every_kind_find_their_way()
    {
        var root = Parse(Report(Rich())).Root!;
        Assert.Equal("en", root.Attribute("lang")?.Value);
        var all = root.Descendants().ToList();
        foreach (var landmark in (string[])["title", "header", "nav", "main", "footer", "h1"])
            Assert.Single(all, e => e.Name.LocalName == landmark && e.Parent!.Name.LocalName != "svg" && e.Parent.Name.LocalName != "rect");
        var levels = all.Where(e => Heading().IsMatch(e.Name.LocalName)).Select(e => e.Name.LocalName[1] - '0').ToList();
        Assert.Equal([1, 2, 2, 2, 2, 2], levels);
        var ids = all.Select(e => e.Attribute("id")?.Value).OfType<string>().ToList();
        Assert.Equal(ids.Count, ids.Distinct(StringComparer.Ordinal).Count());
        foreach (var label in all.Select(e => e.Attribute("aria-labelledby")?.Value).OfType<string>())
            Assert.Contains(label, ids);
        Assert.All(all.Where(e => e.Name.LocalName == "table"), t =>
        {
            Assert.Equal("caption", t.Elements().First().Name.LocalName);
            Assert.All(t.Descendants("th"), h => Assert.Contains(h.Attribute("scope")?.Value, (string[])["row", "col"]));
        });
        Assert.All(all.Where(e => e.Name.LocalName == "svg"), s => Assert.True(s.Attribute("aria-hidden") is not null || s.Element("title") is not null));
    }

    /// <summary>What the Tab key reaches: in the page's own order, named, and first of all the way past the head.</summary>
    [Fact]
    public void The_keyboard_reaches_what_can_be_used_in_the_order_of_the_page()
    {
        var root = Parse(Report(Rich())).Root!;
        var all = root.Descendants().ToList();
        Assert.All(all.Attributes("tabindex"), t => Assert.Equal("0", t.Value));
        Assert.DoesNotContain(all.Attributes(), a => a.Name.LocalName is "accesskey" or "autofocus" or "contenteditable");
        var stops = all.Where(e => e.Name.LocalName is "a" or "summary" || e.Attribute("tabindex") is not null).ToList();
        Assert.Equal("#content", stops[0].Attribute("href")?.Value);
        Assert.Equal("main", all.Single(e => e.Attribute("id")?.Value == "content").Name.LocalName);
        Assert.Equal(all.Where(e => e.Name.LocalName == "section").Select(e => "#" + e.Attribute("aria-labelledby")!.Value), stops.Skip(1).Take(5).Select(e => e.Attribute("href")!.Value));
        Assert.All(stops, e => Assert.NotEqual("", NameOf(e, all)));
        // A stop that is hidden from screen readers would be a place of which nothing is said.
        Assert.All(stops, e => Assert.DoesNotContain(e.AncestorsAndSelf(), a => a.Attribute("aria-hidden") is not null || a.Attribute("hidden") is not null));
        // What scrolls by itself can be scrolled without a mouse.
        Assert.All(all.Where(e => e.Attribute("class")?.Value == "scroll"), e => Assert.Equal("0", e.Attribute("tabindex")?.Value));
        // A summary opens its details; it is the first thing in them.
        Assert.All(all.Where(e => e.Name.LocalName == "details"), e => Assert.Equal("summary", e.Elements().First().Name.LocalName));
    }

    /// <summary>What a screen reader says: every region, picture and table by a name of its own, and nothing by colour or shape alone.</summary>
    [Fact]
    public void Screen_readers_are_told_what_each_thing_is()
    {
        var all = Parse(Report(Rich())).Root!.Descendants().ToList();
        var roles = all.Where(e => e.Attribute("role") is not null).ToList();
        Assert.All(roles, e => Assert.Equal(e.Attribute("role")!.Value, e.Name.LocalName == "svg" ? "img" : "region"));
        var named = all.Where(e => e.Name.LocalName is "section" or "nav" || e.Attribute("role") is not null).Select(e => NameOf(e, all)).ToList();
        Assert.DoesNotContain("", named);
        Assert.Equal(named.Count, named.Distinct(StringComparer.Ordinal).Count());
        foreach (var section in all.Where(e => e.Name.LocalName == "section"))
        {
            // Whatever is drawn stands in a table of the same section, too.
            if (section.Descendants().Any(e => e.Attribute("role")?.Value == "img"))
                Assert.NotEmpty(section.Descendants("table"));
            Assert.Equal("h2", all.Single(e => e.Attribute("id")?.Value == section.Attribute("aria-labelledby")!.Value).Name.LocalName);
        }
        // Colours are said in words beside them, and lists of them have a name.
        Assert.All(all.Where(e => e.Attribute("class")?.Value == "legend"), e =>
        {
            Assert.NotNull(e.Attribute("aria-label"));
            Assert.All(e.Elements(), item => Assert.NotEqual("", item.Value.Trim()));
        });
        Assert.All(all.Where(e => e.Name.LocalName == "table"), t =>
        {
            var columns = t.Descendants("thead").Single().Descendants("th").ToList();
            Assert.All(columns, h => Assert.NotEqual("", h.Value.Trim()));
            Assert.All(t.Descendants("tbody").Single().Elements(), row => Assert.Equal(columns.Count, row.Elements().Count()));
        });
        Assert.All(all.Where(e => e.Name.LocalName == "dl").Elements(), pair => Assert.Equal(["dt", "dd"], pair.Elements().Select(e => e.Name.LocalName)));
    }

    /// <summary>The accessible name, as far as this page's means go (accname-1.2): what labels it, its label, or its text.</summary>
    private static string NameOf(XElement element, List<XElement> all)
        => element.Attribute("aria-labelledby") is { } by ? all.Single(e => e.Attribute("id")?.Value == by.Value).Value.Trim()
            : element.Attribute("aria-label")?.Value.Trim() ?? (element.Name.LocalName is "a" or "summary" ? element.Value.Trim() : "");

    [Fact]
    public void Strange_names_stay_text()
    {
        var image = _folder.File("hostile\".cr");
        WriteHostile(image);
        var page = Report(image);
        var document = Parse(page);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\u202e', page);
        var text = document.Root!.Value;
        Assert.Contains(HostileComm, text, StringComparison.Ordinal);
        Assert.Contains("/tmp/\"'><img src=x onerror=alert(1)>\\n\\u202e&amp;\\xff", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_large_tree_gives_a_page_that_opens()
    {
        const int count = 5000;
        var image = _folder.File("large.cr");
        WriteLarge(image, count);
        var page = Report(image);
        Assert.InRange(page.Length, 100_000, 6_000_000);
        var text = Parse(page).Root!.Value;
        Assert.Contains("The first 120 of 5,000 tasks.", text, StringComparison.Ordinal);
        Assert.Contains("4,940 further tasks are not shown here; Get-CrImageMapping lists all.", text, StringComparison.Ordinal);
        Assert.Contains("and 4,984 further", text, StringComparison.Ordinal);
    }

    [Fact]
    public void No_file_is_replaced_unasked()
    {
        var image = Rich();
        File.WriteAllText(_folder.File("page.html"), "precious");
        Assert.Equal("CrImageExists", _session.Run("Export-CrImageReport $args[0] $args[1]", image, _folder.File("page.html")).ErrorId);
        Assert.Equal("precious", File.ReadAllText(_folder.File("page.html")));
        Assert.Empty(_session.Run("Export-CrImageReport $args[0] $args[1] -WhatIf", image, _folder.File("none.html")).Output);
        Assert.False(File.Exists(_folder.File("none.html")));
        _session.Run("Export-CrImageReport $args[0] $args[1] -Force", image, _folder.File("page.html")).Single<FileInfo>();
        Assert.Equal(_folder.File("rich.html"), _session.Run("Export-CrImageReport -LiteralPath $args[0] -DestinationPath $args[1]", image, _folder.Path).Single<FileInfo>().FullName);
    }

    /// <summary>By the formula of WCAG 2: 4.5:1 for text, 3:1 for what pictures are made of.</summary>
    [Fact]
    public void Colours_stand_out_in_light_and_in_dark()
    {
        var sheets = Sheet().Matches(Report(Rich()));
        Assert.Equal(3, sheets.Count);
        foreach (Match sheet in sheets)
        {
            var colours = Colour().Matches(sheet.Value).ToDictionary(m => m.Groups[1].Value, m => Luminance(m.Groups[2].Value));
            foreach (var ground in (string[])["ground", "panel"])
            {
                foreach (var text in (string[])["ink", "soft", "link"])
                    Assert.True(Contrast(colours[text], colours[ground]) >= 4.5, $"{text} on {ground}");
                for (var i = 0; i < 8; i++)
                    Assert.True(Contrast(colours[$"c{i}"], colours[ground]) >= 3, $"c{i} on {ground}");
            }
            for (var i = 0; i < 6; i++)
                Assert.True(Contrast(colours["on"], colours[$"c{i}"]) >= 4.5, $"on c{i}");
        }
    }

    private static double Contrast(double a, double b) => (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);

    private static double Luminance(string hex)
    {
        if (hex.Length == 3)
            hex = string.Concat(hex.Select(c => new string(c, 2)));
        double Channel(int at)
        {
            var c = int.Parse(hex.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);
        }
        return (0.2126 * Channel(0)) + (0.7152 * Channel(2)) + (0.0722 * Channel(4));
    }

    private static void WriteHostile(string path)
    {
        using var image = Begin(path, [new(7, 7, 0)]);
        image.WriteTask(new TaskRecord { VPid = 7, ThreadCount = 1 }, HostileComm);
        image.WriteRecord(new MmRecord { Parent = 7, ObjRef = 1, MapCount = 1, ExePath = HostilePath });
        image.WriteRecord(new VmaRecord { Kind = VmaType.Anonymous, Start = 0x1000, End = 0x2000, Protection = MemoryProtection.Read, Name = "</title><svg onload=x>" });
        image.WriteRecord(new MmContextRecord(1));
        image.WriteRecord(new FilesRecord(7, 2, 1));
        image.WriteRecord(new FdEntRecord(3, 0, false));
        image.WriteRecord(new FdDataRecord { ObjRef = 3, FdType = FdType.File, Mode = 1, Flags = 0, Position = 0 });
        image.WriteRecord(new FNameRecord(HostilePath));
        image.WriteRecord(new ThreadRecord(7, 7));
        image.SealMetadata();
        image.Finish();
    }

    /// <summary>A root with many children, who all have one description open.</summary>
    private static void WriteLarge(string path, int count)
    {
        using var image = Begin(path, [.. Enumerable.Range(1, count).Select(i => new TreePids(i, i, i == 1 ? 0 : 1))]);
        for (var i = 1; i <= count; i++)
        {
            image.WriteTask(new TaskRecord { VPid = i, ThreadCount = 1, ChildrenCount = i == 1 ? count - 1 : 0 }, "task");
            image.WriteRecord(new MmRecord { Parent = (uint)i, ObjRef = (uint)(2 * i) + 10, MapCount = 1, ExePath = "/bin/task" });
            image.WriteRecord(new VmaRecord { Kind = VmaType.Anonymous, Start = 0x1000, End = 0x2000, Protection = MemoryProtection.Read });
            image.WriteRecord(new MmContextRecord((uint)(2 * i) + 10));
            image.WriteRecord(new FilesRecord((uint)i, (uint)(2 * i) + 11, 1));
            image.WriteRecord(new FdEntRecord(3, 0, false));
            if (i == 1)
            {
                image.WriteRecord(new FdDataRecord { ObjRef = 3, FdType = FdType.Device, Mode = 1, Flags = 0, Position = 0 });
                image.WriteRecord(new FNameRecord("/dev/null"));
            }
            image.WriteRecord(new ThreadRecord(i, i));
        }
        image.SealMetadata();
        image.Finish();
    }

    private static ImageWriter Begin(string path, TreePids[] tree)
    {
        var image = new ImageWriter(File.Create(path));
        image.WriteRecord(new HeadRecord { Major = 6, Minor = 18, Release = "6.18", Machine = "x86_64", Writer = "test", ImageId = Guid.NewGuid(), Time = 1_700_000_000, CreatedNanoseconds = 1_700_000_000_000_000_000 });
        image.WriteRecord(new HeadArchRecord(true, true, 2432));
        image.WriteRecord(new TreeRecord(tree));
        return image;
    }

    [GeneratedRegex("^h[1-6]$")]
    private static partial Regex Heading();

    [GeneratedRegex(":root\\{[^}]*--c7:#[0-9a-f]+")]
    private static partial Regex Sheet();

    [GeneratedRegex("--([a-z0-9]+):#([0-9a-f]+)")]
    private static partial Regex Colour();
}
