// What is tested exists on Linux alone, so nothing here guards calls that other systems lack.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
