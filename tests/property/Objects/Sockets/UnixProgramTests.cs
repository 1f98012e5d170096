using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Sockets;

/// <summary>Programs as people write them, which speak over Unix sockets while they are saved.</summary>
public class UnixProgramTests
{
    private static void Survives(bool newPidNamespace, string code)
    {
        using var program = new SelfCheckingProgram(code);
        var result = program.Journey(restore: new() { NewPidNamespace = newPidNamespace });
        Assert.True(result == "ok", result);
    }

    /// <summary>A server and its clients in one event loop, each counting the other's words; one client is a task of its own.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void AnAsyncioServerWithItsClients(bool newPidNamespace) => Survives(newPidNamespace, """
            import asyncio
            path = d + '/server'; served = [0]
            async def serve(reader, writer):
                while line := await reader.readline():
                    served[0] += 1; writer.write(b'%d\n' % (int(line) * 2)); await writer.drain()
                writer.close()
            async def ask(count, stop):
                reader, writer = await asyncio.open_unix_connection(path)
                while not stop() or count % 100:
                    count += 1; writer.write(b'%d\n' % count); same(int(await reader.readline()), 2 * count)
                    if count % 10 == 0: await asyncio.sleep(0.001)
                writer.close(); return count
            async def main():
                server = await asyncio.start_unix_server(serve, path); ready, told = os.pipe(); child = os.fork()
                if child == 0:
                    try:
                        asyncio.events._set_running_loop(None); os.close(told); os.set_blocking(ready, False)
                        def stop():
                            try: return os.read(ready, 1) == b''
                            except BlockingIOError: return False
                        n = asyncio.new_event_loop().run_until_complete(ask(0, stop)); os._exit(0 if n % 100 == 0 else 1)
                    except BaseException: traceback.print_exc(); os._exit(2)
                os.close(ready); stopped = []; clients = [asyncio.create_task(ask(i * 1000, lambda: bool(stopped))) for i in range(5)]
                while served[0] < 200: await asyncio.sleep(0.01)
                loop = asyncio.get_running_loop(); heard = loop.create_future(); signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
                loop.add_signal_handler(signal.SIGUSR1, lambda: heard.set_result(served[0])); said('ready', 'yes')
                before = await asyncio.wait_for(heard, 60)
                while served[0] < before + 500: await asyncio.sleep(0.01)
                stopped.append(1); counts = await asyncio.gather(*clients); os.close(told)
                while (pid := os.waitpid(child, os.WNOHANG)) == (0, 0): await asyncio.sleep(0.01)
                same(pid, (child, 0)); server.close()
            asyncio.run(main())
        """);

    /// <summary>A pool of processes with queues and connections: multiprocessing hands out descriptors over Unix sockets.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void WorkersThatAreHandedSockets(bool newPidNamespace) => Survives(newPidNamespace, """
            import socket
            from multiprocessing.connection import Listener, Client
            ours, theirs = socket.socketpair(); child = os.fork()
            if child == 0:
                try:
                    ours.close()
                    while True:
                        word, fds, _, _ = socket.recv_fds(theirs, 100, 4)
                        if not word: os._exit(0)
                        with socket.socket(fileno=fds[0]) as handed: handed.sendall(word.upper() + b' by %d' % os.getpid())
                except BaseException: traceback.print_exc(); os._exit(1)
            theirs.close(); listener = Listener(d + '/listener', authkey=b'secret'); other = os.fork()
            if other == 0:
                try:
                    ours.close()
                    with Client(d + '/listener', authkey=b'secret') as c:
                        while (question := c.recv()) is not None: c.send({'answer': sum(question)})
                    os._exit(0)
                except BaseException: traceback.print_exc(); os._exit(1)
            c = listener.accept(); c.send([1, 2]); same(c.recv(), {'answer': 3})
            def hand(word):
                a, b = socket.socketpair(); socket.send_fds(ours, [word], [b.fileno()]); b.close(); return a
            same(hand(b'first').recv(99), b'FIRST by %d' % child); os.kill(child, signal.SIGSTOP); os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOWAIT)
            waiting = [hand(b'word%d' % i) for i in range(5)]; c.send(list(range(1000)))
            wait()
            os.kill(child, signal.SIGCONT); same([a.recv(99) for a in waiting], [b'WORD%d by %d' % (i, child) for i in range(5)])
            same(c.recv(), {'answer': 499500}); c.send(None); ours.close(); same(sorted(os.wait() for _ in range(2)), sorted([(child, 0), (other, 0)]))
        """);
}
