using System.Collections;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using CrCore.Image;

namespace CrModule;

/// <summary>
/// A record as a shell takes it: an object with the record's fields as properties, lists and tuples as arrays, and bytes as
/// hexadecimal text. A ReadOnlyMemory cannot be shown, and ConvertTo-Json makes "Span": null of it.
/// </summary>
internal static class RecordFields
{
    private static readonly Assembly Engine = typeof(ICrRecord).Assembly;

    /// <returns>An object whose first type name is the record's.</returns>
    public static PSObject Of(object record)
    {
        var shown = new PSObject();
        // Structures of the kernel's layout have fields.
        foreach (var field in record.GetType().GetFields(BindingFlags.Public | BindingFlags.Instance))
            shown.Properties.Add(new PSNoteProperty(field.Name, Shown(field.GetValue(record))));
        foreach (var property in record.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
            if (property.GetIndexParameters().Length == 0)
                shown.Properties.Add(new PSNoteProperty(property.Name, Shown(property.GetValue(record))));
        shown.TypeNames.Insert(0, record.GetType().FullName!);
        return shown;
    }

    /// <summary>A record in one line: of lists and bytes, how many there are. Type and parent have places of their own.</summary>
    public static string Line(ICrRecord record)
    {
        var text = new StringBuilder();
        foreach (var property in record.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
            if (property.GetIndexParameters().Length == 0 && property.Name is not (nameof(ICrRecord.Type) or nameof(ICrRecord.Parent)))
                text.Append(text.Length == 0 ? "" : ", ").Append(property.Name).Append(" = ").Append(Brief(property.GetValue(record)));
        return text.ToString();
    }

    private static string Brief(object? value) => value switch
    {
        ReadOnlyMemory<byte> bytes => $"{bytes.Length} bytes",
        byte[] bytes => $"{bytes.Length} bytes",
        string text => text,
        IEnumerable list => list.Cast<object?>().Count() is var n && n == 1 ? "1 item" : $"{n} items",
        _ => value?.ToString() ?? "",
    };

    /// <summary>A field's value, or anything that may stand in one.</summary>
    public static object? Shown(object? value) => value switch
    {
        null or string => value,
        ReadOnlyMemory<byte> bytes => Convert.ToHexStringLower(bytes.Span),
        byte[] bytes => Convert.ToHexStringLower(bytes),
        IEnumerable list => All(list),
        // The names of its parts are the compiler's alone.
        ITuple parts => All(Enumerable.Range(0, parts.Length).Select(i => parts[i])),
        _ => IsLeaf(value.GetType()) ? value : Of(value),
    };

    private static object?[] All(IEnumerable list)
    {
        var shown = new List<object?>();
        foreach (var item in list)
            shown.Add(Shown(item));
        return [.. shown];
    }

    /// <summary>Whether a value is shown as it is: everything but the engine's own records and structures.</summary>
    public static bool IsLeaf(Type type) => type.IsEnum || type.Assembly != Engine;
}
