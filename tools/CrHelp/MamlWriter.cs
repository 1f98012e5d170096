using System.Text;
using System.Xml;

namespace CrHelp;

/// <summary>Writes help in the XML form that Get-Help reads. The same input gives the same bytes.</summary>
internal sealed class MamlWriter
{
    private const string Maml = "http://schemas.microsoft.com/maml/2004/10";
    private const string Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private const string Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    private readonly XmlWriter _xml;

    private MamlWriter(XmlWriter xml) => _xml = xml;

    public static void Write(string path, IEnumerable<(CommandFacts, HelpPage)> commands)
    {
        using var xml = XmlWriter.Create(path, new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(false), NewLineChars = "\n" });
        xml.WriteStartElement("helpItems", "http://msh");
        xml.WriteAttributeString("schema", "maml");
        var writer = new MamlWriter(xml);
        foreach (var (facts, page) in commands)
            writer.WriteCommand(facts, page);
        xml.WriteEndElement();
    }

    private void WriteCommand(CommandFacts facts, HelpPage page)
    {
        _xml.WriteStartElement("command", "command", Command);
        _xml.WriteAttributeString("xmlns", "maml", null, Maml);
        _xml.WriteAttributeString("xmlns", "dev", null, Dev);

        Element("details", Command, () =>
        {
            Text("name", Command, facts.Name);
            Text("verb", Command, facts.Verb);
            Text("noun", Command, facts.Noun);
            Paragraphs("description", Maml, page["Synopsis"].Paragraphs);
        });
        Paragraphs("description", Maml, page["Description"].Paragraphs);
        Element("syntax", Command, () =>
        {
            foreach (var set in facts.Sets)
                Element("syntaxItem", Command, () =>
                {
                    Text("name", Maml, facts.Name);
                    foreach (var parameter in set.Parameters)
                        Parameter(parameter, page);
                    if (facts.ShouldProcess)
                        ShouldProcessParameters();
                });
        });
        Element("parameters", Command, () =>
        {
            foreach (var parameter in facts.Parameters)
                Parameter(parameter, page);
            if (facts.ShouldProcess)
                ShouldProcessParameters();
        });
        Types("inputTypes", "inputType", page["Inputs"]);
        Types("returnValues", "returnValue", page["Outputs"]);
        if (page["Notes"].Paragraphs.Count > 0)
            Element("alertSet", Maml, () => Paragraphs("alert", Maml, page["Notes"].Paragraphs));
        Element("examples", Command, () =>
        {
            foreach (var example in page["Examples"].Items)
                Example(example);
        });
        Element("relatedLinks", Command, () =>
        {
            foreach (var link in page["Related links"].Paragraphs)
                Element("navigationLink", Maml, () =>
                {
                    Text("linkText", Maml, link.Text.TrimStart('-', ' '));
                    Text("uri", Maml, "");
                });
        });
        _xml.WriteEndElement();
    }

    /// <summary>Which the pages do not repeat: they mean the same with every command.</summary>
    private void ShouldProcessParameters()
    {
        Parameter(ParameterFacts.Switch("WhatIf"), [new HelpParagraph("Tells what the command would do, and does nothing.", IsCode: false)]);
        Parameter(ParameterFacts.Switch("Confirm"), [new HelpParagraph("Asks before the command does anything.", IsCode: false)]);
    }

    private void Parameter(ParameterFacts parameter, HelpPage page)
        => Parameter(parameter, page["Parameters"].Items.Find(i => i.Title == "-" + parameter.Name)!.Paragraphs);

    private void Parameter(ParameterFacts parameter, IEnumerable<HelpParagraph> description) => Element("parameter", Command, () =>
    {
        _xml.WriteAttributeString("required", parameter.Required ? "true" : "false");
        _xml.WriteAttributeString("variableLength", parameter.Several ? "true" : "false");
        _xml.WriteAttributeString("globbing", parameter.Wildcards ? "true" : "false");
        _xml.WriteAttributeString("pipelineInput", parameter.Pipeline);
        _xml.WriteAttributeString("position", parameter.Position < 0 ? "named" : parameter.Position.ToString(System.Globalization.CultureInfo.InvariantCulture));
        _xml.WriteAttributeString("aliases", parameter.Aliases);
        Text("name", Maml, parameter.Name);
        Paragraphs("description", Maml, description);
        if (parameter.Values.Count > 0)
            Element("parameterValueGroup", Command, () =>
            {
                foreach (var value in parameter.Values)
                    Text("parameterValue", Command, value);
            });
        if (!parameter.IsSwitch)
            Element("parameterValue", Command, () =>
            {
                _xml.WriteAttributeString("required", "true");
                _xml.WriteAttributeString("variableLength", parameter.Several ? "true" : "false");
                _xml.WriteString(parameter.Type);
            });
        Element("type", Dev, () => Text("name", Maml, parameter.Type));
    });

    private void Types(string group, string element, HelpSection section) => Element(group, Command, () =>
    {
        foreach (var item in section.Items)
            Element(element, Command, () =>
            {
                Element("type", Dev, () => Text("name", Maml, item.Title));
                Paragraphs("description", Maml, item.Paragraphs);
            });
    });

    private void Example(HelpItem example) => Element("example", Command, () =>
    {
        Text("title", Maml, $"---------- {example.Title} ----------");
        Text("code", Dev, example.Paragraphs[0].Text);
        Element("remarks", Dev, () =>
        {
            foreach (var paragraph in example.Paragraphs.Skip(1))
                Text("para", Maml, paragraph.Text);
        });
    });

    private void Paragraphs(string name, string ns, IEnumerable<HelpParagraph> paragraphs) => Element(name, ns, () =>
    {
        foreach (var paragraph in paragraphs)
            Text("para", Maml, paragraph.Text);
    });

    private void Text(string name, string ns, string text) => Element(name, ns, () => _xml.WriteString(text));

    private void Element(string name, string ns, Action content)
    {
        _xml.WriteStartElement(name, ns);
        content();
        _xml.WriteEndElement();
    }
}
