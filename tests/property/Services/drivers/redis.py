"""redis-server with an append-only file, two clients over TCP and one over a unix socket."""
from load import *


class Client:
    def __init__(self, family, address):
        self.socket = socket.socket(family)
        self.socket.connect(address)
        self.input = self.socket.makefile("rb")

    def call(self, *words):
        out = b"*%d\r\n" % len(words)
        for w in words:
            w = w if isinstance(w, bytes) else str(w).encode()
            out += b"$%d\r\n%s\r\n" % (len(w), w)
        self.socket.sendall(out)
        line = self.input.readline()
        if line[:1] == b"$" and line != b"$-1\r\n":
            return self.input.read(int(line[1:]) + 2)[:-2]
        if line[:1] not in b"+:":
            raise RuntimeError("redis answered %r to %r" % (line, words[0]))
        return line[1:].strip()


def main():
    port = free_port()
    server = start(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--unixsocket", path("redis.sock"),
                    "--dir", folder, "--appendonly", "yes", "--appendfsync", "always", "--save", "1 1"])
    await_listener(port)
    clients = {}
    for i in (1, 2, 3):
        client = Client(socket.AF_UNIX, path("redis.sock")) if i == 3 else Client(socket.AF_INET, ("127.0.0.1", port))

        def step(client=client, key="counter%d" % i, state=[0]):
            state[0] += 1
            if int(client.call("INCR", key)) != state[0]:
                raise RuntimeError("a counter jumped")
            big = os.urandom(3000)
            client.call("SET", key + "-big", big)
            if client.call("GET", key + "-big") != big:
                raise RuntimeError("a value changed")
        clients["client %d" % i] = step

    def finish(counts):
        check = Client(socket.AF_INET, ("127.0.0.1", port))
        for i in (1, 2, 3):
            have, want = int(check.call("GET", "counter%d" % i)), counts["client %d" % i]
            if have != want:
                fault("counter %d is %d, and %d increments were acknowledged" % (i, have, want))
        end(server)
    run(clients, finish)


dies_with_fault(main)
