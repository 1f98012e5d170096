using System.Globalization;
using System.Management.Automation;

namespace CrModule.Pipeline;

/// <summary>
/// Takes text that is a number for the number that it is. PowerShell tries all positional parameters without a conversion
/// before it converts for the first: an id that was read from a file would be the path of a command that takes its trees from
/// the pipeline.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ProcessIdArgumentAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
        => (inputData is PSObject wrapper ? wrapper.BaseObject : inputData) is string text
            && int.TryParse(text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var id) ? id : inputData;
}
