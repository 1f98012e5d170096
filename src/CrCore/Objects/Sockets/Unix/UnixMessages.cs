using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>What waits in a socket of an image, the oldest first; a long message stands in several records.</summary>
internal static class UnixMessages
{
    /// <summary>The first record of each: it tells the sender, and has the descriptors.</summary>
    public static IEnumerable<UnixMessageRecord> Heads(SavedDescription saved)
    {
        var continues = false;
        foreach (var record in saved.Records)
        {
            if (record is not UnixMessageRecord message)
                continue;
            if (!continues)
                yield return message;
            continues = message.Continues;
        }
    }

    /// <summary>Each with all of its bytes.</summary>
    public static IEnumerable<(UnixMessageRecord Message, ReadOnlyMemory<byte> Bytes)> Whole(SavedDescription saved)
    {
        UnixMessageRecord? first = null;
        List<ReadOnlyMemory<byte>> pieces = [];
        foreach (var record in saved.Records)
        {
            if (record is not UnixMessageRecord message)
                continue;
            first ??= message;
            pieces.Add(message.Bytes);
            if (message.Continues)
                continue;
            yield return (first, pieces.Count == 1 ? pieces[0] : Join(pieces));
            first = null;
            pieces.Clear();
        }
    }

    private static byte[] Join(List<ReadOnlyMemory<byte>> pieces)
    {
        var whole = new byte[pieces.Sum(p => p.Length)];
        var at = 0;
        foreach (var piece in pieces)
        {
            piece.CopyTo(whole.AsMemory(at));
            at += piece.Length;
        }
        return whole;
    }
}
