using System.Text;
using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace CrHelp;

/// <summary>A command's page: sections of the second level, items of the third, paragraphs and code in them.</summary>
internal sealed record HelpPage(string Title, IReadOnlyDictionary<string, HelpSection> Sections)
{
    public HelpSection this[string section] => Sections.TryGetValue(section, out var found) ? found : HelpSection.Empty;

    public static HelpPage Parse(string markdown)
    {
        var title = "";
        var sections = new Dictionary<string, HelpSection>(StringComparer.OrdinalIgnoreCase);
        HelpSection? section = null;
        HelpItem? item = null;
        foreach (var block in Markdown.Parse(markdown, new MarkdownPipelineBuilder().UsePipeTables().Build()))
        {
            if (block is HeadingBlock { Level: 1 } h1)
                title = TextOf(h1.Inline);
            else if (block is HeadingBlock { Level: 2 } h2)
                (section, item) = (sections[TextOf(h2.Inline)] = new HelpSection([], []), null);
            else if (block is HeadingBlock { Level: 3 } h3)
                section?.Items.Add(item = new HelpItem(TextOf(h3.Inline), []));
            else
                AddParagraphs(item?.Paragraphs ?? section?.Paragraphs ?? [], block, "");
        }
        return new HelpPage(title, sections);
    }

    private static void AddParagraphs(List<HelpParagraph> paragraphs, Block block, string indent)
    {
        if (block is CodeBlock code)
            paragraphs.Add(new HelpParagraph(code.Lines.ToString(), IsCode: true));
        else if (block is ListBlock list)
            foreach (var entry in list)
                AddEntry(paragraphs, (ListItemBlock)entry, indent);
        else if (block is LeafBlock { Inline: not null } leaf)
            paragraphs.Add(new HelpParagraph(indent + TextOf(leaf.Inline), IsCode: false));
        else
            throw new FormatException($"line {block.Line + 1}: a {block.GetType().Name} has no form in MAML");
    }

    private static void AddEntry(List<HelpParagraph> paragraphs, ListItemBlock entry, string indent)
    {
        var first = paragraphs.Count;
        foreach (var part in entry)
            AddParagraphs(paragraphs, part, indent + "  ");
        if (first < paragraphs.Count && !paragraphs[first].IsCode)
            paragraphs[first] = paragraphs[first] with { Text = indent + "- " + paragraphs[first].Text.TrimStart() };
    }

    private static string TextOf(ContainerInline? inlines)
    {
        var text = new StringBuilder();
        foreach (var inline in inlines?.Descendants() ?? [])
            _ = inline switch
            {
                LiteralInline literal => text.Append(literal.Content.AsSpan()),
                CodeInline code => text.Append(code.Content),
                LineBreakInline => text.Append(' '),
                HtmlEntityInline entity => text.Append(entity.Transcoded.AsSpan()),
                _ => text,
            };
        return text.ToString();
    }
}

internal sealed record HelpSection(List<HelpParagraph> Paragraphs, List<HelpItem> Items)
{
    public static HelpSection Empty { get; } = new([], []);
}

internal sealed record HelpItem(string Title, List<HelpParagraph> Paragraphs);

internal readonly record struct HelpParagraph(string Text, bool IsCode);
