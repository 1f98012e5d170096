using CrCore.Image;
using CrCore.Inspection;
using CrCore.Objects.Memory;

namespace CrCore.Reporting;

/// <summary>The tasks' address spaces: mappings side by side in the order of their addresses, the wider the larger.</summary>
internal static class MemoryPart
{
    private const int PerStrip = 48, Width = 960, Height = 34, Pitch = 62;

    public static void Write(HtmlWriter html, ImageModel image, CancellationToken cancel)
    {
        html.Raw("<section aria-labelledby=\"memory\"><h2 id=\"memory\">Address spaces</h2><p class=\"soft\">Each task's mappings from the lowest address to the highest. Widths grow with the logarithm of the length, so that a page can be seen beside a gigabyte; a slit is a stretch of addresses without a mapping.</p>\n");
        var legend = new (int, string)[MappingGroups.All.Length];
        foreach (var group in MappingGroups.All)
            legend[(int)group] = ((int)group, MappingGroups.Label(group));
        html.Legend(legend);
        var (shown, living) = (0, 0);
        foreach (var task in image.Tasks)
        {
            cancel.ThrowIfCancellationRequested();
            if (task.Task.IsEnded)
                continue;
            living++;
            if (shown >= ReportLimits.DetailedTasks)
                continue;
            Task(html, task, SavedMappings.Of(task), open: shown == 0);
            shown++;
        }
        if (living == 0)
            html.Raw("<p>No task of this image lives.</p>");
        html.LeftOut(living - shown, "tasks", "Get-CrImageMapping");
        html.Raw("</section>\n");
    }

    private static void Task(HtmlWriter html, TaskImage task, IReadOnlyList<SavedMapping> mappings, bool open)
    {
        double total = 0;
        foreach (var mapping in mappings)
            total += mapping.Vma.Length;
        if (open)
            html.Raw("<details open=\"open\">");
        else
            html.Raw("<details>");
        html.Write($"<summary><b>{task.Label()}</b> <span class=\"soft\">{ReportText.Count(mappings.Count, "mapping", "mappings")}, {ReportText.Size(total)} of addresses</span></summary>\n");
        var shown = Math.Min(mappings.Count, ReportLimits.Mappings);
        if (shown > 0)
        {
            Draw(html, task, mappings, shown);
            html.OpenTable($"maps-{task.VPid}", $"Mappings of {task.Label()}", "Start", "#Length", "Rights", "Kind", "Name");
            for (var i = 0; i < shown; i++)
            {
                var mapping = mappings[i];
                html.Write($"<tr><th scope=\"row\"><code>{mapping.Vma.Start:x}</code></th><td class=\"n\">{ReportText.Size(mapping.Vma.Length)}</td><td><code>{MappingText.Rights(mapping.Vma)}</code></td><td>{MappingGroups.Label(MappingGroups.Of(task, mapping))}</td><td>{MappingText.Name(task, mapping)}</td></tr>\n");
            }
            html.CloseTable();
            html.LeftOut(mappings.Count - shown, "mappings", $"Get-CrImageMapping -VPid {task.VPid}");
        }
        html.Raw("</details>\n");
    }

    private static void Draw(HtmlWriter html, TaskImage task, IReadOnlyList<SavedMapping> mappings, int shown)
    {
        var strips = (shown + PerStrip - 1) / PerStrip;
        html.Write($"<figure><svg viewBox=\"0 0 {Width} {strips * Pitch}\" role=\"img\" aria-labelledby=\"map-{task.VPid}\"><title id=\"map-{task.VPid}\">Address space of {task.Label()}, {ReportText.Count(shown, "mapping", "mappings")}; the table below has the same in words.</title>\n");
        for (var strip = 0; strip < strips; strip++)
            Strip(html, task, mappings, strip * PerStrip, Math.Min(shown, (strip + 1) * PerStrip), strip * Pitch);
        html.Raw("</svg></figure>\n");
    }

    private static void Strip(HtmlWriter html, TaskImage task, IReadOnlyList<SavedMapping> mappings, int from, int to, int y)
    {
        const double gap = 7, seam = 1.5;
        double weight = 0, slits = 0;
        for (var i = from; i < to; i++)
        {
            weight += Weight(mappings[i]);
            slits += Slit(i);
        }
        // A task with few mappings is not stretched over the whole width: widths can be compared between tasks.
        var scale = Math.Min(22, (Width - slits) / weight);
        double x = 0;
        for (var i = from; i < to; i++)
        {
            var mapping = mappings[i];
            x += Slit(i);
            var width = Weight(mapping) * scale;
            var group = MappingGroups.Of(task, mapping);
            html.Write($"<rect class=\"f{(int)group}\" x=\"{x:0.##}\" y=\"{y}\" width=\"{width:0.##}\" height=\"{Height}\" rx=\"2\"><title>{mapping.Vma.Start:x} {ReportText.Size(mapping.Vma.Length)} {MappingText.Rights(mapping.Vma)} {MappingText.Name(task, mapping)}</title></rect>");
            var size = ReportText.Size(mapping.Vma.Length);
            if (width > 7.2 * size.Length + 6)
                html.Write($"<text class=\"on\" x=\"{x + (width / 2):0.##}\" y=\"{y + 21.5}\" text-anchor=\"middle\">{size}</text>");
            x += width;
        }
        html.Write($"<text class=\"soft\" x=\"0\" y=\"{y + Height + 16}\">{mappings[from].Vma.Start:x}</text><text class=\"soft\" x=\"{Math.Max(x, 260):0.##}\" y=\"{y + Height + 16}\" text-anchor=\"end\">{mappings[to - 1].Vma.End:x}</text>\n");

        double Slit(int i) => i == from ? 0 : mappings[i].Vma.Start == mappings[i - 1].Vma.End ? seam : gap;
    }

    /// <summary>One page weighs 1, and each doubling as much again as a step.</summary>
    private static double Weight(in SavedMapping mapping) => 1 + (0.55 * Math.Log2(Math.Max(1, mapping.Vma.Length / (double)ImageFormat.PageSize)));
}
