"""What all drivers share. A driver is the root of the tree that is checkpointed: it starts a service, puts load on it,
counts what the service acknowledged in the file 'progress', and on 'stop' tells in 'verdict' what was wrong, if anything."""
import ctypes, json, os, signal, socket, subprocess, sys, threading, time, traceback

folder = sys.argv[1]
_counts, _faults, _lock = {}, [], threading.Lock()

# What a test runner left open is no part of the tree.
os.closerange(3, 65536)

# Services that leave for the background stay in this tree (PR_SET_CHILD_SUBREAPER).
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def path(name):
    return os.path.join(folder, name)


def stopping():
    return os.path.exists(path("stop"))


def fault(text):
    with _lock:
        _faults.append(text)


def acknowledged(who):
    with _lock:
        _counts[who] = _counts.get(who, 0) + 1


def tell(name, value):
    with open(path(name) + ".new", "w") as f:
        json.dump(value, f)
    os.rename(path(name) + ".new", path(name))


def start(command, **options):
    log = open(path("service.log"), "ab")
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def await_listener(port):
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the service does not listen; its log: " + open(path("service.log")).read()[-2000:])


def end(process):
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        fault("the service did not end when told to")
        process.kill()


def run(clients, finish):
    """Runs each client (name -> function called again and again) in a thread until told to stop, then checks."""
    def loop(name, step):
        try:
            while not stopping():
                step()
                acknowledged(name)
        except Exception:
            fault(name + ": " + traceback.format_exc())
    threads = [threading.Thread(target=loop, args=item) for item in clients.items()]
    for t in threads:
        t.start()
    while not stopping():
        with _lock:
            tell("progress", min(_counts.get(n, 0) for n in clients))
            if _faults:
                break
        time.sleep(0.02)
    for t in threads:
        t.join()
    try:
        finish(dict(_counts))
    except Exception:
        fault("finish: " + traceback.format_exc())
    tell("verdict", _faults)
    os._exit(1 if _faults else 0)


def dies_with_fault(main):
    try:
        main()
    except BaseException:
        tell("verdict", _faults + [traceback.format_exc()])
        os._exit(1)
