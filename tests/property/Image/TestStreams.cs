namespace CrProperty.Image;

/// <summary>Gives one byte a read, cannot seek, and ends a reader that goes on asking behind the end.</summary>
internal sealed class DribblingStream(byte[] bytes, int atOnce = 1) : Stream
{
    private int _position, _readsAtEnd;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        var n = Math.Min(Math.Min(atOnce, buffer.Length), bytes.Length - _position);
        if (n == 0 && ++_readsAtEnd > 100)
            throw new InvalidOperationException("The reader does not see that the stream has ended.");
        bytes.AsSpan(_position, n).CopyTo(buffer);
        _position += n;
        return n;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>A file with given contents, for as long as a test runs.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(byte[] bytes) => File.WriteAllBytes(Path, bytes);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"crtest-{Guid.NewGuid():N}.cr");

    public void Dispose() => File.Delete(Path);
}
