using System.Runtime.InteropServices;
using System.Text;

namespace CrCore.Kernel;

/// <summary>posix_spawn(3): a child without a moment in which this process's code runs in it.</summary>
internal static unsafe partial class Spawn
{
    private const short SetSigDef = 0x04, SetSigMask = 0x08;

    /// <summary>
    /// Starts the program with every signal action at its default and the given mask. Descriptors that are not
    /// close-on-exec are inherited.
    /// </summary>
    /// <returns>The pid.</returns>
    /// <exception cref="CrKernelException">The program could not be started.</exception>
    public static int Start(string path, string name, ulong signalMask)
    {
        // sigset_t of glibc: 1024 bits; posix_spawnattr_t: 336 bytes. Both are larger here than they need to be.
        var attributes = stackalloc byte[512];
        var set = stackalloc byte[128];
        var pathBytes = Encoding.UTF8.GetBytes(path + "\0");
        var nameBytes = Encoding.UTF8.GetBytes(name + "\0");
        int pid, error;
        fixed (byte* p = pathBytes, n = nameBytes)
        {
            var argv = stackalloc byte*[2];
            argv[0] = n;
            argv[1] = null;
            var envp = stackalloc byte*[1];
            envp[0] = null;
            Check(AttrInit(attributes), path);
            new Span<byte>(set, 128).Fill(0xff);
            Check(AttrSetSigDefault(attributes, set), path);
            new Span<byte>(set, 128).Clear();
            *(ulong*)set = signalMask;
            Check(AttrSetSigMask(attributes, set), path);
            Check(AttrSetFlags(attributes, SetSigDef | SetSigMask), path);
            error = PosixSpawn(&pid, p, null, attributes, argv, envp);
            _ = AttrDestroy(attributes);
        }
        Check(error, path);
        return pid;
    }

    private static void Check(int error, string path)
    {
        if (error != 0)
            throw new CrKernelException("CrSpawnFailed", $"Starting {path}", (Errno)error,
                "A process could not be started: look at the limits of processes (ulimit -u), memory and /proc.");
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    private static partial int PosixSpawn(int* pid, byte* path, void* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int AttrInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int AttrDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int AttrSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int AttrSetSigMask(byte* attributes, byte* set);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int AttrSetSigDefault(byte* attributes, byte* set);
}
