using CrCore.Image;
using CrCore.Objects.Files;

namespace CrCore.Objects.Events;

/// <summary>What the kinds of this room say of a broken image.</summary>
internal static class EventImage
{
    public static CrImageException Missing(SavedDescription saved, string record)
        => new("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} has no {record} record.", saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");
}
