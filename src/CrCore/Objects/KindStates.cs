using System.Collections.Concurrent;

namespace CrCore.Objects;

/// <summary>What kinds keep during one operation: one object a type, made at its first use and gone with the operation.</summary>
public sealed class KindStates
{
    private readonly ConcurrentDictionary<Type, object> _states = [];

    public T Get<T>() where T : class, new() => (T)_states.GetOrAdd(typeof(T), static _ => new T());

    /// <summary>The same for a type that <paramref name="make"/> makes.</summary>
    public T Get<T>(Func<T> make) where T : class => (T)_states.GetOrAdd(typeof(T), _ => make());
}
