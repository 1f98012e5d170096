namespace CrModule;

/// <summary>A native path with PowerShell's provider in front, the form of the PSPath property.</summary>
internal static class ProviderPath
{
    public static string Of(string nativePath) => @"Microsoft.PowerShell.Core\FileSystem::" + nativePath;
}
