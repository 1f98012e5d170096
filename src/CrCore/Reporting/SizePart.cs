using CrCore.Inspection;

namespace CrCore.Reporting;

/// <summary>Where the image's bytes go: by task, and in each task by kind.</summary>
internal static class SizePart
{
    private const int Row = 26, Top = 8, Left = 200, Width = 660, Colours = 7, Other = 6;

    public static void Write(HtmlWriter html, IReadOnlyList<ImageShare> shares, long length)
    {
        var kinds = Kinds(shares);
        var tasks = Tasks(shares);
        var drawn = Math.Min(tasks.Count, ReportLimits.DrawnBars);
        html.Raw("<section aria-labelledby=\"sizes\"><h2 id=\"sizes\">Sizes</h2><p class=\"soft\">What takes how much of the image, the largest first. What several tasks share, and the image's own frame, stands as one.</p>\n");
        html.Write($"<figure><svg viewBox=\"0 0 960 {drawn * Row + Top}\" role=\"img\" aria-labelledby=\"sizes-title\"><title id=\"sizes-title\">Bytes of {ReportText.Count(drawn, "owner", "owners")} by kind; the tables below have the same in numbers.</title>\n");
        for (var i = 0; i < drawn; i++)
            Bar(html, tasks[i], Top + i * Row, kinds, Math.Max(1, tasks[0].Bytes));
        html.Raw("</svg>");
        var legend = new (int, string)[Math.Min(kinds.Count, Colours)];
        for (var i = 0; i < legend.Length; i++)
            legend[i] = (i, i == Other && kinds.Count > Colours ? "other kinds" : kinds[i].Kind);
        html.Legend(legend);
        if (tasks.Count > drawn)
            html.Write($"<figcaption>The {drawn:n0} largest of {tasks.Count:n0}.</figcaption>");
        html.Raw("</figure>\n");
        KindTable(html, kinds, length);
        html.Raw("<details><summary>By task and kind, as a table</summary>\n");
        TaskTable(html, tasks);
        html.Raw("</details></section>\n");
    }

    private static void Bar(HtmlWriter html, Owner owner, int y, List<(string Kind, long Bytes, long Records, long Pages)> kinds, long largest)
    {
        html.Write($"<text x=\"0\" y=\"{y + 13}\">{ReportText.Cut(owner.Name, 26)}</text>");
        double x = Left;
        var rest = 0L;
        for (var i = 0; i < kinds.Count; i++)
        {
            var bytes = owner.Of(kinds[i].Kind);
            if (i >= Other && kinds.Count > Colours)
            {
                rest += bytes;
                continue;
            }
            x = Segment(html, x, y, bytes, i);
        }
        x = Segment(html, x, y, rest, Other);
        html.Write($"<text class=\"soft num\" x=\"{x + 8:0.#}\" y=\"{y + 13}\">{ReportText.Size(owner.Bytes)}</text>\n");

        double Segment(HtmlWriter page, double at, int top, long bytes, int colour)
        {
            if (bytes == 0)
                return at;
            var width = (double)Width * bytes / largest;
            page.Write($"<rect class=\"f{colour}\" x=\"{at:0.##}\" y=\"{top + 1}\" width=\"{Math.Max(0.5, width - 1):0.##}\" height=\"16\"/>");
            return at + width;
        }
    }

    private static void KindTable(HtmlWriter html, List<(string Kind, long Bytes, long Records, long Pages)> kinds, long length)
    {
        html.OpenTable("sizes-kinds", "The image by kind of object", "Kind", "#Records or blocks", "#Pages of memory", "#Bytes", "#Size", "#Of the image");
        foreach (var (kind, bytes, records, pages) in kinds)
            html.Write($"<tr><th scope=\"row\">{kind}</th><td class=\"n\">{records:n0}</td><td class=\"n\">{pages:n0}</td><td class=\"n\">{bytes:n0}</td><td class=\"n\">{ReportText.Size(bytes)}</td><td class=\"n\">{(length == 0 ? 0 : 100.0 * bytes / length):0.0} %</td></tr>\n");
        html.CloseTable();
    }

    private static void TaskTable(HtmlWriter html, List<Owner> tasks)
    {
        html.OpenTable("sizes-tasks", "The image by task and kind", "Owner", "Kind", "#Records or blocks", "#Pages of memory", "#Bytes", "#Size");
        var owners = 0;
        foreach (var owner in tasks)
        {
            if (owners++ == ReportLimits.ListedTasks / 10)
                break;
            foreach (var share in owner.Shares)
                html.Write($"<tr><th scope=\"row\">{owner.Name}</th><td>{share.Kind}</td><td class=\"n\">{share.Records:n0}</td><td class=\"n\">{share.PageCount:n0}</td><td class=\"n\">{share.Bytes:n0}</td><td class=\"n\">{ReportText.Size(share.Bytes)}</td></tr>\n");
        }
        html.CloseTable();
        html.LeftOut(tasks.Count - (ReportLimits.ListedTasks / 10), "owners", "Measure-CrImage -GroupBy TaskAndKind");
    }

    private static List<(string Kind, long Bytes, long Records, long Pages)> Kinds(IReadOnlyList<ImageShare> shares)
    {
        var sums = new Dictionary<string, (long Bytes, long Records, long Pages)>(StringComparer.Ordinal);
        foreach (var share in shares)
        {
            var sum = sums.GetValueOrDefault(share.Kind);
            sums[share.Kind] = (sum.Bytes + share.Bytes, sum.Records + share.Records, sum.Pages + share.PageCount);
        }
        return [.. sums.Select(s => (s.Key, s.Value.Bytes, s.Value.Records, s.Value.Pages)).OrderByDescending(s => s.Bytes)];
    }

    private static List<Owner> Tasks(IReadOnlyList<ImageShare> shares)
    {
        var owners = new Dictionary<int, Owner>();
        foreach (var share in shares)
        {
            if (!owners.TryGetValue(share.VPid, out var owner))
                owners.Add(share.VPid, owner = new Owner(share.VPid == 0 ? "shared, and frame" : $"{share.VPid} {share.Comm}"));
            owner.Shares.Add(share);
        }
        return [.. owners.Values.OrderByDescending(o => o.Bytes)];
    }

    private sealed class Owner(string name)
    {
        public string Name { get; } = name;

        public List<ImageShare> Shares { get; } = [];

        public long Bytes => Shares.Sum(s => s.Bytes);

        public long Of(string kind)
        {
            foreach (var share in Shares)
                if (share.Kind == kind)
                    return share.Bytes;
            return 0;
        }
    }
}
