"""A service as they are: a heap of 500 MB and more of small objects, worker threads that change it, and a check of it all.

    service.py MEGABYTES FOLDER

The same signals and files as workloads.c: ready, SIGUSR1 and verdict, SIGTERM.
"""
import os, queue, signal, sys, threading

megabytes, folder = int(sys.argv[1]), sys.argv[2]


def publish(name, text):
    hidden = os.path.join(folder, "." + name)
    with open(hidden, "w") as file:
        file.write(text)
    os.rename(hidden, os.path.join(folder, name))


if os.fork():
    os._exit(0)
os.setsid()
null = os.open(os.devnull, os.O_RDWR)
for fd in range(3):
    os.dup2(null, fd)
os.closerange(3, 4096)
os.chdir("/")

stop = {signal.SIGUSR1, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, stop)


def entry(key):
    return {"id": key, "name": f"customer number {key}", "tags": [key % 7, key % 11, str(key)], "balance": key * 1.25}


# About 560 bytes an entry.
store = {key: entry(key) for key in range(megabytes * 1850)}
work, done = queue.Queue(), queue.Queue()


def worker():
    while True:
        key = work.get()
        store[key]["visits"] = store[key].get("visits", 0) + 1
        done.put(key)


for _ in range(4):
    threading.Thread(target=worker, daemon=True).start()
visits = 0


def check():
    """Every entry is what it was made as, and the workers still work."""
    global visits
    visits += 1
    keys = range(0, len(store), max(1, len(store) // 1000))
    for key in keys:
        work.put(key)
    for _ in keys:
        done.get(timeout=20)
    for key, value in store.items():
        due = entry(key)
        if key in keys:
            due["visits"] = visits
        if value != due:
            return f"entry {key} is not what it was"
    return "OK"


publish("ready", f"{os.getpid()}\n")
while True:
    if signal.sigwait(stop) == signal.SIGTERM:
        os._exit(0)
    try:
        verdict = check()
    except Exception as e:
        verdict = f"the check failed: {e!r}"
    publish("verdict", f"{verdict}\n0\n")
