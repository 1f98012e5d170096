using System.Collections.Concurrent;

namespace CrCore.Objects;

/// <summary>What kinds keep during one operation: one object a type, made at its first use and gone with the operation.</summary>
internal sealed class KindStates : IDisposable
{
    private readonly ConcurrentDictionary<Type, object> _states = [];

    /// <summary>Lets go of what they hold, at the operation's end or as soon as it is not needed.</summary>
    public void Dispose()
    {
        foreach (var state in _states.Values)
            (state as IDisposable)?.Dispose();
        _states.Clear();
    }

    public T Get<T>() where T : class, new() => (T)_states.GetOrAdd(typeof(T), static _ => new T());

    /// <summary>The same for a type that <paramref name="make"/> makes.</summary>
    public T Get<T>(Func<T> make) where T : class => (T)_states.GetOrAdd(typeof(T), _ => make());
}
