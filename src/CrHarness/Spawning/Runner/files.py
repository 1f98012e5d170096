"""Descriptors of a plan: files, directories, devices, FIFOs, pipes and sockets with bytes in them; shared by dup and by inheritance."""
import endpoints
import fcntl
import handles
import os
import socket
import struct
import terminals
from contents import content
from descriptors import Entry, Handle, place, set_cloexec
from sysc import libc, fail

SPLICE_F_NONBLOCK = 2
F_SETPIPE_SZ = 1031
F_OFD_SETLK = 37
F_SETSIG = 10
F_SETLEASE = 1024
SCM_PIDFD = 4
IN_MODIFY, IN_MOVE_SELF = 0x2, 0x800
ACCESS = {"Read": os.O_RDONLY, "Write": os.O_WRONLY, "ReadWrite": os.O_RDWR}


def lock(fd, plan):
    """The whole file, through a number that nothing closes any more: a process loses its locks at any close of the file."""
    kind = 1 if plan["access"] != "Read" else 0
    if plan["lock"] == "Flock":
        fcntl.flock(fd, fcntl.LOCK_EX if kind else fcntl.LOCK_SH)
    elif plan["lock"] == "Process":
        fcntl.lockf(fd, fcntl.LOCK_EX if kind else fcntl.LOCK_SH)
    elif plan["lock"] == "Description":
        fcntl.fcntl(fd, F_OFD_SETLK, struct.pack("hhqqi4x", kind, 0, 0, 0, 0))
    elif plan["lock"] == "Ranges":
        for k in range(4):
            shared = plan["access"] == "Read" or plan["access"] == "ReadWrite" and k % 2
            fcntl.lockf(fd, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, 5 + k, 100 * k)
    elif plan["lock"] == "Lease":
        fcntl.fcntl(fd, F_SETLEASE, fcntl.F_RDLCK)
    if plan["owned"]:
        fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(fd, F_SETSIG, 1 + plan["seed"] % 31)


def watch(path):
    """An inotify instance that waits for what does not happen while the tree is at rest."""
    fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if fd < 0 or libc.inotify_add_watch(fd, path.encode(), IN_MODIFY | IN_MOVE_SELF) < 0:
        fail("inotify")
    return fd


def open_file(plan, label, work):
    kind, path = plan["kind"], os.path.join(work, "files", "file-" + label)
    flags = ACCESS[plan["access"]] | os.O_CLOEXEC
    if kind == "Regular":
        with open(path, "wb") as new:
            new.write(content(plan["seed"], plan["size"]))
        os.chmod(path, 0o666)
        os.utime(path, ns=(10 ** 18, 10 ** 18))
        flags |= (os.O_APPEND if plan["append"] else 0) | (os.O_NONBLOCK if plan["nonblock"] else 0)
        fd = os.open(path, flags)
        os.lseek(fd, plan["offset"], os.SEEK_SET)
        if plan["linked"]:
            os.link(path, path + "-link")
    elif kind == "Directory":
        os.mkdir(path, 0o777)
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    elif kind == "Path":
        with open(path, "wb") as new:
            new.write(b"path only")
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    elif kind == "Fifo":
        os.mkfifo(path, 0o666)
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        os.write(fd, content(plan["seed"], min(plan["size"], 4096)))
    else:
        fd = os.open({"Null": "/dev/null", "Zero": "/dev/zero", "Random": "/dev/urandom"}[kind], flags)
    set_cloexec(fd, plan["closeOnExec"])
    entry = Entry(place(fd, plan["at"]), "file", plan=plan, path=path)
    lock(entry.fd, plan)
    entries = [entry] + ([Entry(watch(path), "watch", plan=plan, path=path)] if plan["watched"] else [])
    if plan["deleted"]:
        os.rmdir(path) if kind == "Directory" else os.unlink(path)
    return entries


def open_pipe(plan, label):
    reader, writer = os.pipe2(os.O_CLOEXEC | (os.O_NONBLOCK if plan["nonblock"] else 0) | (os.O_DIRECT if plan["packet"] else 0))
    if plan["capacity"]:
        fcntl.fcntl(writer, F_SETPIPE_SZ, plan["capacity"])
    data = content(plan["seed"], plan["bytes"])
    chunk = 1024 if plan["packet"] else 1 << 20
    for at in range(0, len(data), chunk):
        os.write(writer, data[at:at + chunk])
    pipe = dict(label=label, data=data, chunk=chunk)
    for fd in (reader, writer):
        set_cloexec(fd, plan["closeOnExec"])
    return [Entry(place(reader, plan["at"]), "read", pipe), Entry(writer, "write", pipe)]


