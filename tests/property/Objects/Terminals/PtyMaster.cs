using CrCore.Kernel;

namespace CrProperty.Objects.Terminals;

/// <summary>The master of a new pseudo-terminal, held by this process.</summary>
internal sealed unsafe class PtyMaster : IDisposable
{
    private const long TiocSetLock = 0x40045431, TiocGetNumber = 0x80045430;
    private const int ReadWriteNoCtty = 0x102;

    private readonly OwnDescriptor _master;

    public PtyMaster()
    {
        _master = OwnDescriptor.Open("/dev/ptmx", ReadWriteNoCtty, out var errno) ?? throw new InvalidOperationException($"/dev/ptmx: {errno}");
        int locked = 0, number = 0;
        if (Libc.Syscall(Sys.ioctl, _master.Number, TiocSetLock, (long)&locked) < 0 || Libc.Syscall(Sys.ioctl, _master.Number, TiocGetNumber, (long)&number) < 0)
            throw new InvalidOperationException("the new pseudo-terminal cannot be unlocked");
        Slave = $"/dev/pts/{number}";
    }

    public string Slave { get; }

    public void Dispose() => _master.Dispose();
}
