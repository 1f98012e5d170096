using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Get-Content: a file's lines, its whole text (-Raw) or its bytes; of other providers the values.</summary>
[Cmdlet(VerbsCommon.Get, "Content", DefaultParameterSetName = "Path")]
public sealed class GetContentCommand : PathCommand
{
    [Parameter]
    public SwitchParameter Raw { get; set; }

    [Parameter]
    public SwitchParameter AsByteStream { get; set; }

    [Parameter]
    [Alias("First", "Head")]
    public long TotalCount { get; set; } = long.MaxValue;

    [Parameter]
    [Alias("Last"), ValidateRange(0, int.MaxValue)]
    public int? Tail { get; set; }

    [Parameter]
    public string Encoding { get; set; } = "utf8";

    protected override void Process(string path)
    {
        if (!FileContent.IsFile(SessionState.Path, path))
        {
            ReadProvider(path);
            return;
        }
        foreach (var file in Files(path))
            Guard(file, () => ReadFile(file));
    }

    private void ReadFile(string file)
    {
        if (!File.Exists(file))
            throw new ItemNotFoundException($"Cannot find path '{file}' because it is not a file.");
        if (AsByteStream)
        {
            WriteObject(File.ReadAllBytes(file), enumerateCollection: !Raw);
            return;
        }
        var encoding = FileContent.EncodingOf(Encoding);
        if (Raw)
        {
            WriteObject(File.ReadAllText(file, encoding));
            return;
        }
        if (Tail is { } tail)
        {
            var last = new Queue<string>();
            foreach (var line in File.ReadLines(file, encoding))
            {
                last.Enqueue(line);
                if (last.Count > tail)
                    last.Dequeue();
            }
            WriteObject(last, enumerateCollection: true);
            return;
        }
        var left = TotalCount;
        foreach (var line in File.ReadLines(file, encoding))
        {
            if (left-- <= 0 || Stopping)
                return;
            WriteObject(line);
        }
    }

    private void ReadProvider(string path)
    {
        foreach (var reader in InvokeProvider.Content.GetReader([path], force: false, Literal))
        {
            using (reader)
            {
                foreach (var block in reader.Read(0))
                    WriteObject(block);
            }
        }
    }
}
