using System.Net;
using System.Net.Sockets;
using CrCore;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Given;
using CrCore.Objects.Sockets;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using CrProperty.Objects.Terminals;
using FsCheck.Xunit;
using Xunit;
using SocketType = System.Net.Sockets.SocketType;

namespace CrProperty.Objects.Given;

/// <summary>Descriptors given at the restore stand for saved ones, and do what those could.</summary>
public class GivenDescriptorTests
{
    private static readonly CheckpointOptions _given = new() { ExternalPipe = ExternalPipePolicy.Given, ExternalUnixSocket = ExternalUnixSocketPolicy.Given, Terminal = TerminalPolicy.Given };

    [Property]
    public void Record(byte was, int family, int type, int protocol, bool listens, bool connected)
    {
        var record = new GivenRecord((FdType)(was % 14 + 1), new(family == 0 ? null : new SocketIdentity(family, type, protocol), listens, connected));
        Assert.Equal(record, RecordCode.Again(record));
    }

    [Fact]
    public void OneThatWasToBeGivenBeforeIsAnError()
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new GivenRecord(FdType.Given, GivenForm.File)));

    /// <summary>Code that opens an end of a pipe of this process as descriptor 50.</summary>
    private static string Open(OwnDescriptor end, string access)
        => $"    os.dup2(os.open('/proc/{Environment.ProcessId}/fd/{end.Number}', os.{access}), 50); os.close(3)\n";

    private static RestoreOptions Giving(params GivenDescriptor[] given) => new() { Descriptors = given };

    [FactWith("python3")]
    public void APipeStandsForAnotherAndHasWhatWaitedInThat()
    {
        var (read, write) = OwnDescriptor.MakePipe();
        using (write)
        using (read)
        {
            using var program = new SelfCheckingProgram(Open(read, "O_RDONLY") + """
                    wait()
                    same(os.read(50, 3), b'old'); same(os.read(50, 9), b' and'); same(os.read(50, 9), b''); same(fcntl.fcntl(50, fcntl.F_GETFL) & 0xc03, 0)
                """);
            read.Dispose();
            write.Write("old and"u8);
            program.Save(_given);
            var (other, feed) = OwnDescriptor.MakePipe();
            using (other)
            {
                other.SetStatusFlags(OpenFlags.NonBlock);
                program.Restore(Giving(GivenDescriptor.OfHandle($"{program.Pid}/50", other)));
                feed.Dispose();
            }
            Assert.Equal("ok", program.Check());
        }
    }

    [FactWith("python3")]
    public void WhatOthersCanReadIsLeftToThem()
    {
        var (read, write) = OwnDescriptor.MakePipe();
        using (write)
        using (read)
        {
            using var program = new SelfCheckingProgram(Open(read, "O_RDONLY") + """
                    wait()
                    same(os.read(50, 9), b'new')
                """);
            write.Write("old"u8);
            var saved = program.Save(_given);
            Assert.Contains(saved.Warnings, w => w.Id == "CrExternalPipe" && w.Reason.Contains("left to who can read it", StringComparison.Ordinal));
            var (other, feed) = OwnDescriptor.MakePipe();
            using (other)
            using (feed)
            {
                feed.Write("new"u8);
                program.Restore(Giving(GivenDescriptor.OfNumber($"{program.Pid}/50", other.Number)));
                Assert.Equal("ok", program.Check());
            }
        }
    }

    [FactWith("python3")]
    public void AFileStandsForAPipeAndIsWrittenAtItsEnd()
    {
        var (read, write) = OwnDescriptor.MakePipe();
        using (write)
        using (read)
        {
            using var program = new SelfCheckingProgram(Open(write, "O_WRONLY") + """
                    os.dup2(50, 51)
                    wait()
                    os.write(50, b'one,'); os.write(51, b'two')
                """);
            program.Save(_given);
            var log = Path.Combine(program.Folder, "log");
            File.WriteAllText(log, "before,");
            program.Restore(Giving(GivenDescriptor.OfPath($"{program.Pid}/51", log)));
            Assert.Equal("ok", program.Check());
            Assert.Equal("before,one,two", File.ReadAllText(log));
        }
    }

    [FactWith("python3")]
    public void WhatIsMissingAndWhatDoesNotFitIsToldAtOnce()
    {
        var (read, write) = OwnDescriptor.MakePipe();
        using (write)
        using (read)
        {
            using var program = new SelfCheckingProgram(Open(read, "O_RDONLY") + $"""
                    os.dup2(os.open('/proc/{Environment.ProcessId}/fd/{write.Number}', os.O_WRONLY), 51); os.close(3)
                    wait()
                    os.write(51, b'x'); same(os.read(50, 9), b'x')
                """);
            program.Save(_given);

            var e = Assert.Throws<CrPreflightException>(() => program.Restore());
            Assert.Equal([50, 51], e.Obstacles.Where(o => o.Id == "CrDescriptorNotGiven" && o.Pid == program.Pid).Select(o => int.Parse(o.Object.Split(' ')[1])).Order());
            Assert.Contains("the reading end of a pipe", e.Obstacles.First(o => o.Object.StartsWith("descriptor 50", StringComparison.Ordinal)).Reason);

            using var gone = File.OpenHandle("/dev/null");
            gone.Dispose();
            e = Assert.Throws<CrPreflightException>(() => program.Restore(Giving(GivenDescriptor.OfHandle($"{program.Pid}/50", write), GivenDescriptor.OfHandle($"{program.Pid}/51", gone),
                GivenDescriptor.OfPath("/no/such/name", "/dev/null"))));
            Assert.Equal(["CrDescriptorClosed", "CrDescriptorKeyUnknown", "CrDescriptorMismatch"], e.Obstacles.Select(o => o.Id).Order());
            Assert.Contains("the writing end of a pipe, which cannot be read from", e.Obstacles.Single(o => o.Id == "CrDescriptorMismatch").Reason);

            e = Assert.Throws<CrPreflightException>(() => program.Restore(Giving(GivenDescriptor.OfPath($"{program.Pid}/50", "/"), GivenDescriptor.OfPath($"{program.Pid}/51", program.Folder + "/none"))));
            Assert.Equal(["CrDescriptorMismatch", "CrFileMissing"], e.Obstacles.Select(o => o.Id).Order());

            program.Restore(Giving(GivenDescriptor.OfHandle($"{program.Pid}/50", read), GivenDescriptor.OfHandle($"{program.Pid}/51", write)));
            Assert.Equal("ok", program.Check());
        }
    }

    [FactWith("python3")]
    public void AnEndOfThePipeOfTheTreeCannotBeReplaced()
    {
        using var program = new SelfCheckingProgram("    r, w = os.pipe()\n    wait()\n    os.write(w, b'x'); same(os.read(r, 9), b'x')");
        program.Save(_given);
        var e = Assert.Throws<CrPreflightException>(() => program.Restore(Giving(GivenDescriptor.OfPath($"{program.Pid}/3", "/dev/null"))));
        Assert.Equal("CrDescriptorTied", Assert.Single(e.Obstacles).Id);
        program.Restore();
        Assert.Equal("ok", program.Check());
    }

    [FactWith("python3")]
    public void ALogFileGoesOnWhereItWasMovedTo()
    {
        using var program = new SelfCheckingProgram("""
                f = os.open(d + '/log', os.O_RDWR | os.O_CREAT); os.write(f, b'one,'); g = os.open(d + '/log', os.O_WRONLY | os.O_APPEND)
                wait()
                same(os.lseek(f, 0, os.SEEK_CUR), 4); os.write(f, b'two,'); os.write(g, b'three')
                same(os.readlink('/proc/self/fd/%d' % f), d + '/moved')
            """);
        program.Save();
        File.Move(Path.Combine(program.Folder, "log"), Path.Combine(program.Folder, "moved"));
        Assert.Contains(Assert.Throws<CrPreflightException>(() => program.Restore()).Obstacles, o => o.Id == "CrFileMissing");
        program.Restore(Giving(GivenDescriptor.OfPath(Path.Combine(program.Folder, "log"), Path.Combine(program.Folder, "moved"))));
        Assert.Equal("ok", program.Check());
        Assert.Equal("one,two,three", File.ReadAllText(Path.Combine(program.Folder, "moved")));
    }

    [FactWith("python3")]
    public void ASocketStandsForOneOfAPairWithItsOptions()
    {
        using var program = new SelfCheckingProgram("""
                import socket
                a, b = socket.socketpair(); a.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
                wait()
                b.close(); said('closed', 'yes')
                signal.sigwait([signal.SIGUSR1])
                same(a.getsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED), 1)
                a.send(b'question'); same(a.recv(99), b'answer')
            """);
        using var task = PidFd.Open(program.Pid);
        using var outside = task.TryGet(4, out _);
        Libc.Syscall(Sys.kill, program.Pid, 10);
        Module.LiveProcess.WaitUntil(() => File.Exists(Path.Combine(program.Folder, "closed")));
        program.Save(_given);

        Assert.Contains(Assert.Throws<CrPreflightException>(() => program.Restore()).Obstacles, o => o.Id == "CrDescriptorNotGiven" && o.Reason.Contains("connected stream socket of unix(7)", StringComparison.Ordinal));
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(program.Folder, "s")));
        listener.Listen();
        Assert.Contains(Assert.Throws<CrPreflightException>(() => program.Restore(Giving(GivenDescriptor.OfHandle($"{program.Pid}/3", listener.SafeHandle)))).Obstacles, o => o.Id == "CrDescriptorMismatch");
        using var theirs = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        theirs.Connect(listener.LocalEndPoint!);
        using var mine = listener.Accept();
        program.Restore(Giving(GivenDescriptor.OfHandle($"{program.Pid}/3", theirs.SafeHandle)));
        mine.Send("answer"u8);
        Assert.Equal("ok", program.Check());
        var question = new byte[99];
        Assert.Equal("question", System.Text.Encoding.ASCII.GetString(question, 0, mine.Receive(question)));
    }

    [FactWith("python3")]
    public void AListenerStandsForAnother()
    {
        using var program = new SelfCheckingProgram("""
                import socket
                s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(5)
                wait()
                c, _ = s.accept(); same(c.recv(9), b'hello')
            """);
        program.Save();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        program.Restore(Giving(GivenDescriptor.OfHandle($"{program.Pid}/3", listener.Server.SafeHandle)));
        using var client = new TcpClient();
        client.Connect((IPEndPoint)listener.LocalEndpoint);
        client.Client.Send("hello"u8);
        Assert.Equal("ok", program.Check());
    }

    [FactWith("python3")]
    public void ATerminalStandsForAnotherHoweverItWasSaved()
    {
        foreach (var policy in (TerminalPolicy[])[TerminalPolicy.Given, TerminalPolicy.Inherit])
        {
            using var before = new PtyMaster();
            using var after = new PtyMaster();
            using var program = new SelfCheckingProgram($"""
                    t = os.open('{before.Slave}', os.O_RDWR | os.O_NOCTTY)
                    wait()
                    same(os.ttyname(t), '{after.Slave}')
                """);
            program.Save(new() { Terminal = policy });
            var e = Assert.Throws<CrPreflightException>(() => program.Restore(new() { Terminal = TerminalPolicy.Fail }));
            Assert.Contains(e.Obstacles, o => o.Id is "CrDescriptorNotGiven" or "CrTerminal");
            program.Restore(new() { Terminal = TerminalPolicy.Fail, Descriptors = [GivenDescriptor.OfPath(before.Slave, after.Slave)] });
            Assert.Equal("ok", program.Check());
        }
    }
}
