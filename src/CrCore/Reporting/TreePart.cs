using System.Globalization;
using CrCore.Image;

namespace CrCore.Reporting;

/// <summary>The process tree: who started whom, and what each task takes of the image.</summary>
internal static class TreePart
{
    private const int Row = 28, Top = 14, Indent = 20, MaxIndent = 14, Bar = 640, BarWidth = 250;

    public static void Write(HtmlWriter html, ImageModel image, IReadOnlyDictionary<int, long> sizes)
    {
        var drawn = Math.Min(image.Tasks.Count, ReportLimits.DrawnTasks);
        html.Write($"<section aria-labelledby=\"tree\"><h2 id=\"tree\">Process tree</h2><p class=\"soft\">Every task below the one that started it, with its state, and what it takes of the image.</p>\n");
        html.Write($"<figure><svg viewBox=\"0 0 960 {drawn * Row + Top}\" role=\"img\" aria-labelledby=\"tree-title\"><title id=\"tree-title\">Process tree of {ReportText.Count(image.Tasks.Count, "task", "tasks")}; the table below has the same in words.</title>\n");
        Draw(html, image, sizes, drawn);
        html.Raw("</svg>");
        html.Legend([(0, "living"), (2, "stopped or traced"), (6, "ended, not waited for")]);
        if (image.Tasks.Count > drawn)
            html.Write($"<figcaption>The first {drawn:n0} of {image.Tasks.Count:n0} tasks.</figcaption>");
        html.Raw("</figure>\n<details><summary>The tree as a table</summary>\n");
        Table(html, image, sizes);
        html.Raw("</details></section>\n");
    }

    private static void Draw(HtmlWriter html, ImageModel image, IReadOnlyDictionary<int, long> sizes, int drawn)
    {
        var places = new Dictionary<int, (int X, int Y)>();
        long largest = 1;
        for (var i = 0; i < drawn; i++)
            largest = Math.Max(largest, sizes.GetValueOrDefault(image.Tasks[i].VPid));
        var depths = new Dictionary<int, int>();
        for (var i = 0; i < drawn; i++)
        {
            var task = image.Tasks[i];
            var depth = task.Parent is null ? 0 : depths[task.ParentVPid] + 1;
            depths[task.VPid] = depth;
            var (x, y) = (12 + Indent * Math.Min(depth, MaxIndent), Top + i * Row);
            places[task.VPid] = (x, y);
            // The parent stands before its children, wherever the picture ends.
            if (task.Parent is not null && places[task.ParentVPid] is var (px, py))
                html.Write($"<path class=\"wire\" d=\"M{px} {py + 5}V{y}H{x}\"/>");
            var size = sizes.GetValueOrDefault(task.VPid);
            html.Write($"<circle class=\"f{Colour(task)}\" cx=\"{x}\" cy=\"{y}\" r=\"5\"/>");
            html.Write($"<text x=\"{x + 14}\" y=\"{y + 4.5}\"><tspan font-weight=\"600\">{ReportText.Cut(task.Comm, 16)}</tspan> <tspan class=\"num\" fill-opacity=\".75\">{task.VPid}</tspan></text>");
            html.Write($"<text class=\"soft\" x=\"470\" y=\"{y + 4.5}\">{Said(task)}</text>");
            html.Write($"<rect class=\"track\" x=\"{Bar}\" y=\"{y - 4}\" width=\"{BarWidth}\" height=\"8\" rx=\"4\"/>");
            if (size > 0)
                html.Write($"<rect class=\"f0\" x=\"{Bar}\" y=\"{y - 4}\" width=\"{Math.Max(2.0, (double)BarWidth * size / largest):0.#}\" height=\"8\" rx=\"{(size * BarWidth < largest * 8 ? 1 : 4)}\"/>");
            html.Write($"<text class=\"soft num\" x=\"958\" y=\"{y + 4.5}\" text-anchor=\"end\">{ReportText.Size(size)}</text>\n");
        }
    }

    private static string Said(TaskImage task)
        => task.Task.IsEnded ? "ended" : task.Threads.Count > 1 ? $"{ReportText.State(task.Task)}, {ReportText.Count(task.Threads.Count, "thread", "threads")}" : ReportText.State(task.Task);

    private static int Colour(TaskImage task) => task.Task switch { { IsEnded: true } => 6, { State: TaskRecord.StateStopped or TaskRecord.StateTraced } => 2, _ => 0 };

    private static void Table(HtmlWriter html, ImageModel image, IReadOnlyDictionary<int, long> sizes)
    {
        html.OpenTable("tree-table", "Tasks of the image, parents before their children", "#Process id", "#Parent", "Name", "State", "#Threads", "#Group", "#Session", "#Size in the image");
        var listed = Math.Min(image.Tasks.Count, ReportLimits.ListedTasks);
        for (var i = 0; i < listed; i++)
        {
            var task = image.Tasks[i];
            html.Write($"<tr><th scope=\"row\" class=\"n\">{task.VPid}</th><td class=\"n\">{(task.Parent is null ? "none" : task.ParentVPid.ToString(CultureInfo.InvariantCulture))}</td><td>{task.Comm}</td><td>{ReportText.State(task.Task)}</td>");
            html.Write($"<td class=\"n\">{task.Threads.Count}</td><td class=\"n\">{task.Task.VPgid}</td><td class=\"n\">{task.Task.VSid}</td><td class=\"n\">{ReportText.Size(sizes.GetValueOrDefault(task.VPid))}</td></tr>\n");
        }
        html.CloseTable();
        html.LeftOut(image.Tasks.Count - listed, "tasks", "Get-CrImageTask");
    }
}
