namespace CrCore;

/// <summary>Where the engine tells its story. Hosts map it to their own streams; tests collect it.</summary>
public interface ICrLog
{
    /// <summary>A step that an admin would follow.</summary>
    void Verbose(string message);

    /// <summary>Detail for those who debug the engine: every remote call, when tracing is on.</summary>
    void Debug(string message);

    /// <summary>Whether <see cref="Debug"/> is listened to; the engine builds no text otherwise.</summary>
    bool DebugEnabled { get; }
}
