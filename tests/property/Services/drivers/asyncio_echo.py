"""One asyncio program: an echo server over TCP and over a unix socket, clients in the same loop, timers, a subprocess."""
import asyncio
from load import *

counts = {}


async def serve(reader, writer):
    while data := await reader.readexactly(4):
        body = await reader.readexactly(int.from_bytes(data, "big"))
        writer.write(data + body)
        await writer.drain()


async def client(name, opening):
    reader, writer = await opening
    while not stopping():
        body = os.urandom(counts.get(name, 0) % 70000)
        writer.write(len(body).to_bytes(4, "big") + body)
        await writer.drain()
        if await reader.readexactly(4 + len(body)) != len(body).to_bytes(4, "big") + body:
            raise RuntimeError("a wrong echo")
        counts[name] = counts.get(name, 0) + 1


async def pipeline():
    cat = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    while not stopping():
        line = b"%d\n" % counts.get("pipeline", 0)
        cat.stdin.write(line)
        if await cat.stdout.readline() != line:
            raise RuntimeError("a wrong line from cat")
        counts["pipeline"] = counts.get("pipeline", 0) + 1
    cat.stdin.close()
    if await cat.wait() != 0:
        raise RuntimeError("cat failed")


async def ticking():
    while not stopping():
        # Long enough that the limit does not pass while the tree stands still or is gone.
        await asyncio.wait_for(asyncio.sleep(0.005), 1000)
        counts["ticks"] = counts.get("ticks", 0) + 1
        tell("progress", min(counts.get(n, 0) for n in ("tcp 1", "tcp 2", "unix", "pipeline", "ticks")))


async def main():
    tcp = await asyncio.start_server(lambda r, w: serve(r, w), "127.0.0.1", 0)
    unix = await asyncio.start_unix_server(lambda r, w: serve(r, w), path("echo.sock"))
    port = tcp.sockets[0].getsockname()[1]
    await asyncio.gather(ticking(), pipeline(), client("tcp 1", asyncio.open_connection("127.0.0.1", port)),
                         client("tcp 2", asyncio.open_connection("127.0.0.1", port)), client("unix", asyncio.open_unix_connection(path("echo.sock"))))
    tell("verdict", [])
    os._exit(0)


dies_with_fault(lambda: asyncio.run(main()))
