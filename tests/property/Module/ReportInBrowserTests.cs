using System.Text.Json;
using System.Text.Json.Nodes;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Module;

/// <summary>The report in a real browser: what it says to a screen reader, where the Tab key goes, light and dark.</summary>
public sealed class ReportInBrowserTests : IDisposable
{
    private const int Tab = 9, Enter = 13, Space = 32;

    private readonly ScratchFolder _folder = new();
    private readonly string _page;

    public ReportInBrowserTests()
    {
        _page = _folder.File("page.html");
        RichImage.Write(_folder.File("rich.cr"));
        using var session = new ModuleSession();
        Assert.Empty(session.Run("Export-CrImageReport $args[0] $args[1]", _folder.File("rich.cr"), _page).Errors);
    }

    public void Dispose() => _folder.Dispose();

    [FactWith("chromium")]
    public async Task The_accessibility_tree_names_landmarks_pictures_and_tables()
    {
        await using var browser = await Chromium.OpenAsync(_page);
        // What is in closed details is not in the tree.
        await browser.EvaluateAsync("document.querySelectorAll('details').forEach(d => d.open = true); 0");
        var nodes = (await browser.CallAsync("Accessibility.getFullAXTree")).GetProperty("nodes").EnumerateArray()
            .Where(n => !n.GetProperty("ignored").GetBoolean())
            .Select(n => (Role: Text(n, "role"), Name: Text(n, "name"))).ToList();
        foreach (var landmark in (string[])["banner", "main", "navigation", "contentinfo"])
            Assert.Single(nodes, n => n.Role == landmark);
        foreach (var part in (string[])["Process tree", "Sizes", "Address spaces", "Descriptors", "Connections"])
        {
            Assert.Contains(("region", part), nodes);
            Assert.Contains(("heading", part), nodes);
            Assert.Contains(("link", part), nodes);
        }
        foreach (var role in (string[])["region", "image", "table", "navigation", "link", "heading"])
        {
            Assert.Contains(nodes, n => n.Role == role);
            Assert.All(nodes.Where(n => n.Role == role), n => Assert.NotEqual("", n.Name));
        }
        Assert.Contains(nodes, n => n.Role == "columnheader" && n.Name == "Process id");
        Assert.Contains(nodes, n => n.Role == "rowheader" && n.Name == "20");
    }

    [FactWith("chromium")]
    public async Task The_Tab_key_goes_through_the_page_in_its_order_and_is_seen()
    {
        await using var browser = await Chromium.OpenAsync(_page);
        var expected = (await browser.EvaluateAsync("[...document.querySelectorAll('a[href],summary,[tabindex]')].filter(e => e.matches('.skip') || e.checkVisibility()).length")).GetInt32();
        await browser.EvaluateAsync("window.seen = []; 0");
        for (var i = 0; i < expected; i++)
        {
            await browser.PressAsync("Tab", Tab);
            var stop = await browser.EvaluateAsync("""
                (() => {
                    const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e), last = seen.at(-1);
                    const inOrder = !last || (last.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
                    seen.push(e);
                    return { tag: e.tagName + ' ' + e.textContent.slice(0, 30), inOrder, seen: box.width > 0 && box.right > 0 && style.outlineStyle !== 'none', first: e.matches('.skip') };
                })()
                """);
            Assert.True(stop.GetProperty("inOrder").GetBoolean() && stop.GetProperty("seen").GetBoolean(), $"{i}: {stop}");
            Assert.Equal(i == 0, stop.GetProperty("first").GetBoolean());
        }
    }

    [FactWith("chromium")]
    public async Task The_keyboard_skips_the_head_and_opens_tables()
    {
        await using var browser = await Chromium.OpenAsync(_page);
        await browser.PressAsync("Tab", Tab);
        await browser.PressAsync("Enter", Enter, "\r");
        Assert.Equal("#content", (await browser.EvaluateAsync("location.hash")).GetString());
        await browser.PressAsync("Tab", Tab);
        Assert.Equal("SUMMARY", (await browser.EvaluateAsync("document.activeElement.closest('main') ? document.activeElement.tagName : 'outside'")).GetString());
        Assert.False((await browser.EvaluateAsync("document.activeElement.parentElement.open")).GetBoolean());
        await browser.PressAsync(" ", Space, " ");
        Assert.True((await browser.EvaluateAsync("document.activeElement.parentElement.open")).GetBoolean());
        await browser.PressAsync("Tab", Tab);
        Assert.Equal("region", (await browser.EvaluateAsync("document.activeElement.getAttribute('role')")).GetString());
    }

    [FactWith("chromium")]
    public async Task It_is_light_or_dark_as_the_reader_likes()
    {
        await using var browser = await Chromium.OpenAsync(_page);
        var grounds = new List<string?>();
        foreach (var scheme in (string[])["light", "dark"])
        {
            await browser.CallAsync("Emulation.setEmulatedMedia", new() { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }) });
            grounds.Add((await browser.EvaluateAsync("getComputedStyle(document.body).backgroundColor")).GetString());
        }
        Assert.Equal(["rgb(247, 246, 243)", "rgb(20, 23, 27)"], grounds);
    }

    private static string Text(JsonElement node, string property)
        => node.TryGetProperty(property, out var value) && value.TryGetProperty("value", out var text) ? text.ToString() : "";
}
