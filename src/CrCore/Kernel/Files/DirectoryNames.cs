using System.Buffers.Binary;
using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>The names in a directory (getdents64(2)).</summary>
public static class DirectoryNames
{
    // struct linux_dirent64: d_ino, d_off, d_reclen at 16, d_type at 18, d_name at 19.
    private const int LengthAt = 16, NameAt = 19;

    /// <summary>A name in a directory that leads to an inode of the directory's file system, or null.</summary>
    public static string? Find(string directory, ulong inode)
    {
        using var opened = OwnDescriptor.Open(directory, FileNative.O_RDONLY | FileNative.O_DIRECTORY, out _);
        if (opened is null)
            return null;
        var buffer = new byte[32 * 1024];
        while (FileNative.GetDents(opened.Number, buffer) is > 0 and var read)
            for (var rest = buffer.AsSpan(0, read); rest.Length > NameAt;)
            {
                var length = BinaryPrimitives.ReadUInt16LittleEndian(rest[LengthAt..]);
                if (BinaryPrimitives.ReadUInt64LittleEndian(rest) == inode)
                {
                    var name = rest[NameAt..length];
                    return LinuxText.Decode(name[..name.IndexOf((byte)0)]);
                }
                rest = rest[length..];
            }
        return null;
    }

    /// <summary>The paths of all that is in a directory; none where it cannot be read.</summary>
    public static List<string> All(string directory)
    {
        var paths = new List<string>();
        using var opened = OwnDescriptor.Open(directory, FileNative.O_RDONLY | FileNative.O_DIRECTORY, out _);
        if (opened is null)
            return paths;
        var buffer = new byte[32 * 1024];
        while (FileNative.GetDents(opened.Number, buffer) is > 0 and var read)
            for (var rest = buffer.AsSpan(0, read); rest.Length > NameAt; rest = rest[BinaryPrimitives.ReadUInt16LittleEndian(rest[LengthAt..])..])
            {
                var name = rest[NameAt..BinaryPrimitives.ReadUInt16LittleEndian(rest[LengthAt..])];
                if (LinuxText.Decode(name[..name.IndexOf((byte)0)]) is var text && text is not ("." or ".."))
                    paths.Add($"{directory.TrimEnd('/')}/{text}");
            }
        return paths;
    }
}
