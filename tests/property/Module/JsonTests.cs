using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Sockets.Packet;
using CrCore.Objects.Threads;
using CrModule;
using CrModule.Commands;
using CrShell.Commands.Data;
using Xunit;

namespace CrProperty.Module;

/// <summary>
/// What ConvertTo-Json makes of the module's objects. It goes by the public properties, and writes null where one cannot be
/// had by reflection: that of a ref struct, as a span is.
/// </summary>
public sealed class JsonTests : IDisposable
{
    private static readonly Assembly[] Ours = [typeof(ICrRecord).Assembly, typeof(CrImage).Assembly, typeof(CrFuzz.FuzzFinding).Assembly, typeof(CrHarness.Plans.TreePlan).Assembly];

    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();
    private readonly PowerShell _writer = PowerShell.Create(InitialSessionState.CreateDefault2());

    public void Dispose()
    {
        _writer.Dispose();
        _session.Dispose();
        _folder.Dispose();
    }

    public static TheoryData<Type> Outputs() => [.. typeof(CheckpointProcessTreeCommand).Assembly.GetExportedTypes().Where(t => t.Namespace == "CrModule" && !t.IsEnum)];

    public static TheoryData<Type> Records() => [.. Ours[0].GetExportedTypes().Where(t => t.IsAssignableTo(typeof(ICrRecord)) && !t.IsAbstract)];

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Every_property_of_an_output_object_can_be_written(Type type) => Walk(type, "", [], bytesAreShown: false);

    [Theory]
    [MemberData(nameof(Records))]
    public void Every_field_of_a_record_can_be_written(Type type) => Walk(type, "", [], bytesAreShown: true);

    /// <summary>Whoever goes by the properties would never come to an end.</summary>
    [Theory]
    [MemberData(nameof(Outputs))]
    [MemberData(nameof(Records))]
    public void No_property_leads_to_its_own_type_again(Type type) => Descend(type, type.Name, []);

    [Fact]
    public void Bytes_of_records_are_hexadecimal_text_at_any_depth()
    {
        var membership = new SavedPacketMembership("eth0", 1, 2, [0, 0xff]);
        var json = Json(RecordFields.Of(new PacketSocketRecord { SocketType = 3, Protocol = 4, Memberships = [membership] }));
        Assert.Equal("00ff", json.GetProperty("Memberships")[0].GetProperty("Address").GetString());
        var cpu = Json(RecordFields.Of(new CpuRecord { VTid = 7, Registers = new Registers { Rip = 4711 }, Xstate = ReadOnlyMemory<byte>.Empty }));
        Assert.Equal(4711, cpu.GetProperty("Registers").GetProperty("Rip").GetInt32());
        Assert.Equal("0102", Json(RecordFields.Of(new StringRecord(new byte[] { 1, 2 }))).GetProperty("Bytes").GetString());
    }

    [Fact]
    public void Records_and_descriptors_of_an_image_say_in_json_what_they_hold()
    {
        var image = _folder.File("rich.cr");
        RichImage.Write(image);
        var records = _session.Run("Get-CrImageRecord $args[0] -IncludePage; Get-CrImageFile $args[0]", image);
        Assert.Empty(records.Errors);
        foreach (var shown in records.Output)
        {
            var json = Json(shown);
            var held = shown.BaseObject is CrImageRecord one ? [one.GetRecord()] : ((CrImageFile)shown.BaseObject).GetRecords();
            var written = shown.BaseObject is CrImageRecord ? [json.GetProperty("Record")] : json.GetProperty("Records").EnumerateArray().ToArray();
            Assert.Equal(held.Count, written.Length);
            for (var i = 0; i < held.Count; i++)
                foreach (var property in held[i].GetType().GetProperties())
                    if (property.GetValue(held[i]) is ReadOnlyMemory<byte> bytes)
                        Assert.Equal(Convert.ToHexStringLower(bytes.Span), written[i].GetProperty(property.Name).GetString());
        }
    }

    private JsonElement Json(object shown)
    {
        _writer.Commands.Clear();
        _writer.AddCommand(new CmdletInfo("ConvertTo-Json", typeof(ConvertToJsonCommand))).AddParameter("InputObject", shown).AddParameter("Depth", 8);
        return JsonDocument.Parse(_writer.Invoke<string>().Single()).RootElement;
    }

    /// <param name="bytesAreShown">Whether <see cref="RecordFields"/> stands between the object and the command.</param>
    private static void Walk(Type type, string path, HashSet<Type> seen, bool bytesAreShown)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(byte[]) || type == typeof(string) || bytesAreShown && type == typeof(ReadOnlyMemory<byte>))
            return;
        Assert.False(CannotBeWritten(type), $"{path}: a {type} cannot be written as JSON.");
        if (ItemsOf(type) is { } items)
        {
            foreach (var item in items)
                Walk(item, path + "[]", seen, bytesAreShown);
            return;
        }
        if (type.IsEnum || !Ours.Contains(type.Assembly) || !seen.Add(type))
            return;
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            if (property.GetIndexParameters().Length == 0)
                Walk(property.PropertyType, $"{path}.{property.Name}", seen, bytesAreShown);
        foreach (var field in type.GetFields(BindingFlags.Public | BindingFlags.Instance))
            Walk(field.FieldType, $"{path}.{field.Name}", seen, bytesAreShown);
    }

    /// <param name="above">The types between the first one and this.</param>
    private static void Descend(Type type, string path, List<Type> above)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum || !Ours.Contains(type.Assembly))
            return;
        Assert.False(above.Contains(type), $"{path} is a {type} within a {type}.");
        above.Add(type);
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            if (property.GetIndexParameters().Length == 0)
                Descend(property.PropertyType, $"{path}.{property.Name}", above);
        foreach (var field in type.GetFields(BindingFlags.Public | BindingFlags.Instance))
            Descend(field.FieldType, $"{path}.{field.Name}", above);
        above.RemoveAt(above.Count - 1);
    }

    private static bool CannotBeWritten(Type type)
        => type.IsByRefLike || type.IsPointer || type == typeof(nint) || type.IsAssignableTo(typeof(Delegate))
        || type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(ReadOnlyMemory<>) || type.GetGenericTypeDefinition() == typeof(Memory<>));

    private static Type[]? ItemsOf(Type type)
    {
        if (type.IsAssignableTo(typeof(ITuple)) || type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>))
            return type.GenericTypeArguments;
        foreach (var shape in type.GetInterfaces().Prepend(type))
            if (shape.IsGenericType && shape.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
                return shape.GenericTypeArguments;
        foreach (var shape in type.GetInterfaces().Prepend(type))
            if (shape.IsGenericType && shape.GetGenericTypeDefinition() == typeof(IEnumerable<>))
                return shape.GenericTypeArguments;
        return null;
    }
}
