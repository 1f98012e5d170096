using System.Net.Sockets;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Restore;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Sockets;

/// <summary>Unix sockets that cannot be saved or made again are refused by name; those whose other end is outside, by choice.</summary>
public class UnixObstacleTests
{
    /// <summary>A listening socket of this process, which is outside of every tree here.</summary>
    private sealed class Server : IDisposable
    {
        private readonly Socket _socket;

        public Server(SocketType type)
        {
            _socket = new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified);
            _socket.Bind(new UnixDomainSocketEndPoint($"\0{Name}"));
            if (type != SocketType.Dgram)
                _socket.Listen(5);
        }

        public string Name { get; } = $"cr-outside-{Guid.NewGuid():N}";

        public Socket Accept() => _socket.Accept();

        public string Receive()
        {
            var buffer = new byte[100];
            return System.Text.Encoding.ASCII.GetString(buffer, 0, _socket.Receive(buffer));
        }

        public void Dispose() => _socket.Dispose();
    }

    private static string Client(string name, string type = "SOCK_STREAM") => $"""
            import socket
            c = socket.socket(socket.AF_UNIX, socket.{type}); c.connect('\0{name}')

        """;

    [FactWith("python3")]
    public void APeerOutsideIsNamedWithItsPidAndProgram()
    {
        using var server = new Server(SocketType.Stream);
        using var program = new SelfCheckingProgram(Client(server.Name) + "    wait()");
        using var peer = server.Accept();

        var e = Assert.Throws<CrPreflightException>(() => program.Save());

        var obstacle = Assert.Single(e.Obstacles, o => o.Id == "CrExternalUnixSocket");
        Assert.Contains($"process {Environment.ProcessId} (", obstacle.Reason);
        Assert.Contains($"@{server.Name}", obstacle.Reason);
        Assert.Equal(program.Pid, obstacle.Pid);
    }

    [FactWith("python3")]
    public void ClosedMeansWhatWaitedAndThenTheEnd()
    {
        using var server = new Server(SocketType.Stream);
        using var program = new SelfCheckingProgram(Client(server.Name) + """
                wait()
                same(c.recv(99), b'last words'); same(c.recv(99), b'')
                try: c.send(b'x'); assert False
                except BrokenPipeError: pass
            """);
        using var peer = server.Accept();
        peer.Send("last words"u8);

        Assert.Equal("ok", program.Journey(new() { ExternalUnixSocket = ExternalUnixSocketPolicy.Close }));
    }

    [FactWith("python3")]
    public void ReconnectedMeansTheSameAddressAnew()
    {
        using var datagrams = new Server(SocketType.Dgram);
        using var server = new Server(SocketType.Stream);
        using var program = new SelfCheckingProgram(Client(server.Name) + $"""
                u = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); u.connect('\0{datagrams.Name}')
                wait()
                u.send(b'datagram'); c.send(b'stream'); same(c.recv(9), b'back')
            """);
        using var before = server.Accept();

        program.Save(new() { ExternalUnixSocket = ExternalUnixSocketPolicy.Reconnect });
        program.Restore();
        using var after = server.Accept();
        after.Send("back"u8);

        Assert.Equal("ok", program.Check());
        Assert.Equal("datagram", datagrams.Receive());
    }

    [FactWith("python3")]
    public void NobodyToReconnectToIsRefused()
    {
        SelfCheckingProgram program;
        string name;
        using (var server = new Server(SocketType.Stream))
        {
            program = new SelfCheckingProgram(Client(server.Name) + "    wait()\n    same(c.recv(9), b'')");
            using var peer = server.Accept();
            program.Save(new() { ExternalUnixSocket = ExternalUnixSocketPolicy.Reconnect });
            name = server.Name;
        }
        using (program)
        {
            // A child that another test starts at this moment has the server, too, until it runs its program.
            Module.LiveProcess.WaitUntil(() => !File.ReadAllText("/proc/net/unix").Contains(name, StringComparison.Ordinal));
            var e = Assert.Throws<CrPreflightException>(() => program.Restore());
            Assert.Contains(e.Obstacles, o => o.Id == "CrUnixOutsideGone");
            e = Assert.Throws<CrPreflightException>(() => program.Restore(new() { ExternalUnixSocket = ExternalUnixSocketPolicy.Fail }));
            Assert.Contains(e.Obstacles, o => o.Id == "CrExternalUnixSocket");
            program.Restore(new() { ExternalUnixSocket = ExternalUnixSocketPolicy.Close });
            Assert.Equal("ok", program.Check());
        }
    }

    [FactWith("python3")]
    public void ConnectionsThatNobodyAcceptedAndThatHoldDataAreRefused()
    {
        using var program = new SelfCheckingProgram("""
                import socket
                s = socket.socket(socket.AF_UNIX); s.bind(d + '/s'); s.listen(5)
                c = socket.socket(socket.AF_UNIX); c.connect(d + '/s'); c.send(b'data')
                e = socket.socket(socket.AF_UNIX); e.connect(d + '/s'); e.close()
                wait()
            """);

        // Before anything is frozen, too.
        Assert.Equal(["CrUnixPendingClosed", "CrUnixPendingData"], new TreeCheckpoint(new()).Preview(program.Pid).Obstacles.Select(o => o.Id).Order());
        var e = Assert.Throws<CrPreflightException>(() => program.Save(new() { FreezeTimeout = TimeSpan.FromSeconds(3) }));

        Assert.Equal(["CrUnixPendingClosed", "CrUnixPendingData"], e.Obstacles.Select(o => o.Id).Order());
        Assert.Equal("ok", program.CheckRunning());
    }

    /// <summary>What only has not been accepted yet is waited for, within the time for freezing.</summary>
    [FactWith("python3")]
    public void ConnectionsThatAreAcceptedAMomentLaterAreWaitedFor()
    {
        using var program = new SelfCheckingProgram("""
                import socket, threading
                s = socket.socket(socket.AF_UNIX); s.bind(d + '/s'); s.listen(5); t = socket.socket(); t.bind(('127.0.0.1', 0)); t.listen(5)
                c = socket.socket(socket.AF_UNIX); c.connect(d + '/s'); c.send(b'data'); w = socket.create_connection(t.getsockname()); w.send(b'more'); got = []
                def accept(): time.sleep(1); got.extend([s.accept()[0], t.accept()[0]])
                thread = threading.Thread(target=accept); thread.start()
                wait()
                thread.join(); same([g.recv(9) for g in got], [b'data', b'more'])
            """);
        Assert.Equal("ok", program.Journey(new() { FreezeTimeout = TimeSpan.FromSeconds(60) }));
    }

    [FactWith("python3")]
    public void NamesThatAreTakenAreRefused()
    {
        using var program = new SelfCheckingProgram("""
                import socket
                s = socket.socket(socket.AF_UNIX); s.bind(d + '/s'); s.listen(5)
                t = socket.socket(socket.AF_UNIX); t.bind(d + '/t'); t.listen(5)
                a = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); a.bind('\0' + os.path.basename(d))
                wait()
            """);
        program.Save();
        File.Delete(Path.Combine(program.Folder, "s"));
        File.WriteAllText(Path.Combine(program.Folder, "s"), "something else");
        File.Delete(Path.Combine(program.Folder, "t"));
        using var t = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        t.Bind(new UnixDomainSocketEndPoint(Path.Combine(program.Folder, "t")));
        using var a = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        a.Bind(new UnixDomainSocketEndPoint("\0" + Path.GetFileName(program.Folder)));

        var e = Assert.Throws<CrPreflightException>(() => program.Restore());

        Assert.Equal(["CrUnixNameInUse", "CrUnixNameInUse", "CrUnixNameTaken"], e.Obstacles.Select(o => o.Id).Order());
    }
}
