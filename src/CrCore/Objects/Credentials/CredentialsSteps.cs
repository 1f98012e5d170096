using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Credentials;

/// <summary>
/// The calls that lead a puppet's thread to the saved credentials. Each must come while the thread still may: groups
/// and ids first (the capabilities kept over the change of ids), then ambient set, bounding set and securebits, which
/// need CAP_SETPCAP, and the capability sets last (capabilities(7)).
/// </summary>
/// <param name="saved">Where to get.</param>
/// <param name="now">Where the thread stands.</param>
/// <param name="groupsAllowed">setgroups(2) is not denied in its user namespace.</param>
internal readonly struct CredentialsSteps(CredentialsRecord saved, ProcStatus now, bool groupsAllowed)
{
    private const int CapSetGid = 6, CapSetPcap = 8, Capabilities = 64;
    private const int AmbientRaise = 2, AmbientClearAll = 4;
    private const uint KeepCapabilities = 0x10;

    /// <summary>_LINUX_CAPABILITY_VERSION_3.</summary>
    private const uint Version = 0x20080522;

    /// <returns>The slot whose result is the securebits in the end.</returns>
    public Slot Add(SyscallBatch batch)
    {
        AddIds(batch);
        AddCapabilityBounds(batch);
        if (saved.NoNewPrivileges)
            batch.Must("set no_new_privs", null, Sys.prctl, (int)PrctlOption.SetNoNewPrivileges, 1, 0, 0, 0);
        SetCapabilities(batch, saved.Effective & Kept, saved.Permitted & Kept, saved.Inheritable);
        return batch.Must("read the securebits", null, Sys.prctl, (int)PrctlOption.GetSecureBits);
    }

    /// <summary>The permitted set can only shrink.</summary>
    private ulong Kept => now.PermittedCapabilities;

    private bool May(int capability) => (now.EffectiveCapabilities & 1UL << capability) != 0;

    private void AddIds(SyscallBatch batch)
    {
        if (groupsAllowed && May(CapSetGid) && !now.Groups.AsSpan().SequenceEqual(saved.Groups.ToArray()))
            batch.Must("set the groups", null, Sys.setgroups, saved.Groups.Count, GroupBytes(batch));
        batch.Must("keep the capabilities", null, Sys.prctl, (int)PrctlOption.SetKeepCapabilities, 1);
        batch.Must("set the group ids", null, Sys.setresgid, saved.Gid.Real, saved.Gid.Effective, saved.Gid.Saved);
        batch.Must("set the user ids", null, Sys.setresuid, saved.Uid.Real, saved.Uid.Effective, saved.Uid.Saved);
        // Leaving effective id 0 emptied the effective set; what follows needs it.
        SetCapabilities(batch, Kept, Kept, InheritableNow);
        if (saved.Gid.FileSystem != saved.Gid.Effective)
            batch.Try(Sys.setfsgid, saved.Gid.FileSystem);
        if (saved.Uid.FileSystem != saved.Uid.Effective)
            batch.Try(Sys.setfsuid, saved.Uid.FileSystem);
    }

    /// <summary>The inheritable set before the bounding set is narrowed, which would forbid to add what lies outside of it.</summary>
    private ulong InheritableNow => saved.Inheritable & (now.InheritableCapabilities | now.BoundingCapabilities);

    private void AddCapabilityBounds(SyscallBatch batch)
    {
        if (saved.Ambient != now.AmbientCapabilities)
        {
            batch.Must("clear the ambient capabilities", null, Sys.prctl, (int)PrctlOption.AmbientCapability, AmbientClearAll, 0, 0, 0);
            for (var c = 0; c < Capabilities; c++)
                if ((saved.Ambient & Kept & InheritableNow & 1UL << c) != 0)
                    batch.Must("raise the ambient capability", c, Sys.prctl, (int)PrctlOption.AmbientCapability, AmbientRaise, c, 0, 0);
        }
        if (May(CapSetPcap))
        {
            for (var c = 0; c < Capabilities; c++)
                if ((now.BoundingCapabilities & ~saved.Bounding & 1UL << c) != 0)
                    batch.Must("drop from the bounding set capability", c, Sys.prctl, (int)PrctlOption.DropBoundingCapability, c);
            batch.Try(Sys.prctl, (int)PrctlOption.SetSecureBits, saved.SecureBits);
        }
        else
        {
            batch.Must("set keep-capabilities", null, Sys.prctl, (int)PrctlOption.SetKeepCapabilities, (saved.SecureBits & KeepCapabilities) != 0 ? 1 : 0);
        }
    }

    private static void SetCapabilities(SyscallBatch batch, ulong effective, ulong permitted, ulong inheritable)
    {
        // struct __user_cap_header_struct { version, pid }; then twice { effective, permitted, inheritable }.
        ReadOnlySpan<uint> words =
        [
            Version, 0, (uint)effective, (uint)permitted, (uint)inheritable,
            (uint)(effective >> 32), (uint)(permitted >> 32), (uint)(inheritable >> 32),
        ];
        var buffer = batch.In(System.Runtime.InteropServices.MemoryMarshal.AsBytes(words));
        batch.Must("set the capabilities", null, Sys.capset, buffer, buffer.Skip(8));
    }

    private RemoteBuffer GroupBytes(SyscallBatch batch)
        => batch.In(System.Runtime.InteropServices.MemoryMarshal.AsBytes(saved.Groups.ToArray().AsSpan()));
}
