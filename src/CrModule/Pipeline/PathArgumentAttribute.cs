using System.Management.Automation;

namespace CrModule.Pipeline;

/// <summary>
/// Keeps a path parameter that takes the pipeline from swallowing objects that are no paths: PowerShell would turn
/// any object into a string. Text and file objects pass; everything else is refused as a failed cast, which the
/// binder answers by trying the object's properties.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PathArgumentAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = Unwrap(inputData);
        var isPath = value is object?[] several ? several.Length > 0 && Array.TrueForAll(several, IsPath) : IsPath(value);
        if (isPath)
            return inputData;
        throw new ArgumentTransformationMetadataException(
            $"A {value?.GetType().Name ?? "null"} is not a path.",
            new PSInvalidCastException($"A {value?.GetType().Name ?? "null"} is not a path."));
    }

    private static bool IsPath(object? value) => Unwrap(value) is string or FileSystemInfo;

    private static object? Unwrap(object? value) => value is PSObject wrapper ? wrapper.BaseObject : value;
}
