"""PostgreSQL with two clients of transactions, one over TCP and one over a unix socket. It does not run as root."""
from load import *
import shutil


def program(name):
    """Distributions keep the server's programs beside each other, and not all of them in the path."""
    found = shutil.which(name)
    return os.path.join(os.path.dirname(os.path.realpath(shutil.which("postgres"))), name) if found is None else found


class Client:
    def __init__(self, host, port):
        self.psql = subprocess.Popen(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", str(port), "-U", "postgres", "postgres"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(path("service.log"), "ab"), text=True)

    def ask(self, statement):
        self.psql.stdin.write(statement + ";\n")
        self.psql.stdin.flush()
        return self.psql.stdout.readline().strip()

    def end(self):
        self.psql.stdin.close()
        if self.psql.wait() != 0:
            fault("psql ended with an error")


def main():
    port, data = free_port(), path("data")
    owner = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    os.chmod(folder, 0o711)
    os.mkdir(data, 0o700)
    if owner:
        shutil.chown(data, "postgres", "postgres")
    if start([program("initdb"), "-D", data, "-A", "trust", "-U", "postgres"], cwd="/", **owner).wait() != 0:
        raise RuntimeError("initdb failed: " + open(path("service.log")).read()[-2000:])
    server = start([program("postgres"), "-D", data, "-k", data, "-h", "127.0.0.1", "-p", str(port)], cwd="/", **owner)
    await_listener(port)
    for _ in range(600):
        if subprocess.run(["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode == 0:
            break
        time.sleep(0.05)
    clients, sessions = {}, []
    for i, host in ((1, "127.0.0.1"), (2, data)):
        client = Client(host, port)
        sessions.append(client)
        table = "counter%d" % i
        if client.ask("CREATE TABLE %s (n bigint, filler text); INSERT INTO %s VALUES (0, '') RETURNING n" % (table, table)) != "0":
            raise RuntimeError("the table could not be made")

        def step(client=client, table=table, state=[0]):
            state[0] += 1
            have = client.ask("UPDATE %s SET n = n + 1, filler = repeat(md5(n::text), 50) RETURNING n" % table)
            if have != str(state[0]):
                raise RuntimeError("the counter is %r, not %d" % (have, state[0]))
        clients["client %d" % i] = step

    def finish(counts):
        check = Client("127.0.0.1", port)
        for i in (1, 2):
            have, want = check.ask("SELECT n FROM counter%d" % i), counts["client %d" % i]
            if have != str(want):
                fault("counter %d is %s, and %d updates were acknowledged" % (i, have, want))
        for client in sessions + [check]:
            client.end()
        server.send_signal(signal.SIGINT)
        if server.wait(30) != 0:
            fault("the server ended with an error")
    run(clients, finish)


dies_with_fault(main)
