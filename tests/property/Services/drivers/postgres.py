"""A PostgreSQL cluster: two sessions that insert and commit, one of them over TCP. No committed row may be lost."""
import glob, pwd
from load import *


class Session:
    def __init__(self, host, port):
        self.process = subprocess.Popen([bin + "/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", str(port), "-U", "postgres", "postgres"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(path("psql.log"), "ab"), text=True, bufsize=1)

    def ask(self, sql):
        self.process.stdin.write(sql + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("psql ended: " + open(path("psql.log")).read()[-1000:])
        return line.strip()


bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]


def main():
    port, user = free_port(), pwd.getpwnam("postgres")
    data = path("data")
    os.mkdir(data)
    os.chown(data, user.pw_uid, user.pw_gid)
    os.chmod(folder, 0o777)
    as_user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]
    subprocess.run(as_user + [bin + "/initdb", "-D", data, "-U", "postgres", "-A", "trust"], check=True, stdout=open(path("initdb.log"), "ab"), stderr=subprocess.STDOUT, cwd="/")
    # Huge pages are the whole machine's: other tests take some, and the server would take those.
    server = start(as_user + [bin + "/postgres", "-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=16MB", "-c", "huge_pages=off"], cwd="/")
    await_listener(port)
    for _ in range(600):
        if subprocess.run([bin + "/pg_isready", "-h", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL).returncode == 0:
            break
        time.sleep(0.1)
    maker = Session("127.0.0.1", port)
    maker.ask("create table t (who int, n int, filler text); select 1;")
    sessions, clients = [maker], {}
    for i, host in ((1, "127.0.0.1"), (2, folder)):
        session = Session(host, port)
        sessions.append(session)

        def step(session=session, i=i, state=[0]):
            state[0] += 1
            if session.ask("insert into t values (%d, %d, repeat('x', 500)) returning n;" % (i, state[0])) != str(state[0]):
                raise RuntimeError("a wrong answer")
        clients["session %d" % i] = step

    def finish(counts):
        check = Session("127.0.0.1", port)
        for i in (1, 2):
            have = check.ask("select count(*) || '/' || count(distinct n) || '/' || max(n) from t where who = %d;" % i)
            want = "%d/%d/%d" % ((counts["session %d" % i],) * 3)
            if have != want:
                fault("session %d has %s rows, and %s were committed" % (i, have, want))
        for s in sessions + [check]:
            s.process.stdin.close()
            s.process.wait(20)
        end(server)
    run(clients, finish)


dies_with_fault(main)
