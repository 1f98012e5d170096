using System.Management.Automation;

namespace CrShell.Commands.Data;

/// <summary>Get-Random: a number from -Minimum up to but not including -Maximum, or some of the objects.</summary>
[Cmdlet(VerbsCommon.Get, "Random")]
public sealed class GetRandomCommand : PSCmdlet
{
    private readonly List<object> _items = [];

    [Parameter(Position = 0)]
    public long? Maximum { get; set; }

    [Parameter]
    public long Minimum { get; set; }

    [Parameter(ValueFromPipeline = true)]
    public object[] InputObject { get; set; } = [];

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    [Parameter]
    public int? SetSeed { get; set; }

    protected override void ProcessRecord() => _items.AddRange(InputObject);

    protected override void EndProcessing()
    {
        var random = SetSeed is { } seed ? new Random(seed) : Random.Shared;
        if (_items.Count > 0)
        {
            var items = _items.ToArray();
            random.Shuffle(items);
            WriteObject(items.Take(Count), enumerateCollection: true);
            return;
        }
        for (var i = 0; i < Count; i++)
        {
            var number = random.NextInt64(Minimum, Maximum ?? int.MaxValue);
            WriteObject(number is >= int.MinValue and <= int.MaxValue ? (int)number : number);
        }
    }
}
