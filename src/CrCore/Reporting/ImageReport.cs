using System.Text;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Inspection;

namespace CrCore.Reporting;

/// <summary>
/// Writes what is in an image as one HTML page that needs nothing else: no scripts, no other resources. Pictures are drawn in
/// the page, and each has its table. Reads metadata and index, no pages; it appears under its name only when it is complete.
/// </summary>
public sealed class ImageReport(ImageFile image)
{
    /// <returns>The page's length in bytes.</returns>
    /// <exception cref="CrException">There is no page.</exception>
    public long Write(string path, bool overwrite, CancellationToken cancel = default)
    {
        // All that can be found broken is found before there is a file.
        var shares = ImageMeasurement.Measure(image);
        var descriptors = new ImageDescriptors(image.Model);
        var connections = ImageConnections.Of(image.Model, descriptors, cancel);
        using var file = AtomicImageFile.Create(path, overwrite);
        try
        {
            using var text = new StreamWriter(file.Stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
            Write(new HtmlWriter(text), shares, descriptors, connections, cancel);
        }
        catch (Exception e) when (WriteError.Is(e))
        {
            throw WriteError.Of(e, "write the report");
        }
        var length = file.Length;
        file.Commit();
        return length;
    }

    private void Write(HtmlWriter html, IReadOnlyList<ImageShare> shares, ImageDescriptors descriptors, List<Connection> connections, CancellationToken cancel)
    {
        var sizes = new Dictionary<int, long>();
        foreach (var share in shares)
            sizes[share.VPid] = sizes.GetValueOrDefault(share.VPid) + share.Bytes;
        Front(html);
        html.Raw("<main id=\"content\">\n");
        TreePart.Write(html, image.Model, sizes);
        SizePart.Write(html, shares, image.Length);
        MemoryPart.Write(html, image.Model, cancel);
        DescriptorPart.Write(html, image.Model, descriptors, cancel);
        ConnectionPart.Write(html, connections);
        html.Raw("</main>\n<footer><p>Made by CrModule from the image's metadata; pages of memory were not read. Process ids are those inside the tree.</p></footer>\n</body>\n</html>\n");
    }

    private void Front(HtmlWriter html)
    {
        var (model, name) = (image.Model, Path.GetFileName(image.Path));
        var head = model.Head;
        var threads = 0L;
        foreach (var task in model.Tasks)
            threads += task.Threads.Count;
        html.Raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n");
        // Nothing is fetched and nothing runs, even if a name should find a way past the escaping.
        html.Raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n");
        html.Write($"<title>{name}: image of {model.Root.Comm}</title>\n<style>");
        html.Raw(ReportStyle.Sheet);
        html.Raw("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">To the content</a>\n<header>\n");
        html.Write($"<h1>{name}</h1><p class=\"soft\">Image of the process tree of {model.Root.Label()}</p>\n<dl>");
        Fact(html, "Tasks", $"{ReportText.Count(model.Tasks.Count, "task", "tasks")}, {ReportText.Count(threads, "thread", "threads")}");
        Fact(html, "Size", ReportText.Size(image.Length));
        Fact(html, "Frozen", head.Time != 0 ? head.Created.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture) : "not told");
        Fact(html, "Kernel", $"Linux {head.Release}, {head.Machine}");
        if (head.NodeName.Length > 0)
            Fact(html, "Machine", head.NodeName);
        Fact(html, "Format", $"revision {head.Revision}");
        html.Raw("</dl>\n<nav aria-label=\"Parts of the report\"><ul><li><a href=\"#tree\">Process tree</a></li><li><a href=\"#sizes\">Sizes</a></li><li><a href=\"#memory\">Address spaces</a></li><li><a href=\"#descriptors\">Descriptors</a></li><li><a href=\"#connections\">Connections</a></li></ul></nav>\n</header>\n");
    }

    private static void Fact(HtmlWriter html, string name, string value) => html.Write($"<div><dt>{name}</dt><dd>{value}</dd></div>");
}
