using System.Management.Automation;

namespace CrModule.Pipeline;

/// <summary>
/// Keeps a path parameter that takes the pipeline from swallowing objects that are no paths: PowerShell would turn
/// any object into a string. Text passes, a file object becomes its own path with every wildcard character escaped, and
/// everything else is refused as a failed cast, which the binder answers by trying the object's properties.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PathArgumentAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
        => Unwrap(inputData) is object?[] several ? Array.ConvertAll(several, PathOf) : PathOf(inputData);

    private static string PathOf(object? value) => Unwrap(value) switch
    {
        string text => text,
        FileSystemInfo file => WildcardPattern.Escape(file.FullName),
        var other => throw NoPath(other?.GetType().Name ?? "null"),
    };

    private static ArgumentTransformationMetadataException NoPath(string type)
        => new($"A {type} is not a path.", new PSInvalidCastException($"A {type} is not a path."));

    private static object? Unwrap(object? value) => value is PSObject wrapper ? wrapper.BaseObject : value;
}