def connection():
    """A TCP connection over loopback; where that is down, a pair without it."""
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            writer = socket.create_connection(listener.getsockname(), 20)
        except OSError:
            return socket.socketpair()
        return listener.accept()[0], writer


def open_socket(plan, label, work):
    """A pair of Unix sockets: like a pipe, but with messages, names, and descriptors on the way."""
    kind = {"Stream": socket.SOCK_STREAM, "Datagram": socket.SOCK_DGRAM, "SequencedPacket": socket.SOCK_SEQPACKET}[plan["kind"]]
    reader, writer = connection() if plan["internet"] else socket.socketpair(socket.AF_UNIX, kind)
    if plan["named"]:
        reader.bind("\0cr-%s-%s" % (os.path.basename(work), label))
    carried = b"carried by %s" % label.encode()
    if plan["carries"]:
        inner, outer = os.pipe2(os.O_CLOEXEC)
        os.write(outer, carried)
        os.close(outer)
        writer.sendmsg([b"c"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, inner.to_bytes(4, "little"))])
        os.close(inner)
    table = "pair" if reader.family == socket.AF_UNIX else "connection"
    for end in (reader, writer):
        endpoints.set_options(end, table, plan["options"], plan["seed"])
    data = content(plan["seed"], plan["bytes"])
    messages = [data[at:at + plan["message"]] for at in range(0, len(data), plan["message"])]
    for message in messages:
        writer.send(message)
    if plan["ended"]:
        writer.shutdown(socket.SHUT_WR)
    pipe = dict(label="s" + label, data=data, chunk=1 << 20, messages=messages, plan=plan, carried=carried, table=table)
    ends = []
    for end in (reader, writer):
        end.setblocking(not plan["nonblock"])
        set_cloexec(end.fileno(), plan["closeOnExec"])
        ends.append(end.detach())
    return [Entry(place(ends[0], plan["at"]), "read", pipe), Entry(ends[1], "end" if plan["ended"] else "write", pipe)]


