using CrCore.Image;

namespace CrCore.Reporting;

/// <summary>The connections between tasks: tasks on the left, what joins them on the right.</summary>
internal static class ConnectionPart
{
    private const int Row = 30, Top = 30, TaskX = 0, TaskWidth = 210, ObjectX = 560, ObjectWidth = 400;

    public static void Write(HtmlWriter html, List<Connection> connections)
    {
        html.Raw("<section aria-labelledby=\"connections\"><h2 id=\"connections\">Connections</h2><p class=\"soft\">Pipes, sockets, memory and open files that at least two tasks have.</p>\n");
        if (connections.Count == 0)
        {
            html.Raw("<p>Nothing joins the tasks of this image.</p></section>\n");
            return;
        }
        Draw(html, connections);
        html.OpenTable("connections-table", "What joins tasks, and where each of them has it", "Kind", "Name", "#Ends", "Tasks and places");
        var shown = Math.Min(connections.Count, ReportLimits.Connections);
        for (var i = 0; i < shown; i++)
        {
            var c = connections[i];
            html.Write($"<tr><th scope=\"row\">{Label(c.Kind)}</th><td>{ReportText.Cut(c.Name, 512)}</td><td class=\"n\">{c.Ends.Count:n0}</td><td>");
            for (var e = 0; e < Math.Min(c.Ends.Count, ReportLimits.Ends); e++)
                html.Write($"{(e == 0 ? "" : "; ")}{c.Ends[e].Task.Label()}: {c.Ends[e].Place}");
            if (c.Ends.Count > ReportLimits.Ends)
                html.Write($"; and {c.Ends.Count - ReportLimits.Ends:n0} further");
            html.Raw("</td></tr>\n");
        }
        html.CloseTable();
        html.LeftOut(connections.Count - shown, "connections", "Get-CrImageFile");
        html.Raw("</section>\n");
    }

    private static void Draw(HtmlWriter html, List<Connection> connections)
    {
        var tasks = new List<TaskImage>();
        var places = new Dictionary<TaskImage, int>();
        var objects = new List<Connection>();
        foreach (var c in connections)
        {
            if (objects.Count == ReportLimits.DrawnConnections)
                break;
            var fits = true;
            foreach (var end in c.Ends)
                fits &= places.ContainsKey(end.Task) || places.Count < ReportLimits.ConnectedTasks && places.TryAdd(end.Task, 0);
            if (fits)
                objects.Add(c);
        }
        if (objects.Count == 0)
        {
            html.Write($"<p class=\"soft\">They join more than {ReportLimits.ConnectedTasks} tasks each, too many for a picture.</p>\n");
            return;
        }
        places.Clear();
        foreach (var task in objects.SelectMany(o => o.Ends).Select(e => e.Task).Distinct().OrderBy(t => t.Index))
        {
            places.Add(task, Top + tasks.Count * Row);
            tasks.Add(task);
        }
        var height = Top + Math.Max(tasks.Count, objects.Count) * Row;
        html.Write($"<figure><svg viewBox=\"0 0 960 {height}\" role=\"img\" aria-labelledby=\"connections-title\"><title id=\"connections-title\">{ReportText.Count(objects.Count, "connection", "connections")} between {ReportText.Count(tasks.Count, "task", "tasks")}; the table below has the same in words.</title>\n");
        html.Write($"<text class=\"soft\" x=\"{TaskX}\" y=\"14\">Tasks</text><text class=\"soft\" x=\"{ObjectX}\" y=\"14\">What joins them</text>\n");
        for (var i = 0; i < objects.Count; i++)
        {
            var y = Top + i * Row + 12;
            foreach (var task in objects[i].Ends.Select(e => e.Task).Distinct())
            {
                var from = places[task] + 12;
                html.Write($"<path class=\"s{(int)objects[i].Kind}\" fill=\"none\" stroke-width=\"1.75\" d=\"M{TaskX + TaskWidth} {from}C{TaskX + TaskWidth + 170} {from} {ObjectX - 170} {y} {ObjectX} {y}\"/>");
            }
        }
        foreach (var task in tasks)
            html.Write($"<rect class=\"track\" x=\"{TaskX}\" y=\"{places[task]}\" width=\"{TaskWidth}\" height=\"24\" rx=\"6\"/><text x=\"{TaskX + 10}\" y=\"{places[task] + 16.5}\">{ReportText.Cut(task.Label(), 26)}</text>\n");
        for (var i = 0; i < objects.Count; i++)
        {
            var (c, y) = (objects[i], Top + i * Row);
            html.Write($"<rect class=\"track\" x=\"{ObjectX}\" y=\"{y}\" width=\"{ObjectWidth}\" height=\"24\" rx=\"6\"/><rect class=\"f{(int)c.Kind}\" x=\"{ObjectX}\" y=\"{y}\" width=\"6\" height=\"24\" rx=\"3\"/>");
            html.Write($"<text x=\"{ObjectX + 16}\" y=\"{y + 16.5}\">{Label(c.Kind)} <tspan fill-opacity=\".8\">{ReportText.CutPath(c.Name, 34)}</tspan></text>\n");
        }
        html.Raw("</svg>");
        html.Legend([.. objects.Select(o => o.Kind).Distinct().Select(k => ((int)k, Label(k)))]);
        if (connections.Count > objects.Count)
            html.Write($"<figcaption>{objects.Count:n0} of {connections.Count:n0} connections.</figcaption>");
        html.Raw("</figure>\n");
    }

    private static string Label(ConnectionKind kind) => kind switch
    {
        ConnectionKind.Pipe => "pipe",
        ConnectionKind.Socket => "sockets",
        ConnectionKind.SharedMemory => "shared memory",
        ConnectionKind.SharedDescription => "shared open file",
        _ => "same object",
    };
}
