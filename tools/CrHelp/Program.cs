// Makes the MAML help file of a module from the Markdown pages of its commands. Text comes from the pages; syntax,
// types, positions and pipeline binding come from the compiled commands, so that they cannot drift apart.
//
//   CrHelp MODULE.dll REFERENCES.txt PAGES-DIRECTORY OUTPUT.xml
//
// REFERENCES.txt lists the assemblies that MODULE.dll needs, one path a line.
using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;
using CrHelp;

if (args is not [var module, var references, var pages, var output])
{
    Console.Error.WriteLine("usage: CrHelp MODULE.dll REFERENCES.txt PAGES-DIRECTORY OUTPUT.xml");
    return 2;
}

var needed = File.ReadLines(references).Where(l => l.EndsWith(".dll", StringComparison.Ordinal)).ToDictionary(l => Path.GetFileNameWithoutExtension(l), Path.GetFullPath);
AssemblyLoadContext.Default.Resolving += (context, name) => needed.TryGetValue(name.Name!, out var path) ? context.LoadFromAssemblyPath(path) : null;

var complaints = new List<string>();
var commands = new List<(CommandFacts, HelpPage)>();
foreach (var type in AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.GetFullPath(module)).GetExportedTypes())
{
    if (type.GetCustomAttribute<CmdletAttribute>() is null)
        continue;
    var facts = CommandFacts.Of(type);
    var path = Path.Combine(pages, facts.Name + ".md");
    if (!File.Exists(path))
    {
        complaints.Add($"{path}: error HELP01: the command {facts.Name} has no page");
        continue;
    }
    var page = HelpPage.Parse(File.ReadAllText(path));
    complaints.AddRange(HelpCheck.Complaints(facts, page).Select(c => $"{path}: error HELP02: {c}"));
    commands.Add((facts, page));
}
foreach (var complaint in complaints)
    Console.Error.WriteLine(complaint);
if (complaints.Count > 0)
    return 1;
Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(output))!);
MamlWriter.Write(output, commands.OrderBy(c => c.Item1.Name, StringComparer.Ordinal));
return 0;
