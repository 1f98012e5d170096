namespace CrCore.Remote;

/// <summary>
/// The memory in which the puppets of one address space run their batches. Small batches take a slice each, so that the
/// threads of a task can run at the same time; a large one has all of it to itself.
/// </summary>
/// <param name="start">First address.</param>
/// <param name="size">Bytes, a multiple of <see cref="SliceSize"/>.</param>
internal sealed class PuppetArena(ulong start, int size)
{
    /// <summary>More than the calls of nearly every thread come to.</summary>
    public const int SliceSize = 32 << 10;

    private readonly Puppet?[] _users = new Puppet?[Math.Max(1, size / SliceSize)];
    private Puppet? _sole;

    public ulong Start => start;

    public int Size => size;

    /// <summary>An address with room for so many bytes. Waits for puppets that are in the way.</summary>
    public ulong Take(Puppet user, int bytes)
    {
        _sole?.Complete();
        if (bytes <= SliceSize)
        {
            var free = Array.IndexOf(_users, null);
            if (free < 0)
                _users[free = 0]!.Complete();
            _users[free] = user;
            return start + (ulong)free * SliceSize;
        }
        foreach (var other in _users)
            other?.Complete();
        _sole = user;
        return start;
    }

    /// <summary>A slice that nobody uses, also for a puppet that runs in another one. False where there is none, and for a large batch.</summary>
    public bool TryTakeSlice(Puppet user, int bytes, out ulong address)
    {
        var free = _sole is null && bytes <= SliceSize ? Array.IndexOf(_users, null) : -1;
        address = start + (ulong)Math.Max(free, 0) * SliceSize;
        if (free >= 0)
            _users[free] = user;
        return free >= 0;
    }

    /// <summary>Gives back what began at an address.</summary>
    public void Return(Puppet user, ulong address)
    {
        if (_sole == user)
            _sole = null;
        else
            _users[(int)((address - start) / SliceSize)] = null;
    }
}
