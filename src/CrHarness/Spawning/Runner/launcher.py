"""Starts the tree of a plan and ends it. Reads the plan from a file, says on its standard output when the tree stands,
and kills everything when its standard input ends: so nothing is left when the harness itself is killed."""
import build
import json_plan
import os
import time
from sysc import call, prctl

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
SIGKILL = 9


def null_descriptors():
    """The tree starts with /dev/null on 0 to 2 and nothing else."""
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.closerange(3, 1024)


def map_user():
    uid, gid = os.getuid(), os.getgid()
    call("unshare", NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid), ("gid_map", "0 %d 1" % gid)):
        with open("/proc/self/" + name, "w") as out:
            out.write(text)


def enter_container(container):
    """Namespaces beside the pid namespace, for a tree whose root is pid 1."""
    call("unshare", NEWUTS | NEWIPC | NEWNS | (NEWNET if container["network"] else 0))
    host = container["hostName"].encode()
    call("sethostname", host, len(host))
    domain = container["domainName"].encode()
    call("setdomainname", domain, len(domain))
    if container["network"] and container["loopbackUp"]:
        loopback_up()


def loopback_up():
    import fcntl
    import struct
    import _socket
    link = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    request = bytearray(struct.pack("16sh14x", b"lo", 0) + bytes(8))
    fcntl.ioctl(link.fileno(), 0x8913, request)                  # SIOCGIFFLAGS
    flags = struct.unpack_from("h", request, 16)[0] | 1
    struct.pack_into("h", request, 16, flags)
    fcntl.ioctl(link.fileno(), 0x8914, bytes(request))           # SIOCSIFFLAGS
    link.close()


def tree(job, control):
    null_descriptors()
    build.run(job, control)


def first(job, control, place):
    """The init of the fresh pid namespace. It stays outside the tree: the root is its child, or pid 1 of a nested one."""
    prctl(1, SIGKILL)
    os.setsid()
    null_descriptors()
    if place == "NamespaceInit":
        call("unshare", NEWPID)
    root = os.fork()
    if root == 0:
        prctl(1, 0)
        if job["plan"]["container"] is not None:
            build.guarded(0, job["work"], control, lambda: enter_container(job["plan"]["container"]))
        tree(job, control)
    confirm_stop(job, control, root)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            time.sleep(3600)


def confirm_stop(job, control, root):
    if job["plan"]["tasks"][0]["stopped"]:
        control.wait(build.READY)
        os.waitid(os.P_PID, root, 2 | 0x01000000)


def descendants():
    out, todo = [], [os.getpid()]
    while todo:
        pid = todo.pop()
        try:
            for thread in os.listdir("/proc/%d/task" % pid):
                with open("/proc/%d/task/%s/children" % (pid, thread)) as text:
                    found = [int(word) for word in text.read().split()]
                out += found
                todo += found
        except OSError:
            continue
    return out


def kill_all():
    """Every descendant, again and again until none is left: those that change parents come to this subreaper."""
    while True:
        found = descendants()
        if not found:
            return
        for pid in found:
            try:
                os.kill(pid, SIGKILL)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.0005)


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def serve_input():
    """Blocks until the harness says 'reap' (a checkpoint ended the tree) or goes away."""
    while True:
        line = os.read(0, 64)
        if not line:
            return
        reap()
        os.write(1, b"reaped\n")


def start(job, control):
    place = job["plan"]["root"]
    prctl(36, 1)
    if place == "Host":
        root = os.fork()
        if root == 0:
            tree(job, control)
        return root
    if job["lenient"]:
        map_user()
    call("unshare", NEWPID)
    inner = os.fork()
    if inner == 0:
        first(job, control, place)
    return inner


def main(work):
    with open(os.path.join(work, "job.json")) as text:
        job = json_plan.parse(text.read())
    control = build.Control(len(job["plan"]["tasks"]))
    child = start(job, control)
    while not control.reached(build.READY):
        done = os.waitid(os.P_PID, child, 4 | 1 | 0x01000000)
        if control.failed() or done is not None:
            os.write(1, b"failed\n")
            kill_all()
            return 1
        control.sleep(build.READY, 0.2)
    if job["plan"]["root"] == "Host":
        confirm_stop(job, control, child)
    with open(os.path.join(work, "pids"), "w") as out:
        out.write(" ".join(str(control.pid(k)) for k in range(control.count)))
    with open(os.path.join(work, "root.pid"), "w") as out:
        out.write(str(control.words[control.ROOT]))
    os.write(1, b"ready %d\n" % control.words[control.ROOT])
    serve_input()
    kill_all()
    return 0
