namespace CrHarness.Spawning;

/// <summary>The tree of a plan did not come to stand, or does not answer. Nothing of it is left running.</summary>
public sealed class SpawnException(string message, Exception? inner = null) : Exception(message, inner);
