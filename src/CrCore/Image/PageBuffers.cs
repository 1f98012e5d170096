using System.Buffers;

namespace CrCore.Image;

/// <summary>
/// Buffers for the pages of a block, kept from one command to the next. <see cref="ArrayPool{T}.Shared"/> keeps what is returned
/// with the thread that returned it, and the threads here end with their command: each would leave a mebibyte on the heap of
/// large objects, and every second command then pays for a collection of all generations, while a tree stands still.
/// </summary>
internal static class PageBuffers
{
    /// <summary>As many of a size as threads work at a time, as a rule; more are not kept.</summary>
    private const int Kept = 4;

    private static readonly ArrayPool<byte> _pool = ArrayPool<byte>.Create(ImageLimits.MaxBlockPages * ImageFormat.PageSize, Kept);

    /// <returns>At least <paramref name="length"/> bytes, with whatever the last one left there.</returns>
    public static byte[] Rent(int length) => _pool.Rent(length);

    /// <summary>Gives a buffer back, if there is one, and leaves an empty one in its place.</summary>
    public static void Return(ref byte[] buffer)
    {
        if (buffer.Length > 0)
            _pool.Return(buffer);
        buffer = [];
    }
}
