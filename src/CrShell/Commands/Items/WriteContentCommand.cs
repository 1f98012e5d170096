using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>What Set-Content and Add-Content share: a line a value, UTF-8 without a mark.</summary>
public abstract class WriteContentCommand(bool append) : PSCmdlet
{
    private readonly List<StreamWriter> _files = [];

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path", ValueFromPipelineByPropertyName = true)]
    public string[] Path { get; set; } = [];

    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull, AllowEmptyCollection]
    public object?[]? Value { get; set; }

    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    [Parameter]
    public SwitchParameter AsByteStream { get; set; }

    [Parameter]
    public string Encoding { get; set; } = "utf8";

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void BeginProcessing()
    {
        foreach (var path in Path.Concat(LiteralPath))
        {
            if (!FileContent.IsFile(SessionState.Path, path))
                throw new PSNotSupportedException($"'{path}' is not a file; this shell writes the contents of files only.");
            var file = GetUnresolvedProviderPathFromPSPath(path);
            if (!ShouldProcess(file))
                continue;
            try
            {
                var stream = new FileStream(file, append ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
                _files.Add(new StreamWriter(stream, FileContent.EncodingOf(Encoding)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                WriteError(new ErrorRecord(e, "GetContentWriterIOError", ErrorCategory.WriteError, file));
            }
        }
    }

    protected override void ProcessRecord()
    {
        foreach (var value in Value ?? [])
        {
            foreach (var file in _files)
                Write(file, value is PSObject wrapped ? wrapped.BaseObject : value);
        }
    }

    protected override void EndProcessing() => _files.ForEach(f => f.Dispose());

    protected override void StopProcessing() => EndProcessing();

    private void Write(StreamWriter file, object? value)
    {
        if (AsByteStream)
        {
            file.Flush();
            file.BaseStream.Write(LanguagePrimitives.ConvertTo<byte[]>(value));
            return;
        }
        file.Write(LanguagePrimitives.ConvertTo<string>(value));
        if (!NoNewline)
            file.Write('\n');
    }
}
