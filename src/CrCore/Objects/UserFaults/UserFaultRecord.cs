using CrCore.Image;
using CrCore.Objects.Memory;

namespace CrCore.Objects.UserFaults;

/// <summary>USERFAULTFD (355): a userfaultfd(2), and what it handles.</summary>
/// <param name="VPid">The task whose memory it is of, which is the one that made it.</param>
/// <param name="Features">UFFD_FEATURE_* that the program asked for.</param>
/// <param name="IsUserModeOnly">UFFD_USER_MODE_ONLY: faults of the kernel are none of its business.</param>
/// <param name="Ranges">Mappings, ascending.</param>
/// <param name="Protected">Pages of them that nobody may write to before the program has seen it, ascending.</param>
public sealed record UserFaultRecord(int VPid, ulong Features, bool IsUserModeOnly, IReadOnlyList<HandledRange> Ranges, IReadOnlyList<AddressRange> Protected) : ICrRecord
{
    /// <summary>A bound for the reader: half a million ranges.</summary>
    internal const int MaxPayload = 16 << 20;

    internal const short Id = 355;

    /// <inheritdoc/>
    public short Type => Id;

    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(VPid);
        w.U32(IsUserModeOnly ? 1u : 0);
        w.U64(Features);
        w.U32((uint)Ranges.Count);
        foreach (var range in Ranges)
        {
            w.U64(range.Start);
            w.U64(range.End);
            w.U64(range.Mode);
        }
        w.U32((uint)Protected.Count);
        foreach (var range in Protected)
        {
            w.U64(range.Start);
            w.U64(range.End);
        }
    }

    internal static UserFaultRecord Read(uint parent, ref FieldReader r)
    {
        var (vpid, isUserModeOnly, features) = (r.I32(), r.U32() != 0, r.U64());
        var ranges = new HandledRange[r.Count(24)];
        ulong end = 0;
        for (var i = 0; i < ranges.Length; i++)
        {
            var range = new HandledRange(r.U64(), r.U64(), r.U64());
            if (!IsBehind(end, range.Start, range.End) || range.Mode is 0 or > 3)
                throw r.Bad($"a userfaultfd handles {range.Start:x} to {range.End:x} in the mode {range.Mode}");
            ranges[i] = range;
            end = range.End;
        }
        var pages = new AddressRange[r.Count(16)];
        end = 0;
        for (var i = 0; i < pages.Length; i++)
        {
            var range = new AddressRange(r.U64(), r.U64());
            if (!IsBehind(end, range.Start, range.End))
                throw r.Bad($"a userfaultfd protects {range.Start:x} to {range.End:x}");
            pages[i] = range;
            end = range.End;
        }
        return new(vpid, features, isUserModeOnly, ranges, pages);
    }

    private static bool IsBehind(ulong last, ulong start, ulong end) => start >= last && start < end && ((start | end) & (ImageFormat.PageSize - 1)) == 0;

    /// <inheritdoc/>
    public bool Equals(UserFaultRecord? other)
        => other is not null && (VPid, Features, IsUserModeOnly) == (other.VPid, other.Features, other.IsUserModeOnly) && Ranges.SequenceEqual(other.Ranges) && Protected.SequenceEqual(other.Protected);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(VPid, Features, Ranges.Count, Protected.Count);
}

/// <summary>A mapping that is registered with a userfaultfd.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">First address after it.</param>
/// <param name="Mode">1 for faults on missing pages, 2 for those on protected ones, 3 for both (UFFDIO_REGISTER_MODE_*).</param>
public readonly record struct HandledRange(ulong Start, ulong End, ulong Mode);
