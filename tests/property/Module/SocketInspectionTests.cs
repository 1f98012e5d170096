using CrCore.Objects.Files;
using CrModule;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Module;

/// <summary>What Get-CrImageFile says of sockets and watches, and that Convert-CrImage hides what waits in them.</summary>
public sealed class SocketInspectionTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    [FactWith("python3")]
    public void Sockets_tell_their_addresses_and_who_has_the_other_end()
    {
        var script = _folder.File("p.py");
        File.WriteAllText(script, """
            import os, select, socket, sys, time
            os.closerange(3, 256)
            a, b = socket.socketpair()
            a.send(b'the password is swordfish')
            t = socket.socket(); t.bind(('127.0.0.1', 0)); t.listen(3)
            e = select.epoll(); e.register(b.fileno(), select.EPOLLIN)
            open(sys.argv[1], 'w').write('%d %d %d %d' % (a.fileno(), b.fileno(), t.fileno(), t.getsockname()[1]))
            time.sleep(600)
            """);
        using var live = LiveProcess.Script(_folder, $"exec python3 {script} $READY");
        var facts = File.ReadAllText(_folder.File("ready")).Split(' ').Select(n => int.Parse(n, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        var image = _folder.File("x.cr");
        _session.Run("Checkpoint-ProcessTree -Id $args[0] -Path $args[1]", live.Id, image).Single<CrImage>();
        var files = _session.Run("Get-CrImageFile $args[0]", image).Output.Select(o => (CrImageFile)o.BaseObject).ToDictionary(f => f.Fd);
        Assert.Contains($"with {live.Id}:{facts[1]}", files[facts[0]].Details, StringComparison.Ordinal);
        Assert.Contains($"with {live.Id}:{facts[0]}", files[facts[1]].Details, StringComparison.Ordinal);
        Assert.Contains($"TCP 127.0.0.1:{facts[3]} Listen", files[facts[2]].Details, StringComparison.Ordinal);
        Assert.Equal($"watches {live.Id}:{facts[1]}", files.Values.Single(f => f.Type == FdType.Epoll).Details);

        var hidden = _folder.File("hidden.cr");
        _session.Run("Convert-CrImage $args[0] $args[1] -Redact swordfish", image, hidden).Single<CrImageCopy>();
        Assert.Equal(-1, File.ReadAllBytes(hidden).AsSpan().IndexOf("swordfish"u8));
        Assert.NotEqual(-1, File.ReadAllBytes(image).AsSpan().IndexOf("is swordfish"u8));
    }
}
