using System.Management.Automation;
using System.Text;
using System.Text.Json;

namespace CrShell.Commands.Data;

/// <summary>ConvertFrom-Json: objects with note properties, or with -AsHashtable ordered tables.</summary>
[Cmdlet(VerbsData.ConvertFrom, "Json")]
public sealed class ConvertFromJsonCommand : PSCmdlet
{
    private readonly StringBuilder _text = new();

    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [AllowEmptyString]
    public string InputObject { get; set; } = "";

    [Parameter]
    public SwitchParameter AsHashtable { get; set; }

    [Parameter]
    public SwitchParameter NoEnumerate { get; set; }

    [Parameter]
    [ValidateRange(1, 1024)]
    public int Depth { get; set; } = 1024;

    protected override void ProcessRecord() => _text.AppendLine(InputObject);

    protected override void EndProcessing()
    {
        var text = _text.ToString();
        if (string.IsNullOrWhiteSpace(text))
            return;
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = Depth, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            WriteObject(Convert(document.RootElement), enumerateCollection: !NoEnumerate);
        }
        catch (JsonException e)
        {
            ThrowTerminatingError(new ErrorRecord(new ArgumentException($"This is no JSON: {e.Message}", e), "System.ArgumentException", ErrorCategory.InvalidData, text));
        }
    }

    private object? Convert(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object when AsHashtable:
                var table = new OrderedHashtable();
                foreach (var property in element.EnumerateObject())
                    table[property.Name] = Convert(property.Value);
                return table;
            case JsonValueKind.Object:
                var result = new PSObject();
                foreach (var property in element.EnumerateObject())
                {
                    result.Properties.Remove(property.Name);
                    result.Properties.Add(new PSNoteProperty(property.Name, Convert(property.Value)));
                }
                return result;
            case JsonValueKind.Array:
                return element.EnumerateArray().Select(Convert).ToArray();
            case JsonValueKind.String:
                return element.TryGetDateTime(out var time) ? time : element.GetString();
            case JsonValueKind.Number:
                return element.TryGetInt64(out var integer) ? integer : element.GetDouble();
            case JsonValueKind.True or JsonValueKind.False:
                return element.GetBoolean();
            default:
                return null;
        }
    }
}
