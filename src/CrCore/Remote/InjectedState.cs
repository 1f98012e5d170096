using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>What the injected code must know of a thread to bring it back where it was.</summary>
/// <param name="Own">Its registers as the freeze found them.</param>
/// <param name="Mask">Its own signal mask.</param>
/// <param name="Marker">The signal that stops it for its tracer and that it ignores by default (<see cref="InjectedThread.ChooseMarker"/>); or 0.</param>
/// <param name="NamespacePid">The thread group and the thread as its own pid namespace sees them.</param>
/// <param name="NamespaceTid">See <paramref name="NamespacePid"/>.</param>
internal readonly record struct InjectedState(Registers Own, ulong Mask, int Marker, int NamespacePid, int NamespaceTid);
