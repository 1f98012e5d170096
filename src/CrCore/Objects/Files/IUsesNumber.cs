namespace CrCore.Objects.Files;

/// <summary>A record that needs a descriptor number while its description is made, one that no description may stand at meanwhile.</summary>
internal interface IUsesNumber
{
    /// <summary>0 or more.</summary>
    int Number { get; }
}
