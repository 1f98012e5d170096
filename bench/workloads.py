"""The programs that checkpoint.ps1 measures. Each says that it is ready by making a file, checks its own state when it
gets SIGUSR1, and writes OK or what is wrong to another.

    workloads.py memory MEGABYTES READY RESULT
    workloads.py children COUNT READY RESULT
"""
import hashlib, os, signal, sys, time

kind, size, ready, result = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
os.setsid()
null = os.open(os.devnull, os.O_RDWR)
for fd in range(3):
    os.dup2(null, fd)
os.closerange(3, 1024)


def answer(text):
    with open(result + ".new", "w") as file:
        file.write(text)
    os.rename(result + ".new", result)


if kind == "memory":
    data = os.urandom(size << 20)
    expected = hashlib.sha256(data).digest()
    check = lambda: hashlib.sha256(data).digest() == expected
else:
    children = []
    for _ in range(size):
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(1)
        children.append(pid)
    # Still this process's own children, and none has ended.
    check = lambda: all(os.waitpid(pid, os.WNOHANG) == (0, 0) for pid in children)

signal.signal(signal.SIGUSR1, lambda *_: answer("OK" if check() else "the state is wrong"))
open(ready, "w").close()
while True:
    time.sleep(1000)
