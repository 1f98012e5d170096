namespace CrCore.Image;

/// <summary>Makes the reader's errors, so that each id has one wording and one advice.</summary>
internal static class ImageError
{
    private const string Damaged = "The image is damaged or was cut short; take another copy, or checkpoint again.";
    private const string Newer = "The image may come from a newer version of CrModule; use that version.";

    public static CrImageException NotAnImage(long offset, string what)
        => new("CrImageNotAnImage", $"This is not a checkpoint image: {what}.", offset, "Give the path of an image that Checkpoint-ProcessTree wrote.");

    public static CrImageException Revision(long offset, int revision)
        => new("CrImageRevisionUnknown", $"The image has revision {revision}; revisions 3 and 4 are known.", offset, Newer);

    public static CrImageException Feature(long offset, string what)
        => new("CrImageFeatureUnknown", $"The image uses what this version does not know: {what}.", offset, Newer);

    public static CrImageException UnknownRecord(long offset, int type)
        => new("CrImageUnknownRecord", $"The record at byte {offset} has the id {type}, which this version does not know.", offset, Newer);

    public static CrImageException Truncated(long offset, string what)
        => new("CrImageTruncated", $"The image ends at byte {offset}, in the middle of {what}.", offset, Damaged);

    public static CrImageException Header(long offset, string what)
        => new("CrImageBadHeader", $"The record header at byte {offset} is broken: {what}.", offset, Damaged);

    public static CrImageException Field(long offset, string what, Exception? inner = null)
        => new("CrImageBadField", $"The image record at byte {offset} is broken: {what}.", offset, Damaged, inner);

    public static CrImageException TooLarge(long offset, string what)
        => new("CrImageTooLarge", $"The record at byte {offset} is larger than its bound: {what}.", offset, Damaged);

    public static CrImageException Order(long offset, string what)
        => new("CrImageBadOrder", $"The record at byte {offset} is out of place: {what}.", offset, Damaged);

    public static CrImageException Checksum(long offset, SealRecord due, SealRecord found)
        => new("CrImageChecksum",
               $"The checksum at byte {offset} does not match: the {due.Covered} bytes before it hash to {due.Hash:x16}, it says {found.Hash:x16} for {found.Covered} bytes.",
               offset, Damaged);

    public static CrImageException Tree(long offset, string what)
        => new("CrImageBadTree", $"The image's process tree does not fit together (byte {offset}): {what}.", offset, Damaged);

    public static CrImageException Objects(long offset, string what)
        => new("CrImageBadObject", $"The image's objects do not fit together (byte {offset}): {what}.", offset, Damaged);

    public static CrImageException Index(long offset, string what)
        => new("CrImageBadIndex", $"The index at byte {offset} does not fit the image: {what}.", offset, Damaged);

    public static CrImageException Tail(long offset, string what)
        => new("CrImageBadTail", $"The tail at byte {offset} is broken: {what}.", offset, Damaged);

    public static CrImageException Trailing(long offset)
        => new("CrImageTrailingBytes", $"There are bytes behind the image's end at byte {offset}.", offset,
               "Cut the file there, or send nothing after the image.");

    public static CrImageException TooOld(long offset)
        => new("CrImageRevisionTooOld", "The image has revision 3, which can be inspected but not restored.", offset,
               "Restore it with the kernel that wrote it.");

    public static CrImageException ReadFailed(long offset, Exception inner)
        => new("CrImageReadFailed", $"The image could not be read at byte {offset}: {inner.Message}", offset, "Check the device or the sender, then try again.", inner);
}
