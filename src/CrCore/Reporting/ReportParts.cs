using CrCore.Image;

namespace CrCore.Reporting;

/// <summary>What several parts of the report have in common.</summary>
internal static class ReportParts
{
    /// <summary>Colours by number, with their meaning in words.</summary>
    public static void Legend(this HtmlWriter html, ReadOnlySpan<(int Colour, string Label)> entries)
    {
        html.Raw("<ul class=\"legend\" aria-label=\"Colours\">");
        foreach (var (colour, label) in entries)
            html.Write($"<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"f{colour}\" width=\"10\" height=\"10\" rx=\"2\"/></svg>{label}</li>");
        html.Raw("</ul>\n");
    }

    /// <summary>A table that scrolls by itself; the keyboard reaches it.</summary>
    /// <param name="id">Of its caption.</param>
    /// <param name="heads">Column heads; one that begins with # is of numbers.</param>
    public static void OpenTable(this HtmlWriter html, string id, string caption, params ReadOnlySpan<string> heads)
    {
        html.Write($"<div class=\"scroll\" role=\"region\" aria-labelledby=\"{id}\" tabindex=\"0\"><table><caption id=\"{id}\">{caption}</caption><thead><tr>");
        foreach (var head in heads)
            if (head.StartsWith('#'))
                html.Write($"<th scope=\"col\" class=\"n\">{head[1..]}</th>");
            else
                html.Write($"<th scope=\"col\">{head}</th>");
        html.Raw("</tr></thead><tbody>\n");
    }

    public static void CloseTable(this HtmlWriter html) => html.Raw("</tbody></table></div>\n");

    /// <summary>Tells how many are not shown, and who shows them.</summary>
    public static void LeftOut(this HtmlWriter html, long count, string what, string command)
    {
        if (count > 0)
            html.Write($"<p class=\"soft\">{count:n0} further {what} are not shown here; <code>{command}</code> lists all.</p>\n");
    }

    public static string Label(this TaskImage task) => $"{task.VPid} {task.Comm}";
}
