using System.Collections;
using System.Management.Automation;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CrShell.Commands.Data;

/// <summary>ConvertTo-Json. What lies deeper than -Depth is written as text.</summary>
[Cmdlet(VerbsData.ConvertTo, "Json")]
[OutputType(typeof(string))]
public sealed class ConvertToJsonCommand : PSCmdlet
{
    private readonly List<object?> _items = [];

    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [AllowNull]
    public object? InputObject { get; set; }

    [Parameter]
    [ValidateRange(0, 100)]
    public int Depth { get; set; } = 2;

    [Parameter]
    public SwitchParameter Compress { get; set; }

    [Parameter]
    public SwitchParameter EnumsAsStrings { get; set; }

    [Parameter]
    public SwitchParameter AsArray { get; set; }

    protected override void ProcessRecord() => _items.Add(InputObject);

    protected override void EndProcessing()
    {
        using var buffer = new MemoryStream();
        var options = new JsonWriterOptions { Indented = !Compress, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 128 };
        using (var json = new Utf8JsonWriter(buffer, options))
            Write(json, _items is [var only] && !AsArray ? only : _items, 0);
        WriteObject(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    private void Write(Utf8JsonWriter json, object? value, int depth)
    {
        var wrapped = value as PSObject;
        switch (wrapped is null ? value : wrapped.BaseObject)
        {
            case null or DBNull: json.WriteNullValue(); return;
            case string text: json.WriteStringValue(text); return;
            case char c: json.WriteStringValue(c.ToString()); return;
            case bool b: json.WriteBooleanValue(b); return;
            case SwitchParameter s: json.WriteBooleanValue(s); return;
            case Enum e when EnumsAsStrings: json.WriteStringValue(e.ToString()); return;
            case Enum e: json.WriteNumberValue(LanguagePrimitives.ConvertTo<decimal>(e.ToString("D"))); return;
            case byte or sbyte or short or ushort or int or uint or long or ulong or decimal:
                json.WriteNumberValue(LanguagePrimitives.ConvertTo<decimal>(value)); return;
            case double d when double.IsFinite(d): json.WriteNumberValue(d); return;
            case float f when float.IsFinite(f): json.WriteNumberValue(f); return;
            case System.Numerics.BigInteger big: json.WriteRawValue(big.ToString()); return;
            case DateTime time: json.WriteStringValue(time); return;
            case DateTimeOffset time: json.WriteStringValue(time); return;
            case Guid or Uri or Version or Type or double or float: json.WriteStringValue(value!.ToString()); return;
            case var _ when depth > Depth: json.WriteStringValue(LanguagePrimitives.ConvertTo<string>(value)); return;
            case IDictionary map: WriteMap(json, map, depth); return;
            case IEnumerable list: WriteList(json, list, depth); return;
            default: WriteProperties(json, wrapped ?? PSObject.AsPSObject(value!), depth); return;
        }
    }

    private void WriteMap(Utf8JsonWriter json, IDictionary map, int depth)
    {
        json.WriteStartObject();
        foreach (DictionaryEntry entry in map)
        {
            json.WritePropertyName(entry.Key.ToString()!);
            Write(json, entry.Value, depth + 1);
        }
        json.WriteEndObject();
    }

    private void WriteList(Utf8JsonWriter json, IEnumerable list, int depth)
    {
        json.WriteStartArray();
        foreach (var item in list)
            Write(json, item, depth + 1);
        json.WriteEndArray();
    }

    private void WriteProperties(Utf8JsonWriter json, PSObject item, int depth)
    {
        json.WriteStartObject();
        foreach (var property in item.Properties)
        {
            object? value;
            try
            {
                value = property.Value;
            }
            catch (GetValueException)
            {
                continue; // A property that cannot be read says nothing; pwsh leaves it out, too.
            }
            json.WritePropertyName(property.Name);
            Write(json, value, depth + 1);
        }
        json.WriteEndObject();
    }
}
