using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.Json.Nodes;
using CrCore;

namespace CrModule.Pipeline;

/// <summary>A plan written as PowerShell tables and lists, turned into the JSON that plans are read from.</summary>
internal static class PlanTable
{
    private const int MaxDepth = 16;

    /// <exception cref="CrArgumentException">A value is neither text, number, truth value, table nor list.</exception>
    public static string ToJson(IDictionary table) => Node(table, 0)!.ToJsonString();

    private static JsonNode? Node(object? value, int depth)
    {
        if (value is PSObject wrapped)
            value = wrapped.BaseObject;
        if (depth > MaxDepth)
            throw new CrArgumentException("CrPlanInvalid", $"The plan is nested more than {MaxDepth} levels deep.", "Plans have tasks, and tasks have lists of regions, files and so on: nothing deeper.");
        switch (value)
        {
            case null:
                return null;
            case bool truth:
                return JsonValue.Create(truth);
            case string or char or Enum:
                return JsonValue.Create(value.ToString());
            case byte or sbyte or short or ushort or int or uint or long:
                return JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture));
            case ulong number:
                return JsonValue.Create(number);
            case IDictionary table:
                var members = new JsonObject();
                foreach (DictionaryEntry entry in table)
                    members[CamelCase(entry.Key.ToString() ?? "")] = Node(entry.Value, depth + 1);
                return members;
            case IEnumerable list:
                var items = new JsonArray();
                foreach (var item in list)
                    items.Add(Node(item, depth + 1));
                return items;
            default:
                throw new CrArgumentException("CrPlanInvalid", $"A value of the type {value.GetType()} has no place in a plan.", "Give text, numbers, $true or $false, tables and lists.");
        }
    }

    private static string CamelCase(string name) => name.Length == 0 ? name : char.ToLowerInvariant(name[0]) + name[1..];
}
