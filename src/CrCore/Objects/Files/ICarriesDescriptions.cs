using CrCore.Image;

namespace CrCore.Objects.Files;

/// <summary>A record of something that holds open file descriptions which need have no descriptor: a message (unix(7)).</summary>
public interface ICarriesDescriptions : ICrRecord
{
    /// <summary>Their references.</summary>
    IReadOnlyList<uint> Carried { get; }
}
