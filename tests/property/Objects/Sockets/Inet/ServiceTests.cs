using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Restore;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Objects.Sockets.Inet;

/// <summary>Real services, with a client of this test that stays connected and goes on as if nothing had been.</summary>
[Collection(Ports.Name)]
public sealed class ServiceTests : IDisposable
{
    private const int SigKill = 9;

    /// <summary>In a session of its own, with nothing open that the test's own starter has.</summary>
    private const string Closed = "import os, sys; os.setsid(); os.closerange(0, 4096); [os.set_inheritable(os.open('/dev/null', os.O_RDWR), True) for i in range(3)]; os.execvp(sys.argv[1], sys.argv[1:])";

    private readonly string _folder = Directory.CreateTempSubdirectory("crservice").FullName;
    private readonly List<int> _pids = [];
    private Process? _service;

    [FactWith("redis-server", "python3")]
    public void ARedisServerKeepsItsClients()
    {
        var port = FreePort();
        Start("redis-server", "--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--dir", _folder, "--logfile", Path.Combine(_folder, "log"));
        using var client = Connect(port);
        Assert.Equal("+OK", Ask(client, "SET counter 41"));
        Journey();
        Assert.Equal(":42", Ask(client, "INCR counter"));
        using var other = Connect(port);
        Assert.Equal(":43", Ask(other, "INCR counter"));
        // Once more, this time without a word lost while nobody is there.
        Save();
        var waiting = Encoding.ASCII.GetBytes("INCR counter\r\n");
        client.GetStream().Write(waiting);
        Restore();
        Assert.Equal(":44", Line(client));
    }

    [FactWith("nginx", "python3")]
    public void NginxAnswersOnTheSameConnection()
    {
        var port = FreePort();
        File.WriteAllText(Path.Combine(_folder, "page"), "a page");
        var configuration = Path.Combine(_folder, "nginx.conf");
        File.WriteAllText(configuration, $$"""
            daemon off; worker_processes 2; pid {{_folder}}/pid; error_log {{_folder}}/error; user root;
            events { worker_connections 64; }
            http { access_log off; client_body_temp_path {{_folder}}/t1; proxy_temp_path {{_folder}}/t2; fastcgi_temp_path {{_folder}}/t3; uwsgi_temp_path {{_folder}}/t4; scgi_temp_path {{_folder}}/t5;
              server { listen 127.0.0.1:{{port}}; root {{_folder}}; } }
            """);
        Start("nginx", "-p", _folder, "-c", configuration, "-e", Path.Combine(_folder, "error"));
        using var client = Connect(port);
        Assert.Contains("200 OK", Get(client));
        Journey();
        Assert.Contains("200 OK", Get(client));
        using var other = Connect(port);
        Assert.Contains("200 OK", Get(other));
    }

    private void Start(string program, params string[] arguments)
    {
        _service = Process.Start(new ProcessStartInfo("python3", ["-c", Closed, program, .. arguments]))!;
        _pids.Add(_service.Id);
    }

    private void Journey()
    {
        Save();
        Restore();
    }

    private void Save()
    {
        var root = _pids[0];
        int[] all;
        using (var proc = new ProcReader())
            all = [.. TreeWalk.Walk(proc, root).Select(t => t.Pid)];
        new TreeCheckpoint(new() { Stop = true, Overwrite = true }).Run(root, Path.Combine(_folder, "image"));
        Reap();
        // Whoever has to wait for the workers does so in its own time, and until then their pids are taken.
        Module.LiveProcess.WaitUntil(() => Array.TrueForAll(all, p => !Directory.Exists($"/proc/{p}")));
    }

    private void Restore()
    {
        var result = new TreeRestore(new()).Run(Path.Combine(_folder, "image"));
        _pids.Clear();
        foreach (var task in result.Tasks)
            _pids.Add(task.Pid);
    }

    /// <summary>Below those that the kernel gives to whoever asks for any, of which another program could get this one before the service does.</summary>
    private static int FreePort()
    {
        var end = int.Parse(File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split()[0], System.Globalization.CultureInfo.InvariantCulture);
        while (true)
            try
            {
                using var probe = new TcpListener(System.Net.IPAddress.Loopback, Random.Shared.Next(Math.Max(1024, end / 2), Math.Max(1025, end)));
                probe.Start();
                return ((System.Net.IPEndPoint)probe.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
    }

    private static TcpClient Connect(int port)
    {
        var deadline = Stopwatch.GetTimestamp() + 20 * Stopwatch.Frequency;
        while (true)
            try
            {
                return new TcpClient("127.0.0.1", port) { ReceiveTimeout = 20_000 };
            }
            catch (SocketException) when (Stopwatch.GetTimestamp() < deadline)
            {
                Thread.Sleep(20);
            }
    }

    private static string Ask(TcpClient client, string command)
    {
        client.GetStream().Write(Encoding.ASCII.GetBytes(command + "\r\n"));
        return Line(client);
    }

    private static string Line(TcpClient client)
    {
        var line = new StringBuilder();
        for (int b; (b = client.GetStream().ReadByte()) is not -1 and not '\n';)
            line.Append((char)b);
        return line.ToString().TrimEnd('\r');
    }

    private static string Get(TcpClient client)
    {
        client.GetStream().Write("GET /page HTTP/1.1\r\nHost: here\r\n\r\n"u8);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().EndsWith("a page", StringComparison.Ordinal))
        {
            var n = client.GetStream().Read(buffer);
            if (n == 0)
                break;
            text.Append(Encoding.ASCII.GetString(buffer, 0, n));
        }
        return text.ToString();
    }

    private void Reap()
    {
        _service?.WaitForExit();
        foreach (var pid in _pids)
            Wait.Take(pid, noHang: true, out _);
    }

    public void Dispose()
    {
        using (var proc = new ProcReader())
            foreach (var root in _pids.ToArray())
                foreach (var task in TreeWalk.Walk(proc, root))
                    if (!_pids.Contains(task.Pid))
                        _pids.Add(task.Pid);
        foreach (var pid in _pids)
            Libc.Syscall(Sys.kill, pid, SigKill);
        foreach (var pid in _pids)
            Wait.Take(pid, noHang: false, out _);
        _service?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
