using System.Collections;
using System.IO.Pipes;
using System.Management.Automation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CrCore;

namespace CrModule.Pipeline;

/// <summary>Reads what -Descriptor says: a table of names or task/number, and of what stands for each.</summary>
internal static class GivenDescriptors
{
    /// <exception cref="CrArgumentException">CrDescriptorValue: no descriptor can be had from a value.</exception>
    public static List<GivenDescriptor> Of(PSCmdlet cmdlet, IDictionary? table)
    {
        var given = new List<GivenDescriptor>();
        if (table is not null)
            foreach (DictionaryEntry entry in table)
                given.Add(Of(cmdlet, Plain(entry.Key)?.ToString() ?? "", Plain(entry.Value)));
        return given;
    }

    private static GivenDescriptor Of(PSCmdlet cmdlet, string key, object? value) => value switch
    {
        string { Length: > 0 } path => GivenDescriptor.OfPath(key, FileSystemPath.Unresolved(cmdlet, path)),
        FileSystemInfo file => GivenDescriptor.OfPath(key, file.FullName),
        SafeHandle handle => GivenDescriptor.OfHandle(key, handle),
        FileStream stream => GivenDescriptor.OfHandle(key, stream.SafeFileHandle),
        PipeStream pipe => GivenDescriptor.OfHandle(key, pipe.SafePipeHandle),
        Socket socket => GivenDescriptor.OfHandle(key, socket.SafeHandle),
        NetworkStream stream => GivenDescriptor.OfHandle(key, stream.Socket.SafeHandle),
        TcpListener listener => GivenDescriptor.OfHandle(key, listener.Server.SafeHandle),
        // What a process object has for its redirected streams.
        StreamReader reader => Of(cmdlet, key, reader.BaseStream),
        StreamWriter writer => Of(cmdlet, key, writer.BaseStream),
        _ when value is not (null or bool or char or string) && LanguagePrimitives.TryConvertTo<int>(value, out var number) && number >= 0 => GivenDescriptor.OfNumber(key, number),
        _ => throw new CrArgumentException("CrDescriptorValue", $"-Descriptor '{key}': no descriptor can be had from {(value is null ? "nothing" : $"'{value}' ({value.GetType()})")}.",
            "Give a path, a descriptor's number, or an object that holds a descriptor: a file stream, a pipe, a socket, a SafeHandle.") { Object = key },
    };

    private static object? Plain(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
