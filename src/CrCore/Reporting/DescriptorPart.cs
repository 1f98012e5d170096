using CrCore.Image;
using CrCore.Inspection;
using CrCore.Objects.Files;

namespace CrCore.Reporting;

/// <summary>The tasks' descriptors: how many of what, and each one in a table.</summary>
internal static class DescriptorPart
{
    private const int Row = 26, Top = 8, Left = 200, Width = 640;

    public static void Write(HtmlWriter html, ImageModel image, ImageDescriptors descriptors, CancellationToken cancel)
    {
        html.Raw("<section aria-labelledby=\"descriptors\"><h2 id=\"descriptors\">Descriptors</h2><p class=\"soft\">What each task has open.</p>\n");
        var (tasks, with) = (new List<(TaskImage Task, List<ImageDescriptor> List)>(), 0);
        foreach (var task in image.Tasks)
        {
            cancel.ThrowIfCancellationRequested();
            if (tasks.Count < ReportLimits.DetailedTasks)
            {
                List<ImageDescriptor> list = [.. descriptors.List(task)];
                if (list.Count > 0)
                    tasks.Add((task, list));
                with = tasks.Count;
            }
            else if (descriptors.Entries(task).Any())
            {
                with++;
            }
        }
        if (with == 0)
            html.Raw("<p>No task of this image has a descriptor.</p>");
        else
            Draw(html, tasks);
        foreach (var (task, list) in tasks)
            Table(html, task, list);
        html.LeftOut(with - tasks.Count, "tasks", "Get-CrImageFile");
        html.Raw("</section>\n");
    }

    private static int ColourOf(ImageDescriptor d) => d.Saved.Data.FdType switch
    {
        FdType.File or FdType.Directory or FdType.Link or FdType.Path => 0,
        FdType.Pipe or FdType.Fifo => 1,
        FdType.UnixSocket or FdType.InetSocket or FdType.NetlinkSocket or FdType.PacketSocket => 2,
        FdType.Ghost or FdType.MemoryFile => 5,
        FdType.Device or FdType.Terminal or FdType.PtyMaster or FdType.PtySlave
            or FdType.ControllingTerminal or FdType.HungUpTerminal => 6,
        _ => 4,
    };

    private static void Draw(HtmlWriter html, List<(TaskImage Task, List<ImageDescriptor> List)> tasks)
    {
        var drawn = Math.Min(tasks.Count, ReportLimits.DrawnBars);
        var most = 1;
        for (var i = 0; i < drawn; i++)
            most = Math.Max(most, tasks[i].List.Count);
        // No cell is wider than it must be to be seen as one.
        var cell = Math.Min(18, (double)Width / most);
        html.Write($"<figure><svg viewBox=\"0 0 960 {drawn * Row + Top}\" role=\"img\" aria-labelledby=\"fds-title\"><title id=\"fds-title\">Descriptors of {ReportText.Count(drawn, "task", "tasks")} by type; the tables below have each one.</title>\n");
        for (var i = 0; i < drawn; i++)
        {
            var (task, list) = tasks[i];
            var y = Top + i * Row;
            html.Write($"<text x=\"0\" y=\"{y + 13}\">{ReportText.Cut(task.Label(), 26)}</text>");
            double x = Left;
            foreach (var run in list.GroupBy(ColourOf).OrderBy(g => g.Key))
            {
                var n = run.Count();
                html.Write($"<rect class=\"f{run.Key}\" x=\"{x:0.##}\" y=\"{y + 1}\" width=\"{Math.Max(0.5, n * cell - 1.5):0.##}\" height=\"16\" rx=\"2\"/>");
                if (n * cell > 16)
                    html.Write($"<text class=\"on\" x=\"{x + (n * cell / 2):0.##}\" y=\"{y + 13}\" text-anchor=\"middle\">{n}</text>");
                x += n * cell;
            }
            html.Write($"<text class=\"soft num\" x=\"{x + 8:0.##}\" y=\"{y + 13}\">{list.Count:n0}</text>\n");
        }
        html.Raw("</svg>");
        html.Legend([(0, "files"), (1, "pipes"), (2, "sockets"), (4, "events and others"), (5, "files without a name"), (6, "devices and terminals")]);
        html.Raw("</figure>\n");
    }

    private static void Table(HtmlWriter html, TaskImage task, List<ImageDescriptor> list)
    {
        html.Write($"<details><summary><b>{task.Label()}</b> <span class=\"soft\">{ReportText.Count(list.Count, "descriptor", "descriptors")}</span></summary>\n");
        html.OpenTable($"fds-{task.VPid}", $"Descriptors of {task.Label()}", "#Number", "Type", "Access", "Name", "More");
        var shown = Math.Min(list.Count, ReportLimits.Descriptors);
        for (var i = 0; i < shown; i++)
        {
            var d = list[i];
            html.Write($"<tr><th scope=\"row\" class=\"n\">{d.Fd}</th><td>{d.Saved.Data.FdType.ToString()}</td><td>{d.Access}</td><td>{ReportText.Cut(d.Saved.Name, 512)}</td><td>{ReportText.Cut(d.Details, 256)}</td></tr>\n");
        }
        html.CloseTable();
        html.LeftOut(list.Count - shown, "descriptors", $"Get-CrImageFile -VPid {task.VPid}");
        html.Raw("</details>\n");
    }
}
