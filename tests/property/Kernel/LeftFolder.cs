using System.Diagnostics;

namespace CrProperty.Kernel;

/// <summary>The folder of programs that were killed: each may still finish the call that it was in, and that may make one more file.</summary>
internal static class LeftFolder
{
    public static void Delete(string path)
    {
        for (var started = Stopwatch.StartNew(); Directory.Exists(path); Thread.Sleep(10))
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (IOException) when (started.Elapsed < TimeSpan.FromSeconds(30))
            {
                // Tried again.
            }
    }
}