def receive(fd, flags, pipe):
    """What a look at a socket gives, or taking from it: bytes, and what the descriptors that came with them hold."""
    end = socket.socket(fileno=os.dup(fd))
    try:
        data, control, _, _ = end.recvmsg(1 << 20, 4096, flags | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b"", []
    finally:
        end.close()
    held = []
    for _, kind, fds in control:
        if kind == SCM_PIDFD:
            os.close(int.from_bytes(fds[:4], "little", signed=True))
        if kind != socket.SCM_RIGHTS:
            continue            # who sent it, and when
        for at in range(0, len(fds), 4):
            inner = int.from_bytes(fds[at:at + 4], "little")
            # A look must not take from the pipe.
            held.append(peek(inner) if flags else os.read(inner, 4096))
            os.close(inner)
    return data, held


def verify_socket(entry, problems):
    """The first message, or all of a stream up to what carries a descriptor; it stays where it is."""
    pipe, plan = entry.pipe, entry.pipe["plan"]
    seen, held = receive(entry.fd, socket.MSG_PEEK, pipe)
    want = b"c" if plan["carries"] else pipe["data"] if plan["kind"] == "Stream" else (pipe["messages"] or [b""])[0]
    if seen != want or held != ([pipe["carried"]] if plan["carries"] else []):
        problems.append("socket %s: a look shows %d bytes and %r, not %d" % (pipe["label"], len(seen), held, len(want)))


def drain_socket(entry, problems):
    pipe, plan = entry.pipe, entry.pipe["plan"]
    want = ([(b"c", [pipe["carried"]])] if plan["carries"] else []) + [(m, []) for m in (pipe["messages"] if plan["kind"] != "Stream" else [pipe["data"]] if pipe["data"] else [])]
    got = [receive(entry.fd, 0, pipe) for _ in want]
    if got != want:
        problems.append("socket %s: read %r" % (pipe["label"], [(len(g[0]), g[1]) for g in got]))


def make_all(plan, index, before, work, lenient):
    entries = []
    for k, file in enumerate(plan["files"]):
        if file["terminal"]:
            entries.extend(terminals.open_terminal(file, "t%d-%d" % (index, k)))
            continue
        opened = open_file(file, "%d-%d" % (index, k), work)
        entry = opened[0]
        entries.extend(opened)
        for _ in range(file["duplicates"]):
            twin = os.dup(entry.fd)
            set_cloexec(twin, not file["closeOnExec"])
            entries.append(Entry(twin, "twin", plan=file, path=entry.path))
    for k, pipe in enumerate(plan["pipes"]):
        entries.extend(open_pipe(pipe, "%d-%d" % (index, k)))
    for k, pair in enumerate(plan["sockets"]):
        entries.extend(open_socket(pair, "%d-%d" % (index, k), work))
    entries.extend(endpoints.make_all(plan["endpoints"], index, work, lenient))
    entries.extend(handles.make_all(plan["handles"], index, before + entries, work, lenient))
    return entries


def settle(entries):
    for entry in entries:
        if isinstance(entry, Handle):
            entry.settle()
        elif entry.pipe and "table" in entry.pipe:
            entry.options = endpoints.readings(entry.fd, entry.pipe["table"])


def inherit(entries, plan):
    kept = []
    for k, entry in enumerate(entries):
        if plan["closeInherited"] >> (k % 64) & 1:
            os.close(entry.fd)
        else:
            kept.append(entry)
    return kept


def peek(fd):
    """The bytes in a pipe, left in it: tee(2) into a pipe of our own."""
    size = fcntl.fcntl(fd, 1032)
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        fcntl.fcntl(writer, F_SETPIPE_SZ, max(size, 4096))
        count = libc.tee(fd, writer, 1 << 20, SPLICE_F_NONBLOCK)
        if count < 0:
            try:
                fail("tee")
            except BlockingIOError:
                return b""
        data = b""
        while len(data) < count:
            data += os.read(reader, count - len(data))
        return data
    finally:
        os.close(reader)
        os.close(writer)


def verify(entries, problems):
    for entry in entries:
        plan = entry.plan
        if isinstance(entry, Handle):
            entry.verify(problems)
        elif entry.pipe and "table" in entry.pipe:
            endpoints.compare(entry.pipe["label"], entry.options, endpoints.readings(entry.fd, entry.pipe["table"]), problems)
        if entry.role == "read" and "plan" in entry.pipe:
            verify_socket(entry, problems)
        elif entry.role == "read":
            seen = peek(entry.fd)
            if seen != entry.pipe["data"]:
                problems.append("pipe %s: %d bytes in it that differ from the %d written" % (entry.pipe["label"], len(seen), len(entry.pipe["data"])))
        elif entry.role == "file" and plan["kind"] == "Regular":
            if plan["access"] != "Write":
                seen = os.pread(entry.fd, plan["size"] + 1, 0)
                if seen != content(plan["seed"], plan["size"]):
                    problems.append("file %s: its contents differ" % entry.path)
            if os.fstat(entry.fd).st_nlink != (0 if plan["deleted"] else 1) + (1 if plan["linked"] else 0):
                problems.append("file %s: has %d links" % (entry.path, os.fstat(entry.fd).st_nlink))
        elif entry.role == "watch":
            try:
                problems.append("watch of %s: %d bytes of events" % (entry.path, len(os.read(entry.fd, 4096))))
            except BlockingIOError:
                pass
        elif entry.role == "file" and plan["kind"] == "Fifo":
            if peek(entry.fd) != content(plan["seed"], min(plan["size"], 4096)):
                problems.append("fifo %s: its contents differ" % entry.path)


def drain(entries, problems):
    """Takes the bytes out; with the write end open elsewhere nothing more may come."""
    for entry in entries:
        if entry.role == "read" and "plan" in entry.pipe:
            drain_socket(entry, problems)
        elif entry.role == "read":
            want, got = len(entry.pipe["data"]), b""
            while len(got) < want:
                os.set_blocking(entry.fd, False)
                try:
                    part = os.read(entry.fd, entry.pipe["chunk"])
                except BlockingIOError:
                    break
                if not part:
                    break
                got += part
            if got != entry.pipe["data"]:
                problems.append("pipe %s: read %d of %d bytes" % (entry.pipe["label"], len(got), want))


def put_token(entries, index, problems):
    for entry in entries:
        if entry.role == "write":
            try:
                os.set_blocking(entry.fd, False)
                os.write(entry.fd, b"token from %4d\n" % index)
            except (BrokenPipeError, BlockingIOError) as error:
                problems.append("pipe %s: token not written: %s" % (entry.pipe["label"], error))


def take_token(entries, writer, problems):
    for entry in entries:
        if entry.role == "read":
            try:
                os.set_blocking(entry.fd, False)
                got = os.read(entry.fd, 16)
            except BlockingIOError:
                got = b"(nothing)"
            if got != b"token from %4d\n" % writer:
                problems.append("pipe %s: got %r instead of the token of task %d" % (entry.pipe["label"], got, writer))
