namespace CrHelp;

/// <summary>What a page must have. A build without it fails.</summary>
internal static class HelpCheck
{
    private const int FewestExamples = 3;

    public static IEnumerable<string> Complaints(CommandFacts facts, HelpPage page)
    {
        if (page.Title != facts.Name)
            yield return $"the title is '{page.Title}', not '{facts.Name}'";
        if (page["Synopsis"].Paragraphs.Count != 1)
            yield return "the section Synopsis must be one paragraph";
        if (page["Description"].Paragraphs.Count == 0)
            yield return "the section Description is missing";
        foreach (var section in (string[])["Inputs", "Outputs"])
            if (page[section].Items.Count == 0)
                yield return $"the section {section} is missing";
        if (page["Examples"].Items.Count < FewestExamples)
            yield return $"there are {page["Examples"].Items.Count} examples, fewer than {FewestExamples}";
        foreach (var example in page["Examples"].Items)
            if (example.Paragraphs.Count < 2 || !example.Paragraphs[0].IsCode)
                yield return $"the example '{example.Title}' must be code and then text";

        var documented = page["Parameters"].Items;
        foreach (var parameter in facts.Parameters)
            if (documented.Find(i => i.Title == "-" + parameter.Name) is not { Paragraphs.Count: > 0 })
                yield return $"the parameter -{parameter.Name} is not documented";
        foreach (var item in documented)
            if (!facts.Parameters.Any(p => item.Title == "-" + p.Name))
                yield return $"there is no parameter {item.Title}";
    }
}
