using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>struct sembuf of semop(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct SemaphoreOperation(ushort Number, short Change, short Flags)
{
    public const short NoWait = 0x800, Undo = 0x1000;
}
