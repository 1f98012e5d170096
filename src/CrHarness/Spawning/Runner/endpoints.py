"""Sockets that stand alone, and options of all sockets: set by the plan where the kernel takes them, read back later."""
import errno
import os
import socket
import struct
from contents import content
from descriptors import Handle, place, set_cloexec

SOCKET, IP, IP6, TCP, UDP, NETLINK, PACKET = 1, 0, 41, 6, 17, 270, 263
NUMBER = struct.Struct("i")


def number(seed):
    return NUMBER.pack(seed)


# (level, name, the value that a seed gives). What needs another right, or another state, is refused and left out.
COMMON = [
    (SOCKET, 12, lambda s: number(s % 7)),                      # SO_PRIORITY
    (SOCKET, 7, lambda s: number(20000 + s % 50000)),           # SO_SNDBUF
    (SOCKET, 8, lambda s: number(20000 + s % 60000)),           # SO_RCVBUF
    (SOCKET, 18, lambda s: number(1 + s % 3)),                  # SO_RCVLOWAT
    (SOCKET, 20, lambda s: struct.pack("qq", 1000 + s % 99, 500000)),   # SO_RCVTIMEO
    (SOCKET, 21, lambda s: struct.pack("qq", 2000 + s % 99, 0)),        # SO_SNDTIMEO
    (SOCKET, 29, lambda s: number(1)),                          # SO_TIMESTAMP
    (SOCKET, 36, lambda s: number(s % 1000)),                   # SO_MARK
    (SOCKET, 40, lambda s: number(1)),                          # SO_RXQ_OVFL
    (SOCKET, 47, lambda s: struct.pack("Q", 1000000 + s)),      # SO_MAX_PACING_RATE
    (SOCKET, 13, lambda s: struct.pack("ii", 1, 1 + s % 9)),    # SO_LINGER
    (SOCKET, 74, lambda s: number(s % 2)),                      # SO_TXREHASH
]
UNIX = [(SOCKET, 16, lambda s: number(1)), (SOCKET, 34, lambda s: number(1)), (SOCKET, 76, lambda s: number(1))]    # PASSCRED, PASSSEC, PASSPIDFD
INET = [
    (SOCKET, 2, lambda s: number(1)), (SOCKET, 5, lambda s: number(1)), (SOCKET, 9, lambda s: number(1)), (SOCKET, 10, lambda s: number(1)),
    (SOCKET, 15, lambda s: number(1)), (SOCKET, 46, lambda s: number(s % 50)), (SOCKET, 69, lambda s: number(1)),
    (SOCKET, 49, lambda s: number(0)), (SOCKET, 60, lambda s: number(1)),
]
IPV4 = [(IP, 1, lambda s: number(s % 64 << 2)), (IP, 2, lambda s: number(1 + s % 255)), (IP, 8, lambda s: number(1)),
        (IP, 10, lambda s: number(s % 4)), (IP, 11, lambda s: number(1)), (IP, 12, lambda s: number(1)), (IP, 13, lambda s: number(1)),
        (IP, 15, lambda s: number(1)), (IP, 19, lambda s: number(1)), (IP, 21, lambda s: number(s % 200)), (IP, 24, lambda s: number(1)),
        (IP, 33, lambda s: number(s % 200)), (IP, 34, lambda s: number(s % 2)), (IP, 49, lambda s: number(s % 2)),
        (IP, 35, lambda s: struct.pack("4s4si", bytes([239, 1, s % 250, 7]), b"\x7f\0\0\1", 0))]      # IP_ADD_MEMBERSHIP, not read back
IPV6 = [(IP6, 16, lambda s: number(s % 255)), (IP6, 67, lambda s: number(s % 255)), (IP6, 49, lambda s: number(1)), (IP6, 51, lambda s: number(1)),
        (IP6, 18, lambda s: number(s % 200)), (IP6, 23, lambda s: number(s % 4)), (IP6, 25, lambda s: number(1)), (IP6, 62, lambda s: number(1)),
        (IP6, 66, lambda s: number(1)), (IP6, 70, lambda s: number(s % 2)), (IP6, 73, lambda s: number(s % 200)), (IP6, 33, lambda s: number(1))]
STREAM = [(TCP, 1, lambda s: number(1)), (TCP, 3, lambda s: number(1)), (TCP, 4, lambda s: number(100 + s % 999)), (TCP, 5, lambda s: number(10 + s % 99)),
          (TCP, 6, lambda s: number(1 + s % 50)), (TCP, 7, lambda s: number(1 + s % 20)), (TCP, 8, lambda s: number(3 + s % 40)), (TCP, 9, lambda s: number(s % 30)),
          (TCP, 18, lambda s: number(10000 + s % 9999)), (TCP, 25, lambda s: number(5000 + s % 9999)), (TCP, 27, lambda s: number(1)), (TCP, 36, lambda s: number(1)),
          (TCP, 13, lambda s: b"reno" if s % 2 else b"cubic"), (TCP, 2, lambda s: number(500 + s % 500)), (TCP, 16, lambda s: number(1)), (TCP, 17, lambda s: number(1))]
DATAGRAM = [(SOCKET, 6, lambda s: number(1)), (SOCKET, 11, lambda s: number(1)), (UDP, 101, lambda s: number(1)), (UDP, 103, lambda s: number(100 + s % 999)), (SOCKET, 42, lambda s: number(0))]
TABLES = {
    "Udp": COMMON + INET + IPV4 + DATAGRAM, "Udp6": COMMON + INET + IPV6 + DATAGRAM,
    "Tcp": COMMON + INET + IPV4 + STREAM, "TcpListener": COMMON + INET + IPV4 + STREAM, "TcpListener6": COMMON + INET + IPV6 + STREAM,
    "UnixListener": COMMON + UNIX, "UnixDatagram": COMMON + UNIX, "Raw": COMMON + INET[:2] + IPV4,
    "Netlink": COMMON + [(NETLINK, o, lambda s: number(1)) for o in (1, 3, 4, 5, 10, 11, 12)],
    "Packet": COMMON + [(PACKET, o, lambda s: number(1)) for o in (8, 9, 10, 14, 17, 20)] + [(PACKET, 12, lambda s: number(s % 64))],
    # What a connection has by its traffic is not in it, nor what keeps that from arriving (IP_MINTTL, TCP_CORK);
    # IP_MULTICAST_TTL is what the other end's packet said.
    "pair": COMMON + UNIX, "connection": COMMON[:1] + COMMON[3:9] + COMMON[10:] + INET[:6] + [o for o in IPV4[:14] if o[1] not in (21, 33)] + STREAM[:1] + STREAM[2:13],
}


def set_options(end, table, mask, seed):
    """The options that the plan asks for, with what they are from then on."""
    options = TABLES[table]
    chosen = [o for k, o in enumerate(options) if mask >> (k % 32) & 1]
    for level, name, value in chosen:
        try:
            end.setsockopt(level, name, value(seed))
        except OSError:
            pass


def readings(fd, table):
    end = socket.socket(fileno=os.dup(fd))
    out = []
    try:
        for level, name, _ in TABLES[table]:
            try:
                out.append((level, name, end.getsockopt(level, name, 32)))
            except OSError as error:
                out.append((level, name, error.errno))
    finally:
        end.close()
    return out


def compare(label, before, now, problems):
    for was, is_ in zip(before, now):
        if was != is_:
            problems.append("socket %s: option %d of level %d was %r and is %r" % (label, was[1], was[0], was[2], is_[2]))


class Endpoint(Handle):
    def settle(self):
        self.options, self.name = readings(self.fd, self.plan["kind"]), self.address()

    def address(self):
        end = socket.socket(fileno=os.dup(self.fd))
        try:
            name = end.getsockname()
            # The port id of netlink may be another's by now.
            return name[1:] if self.plan["kind"] == "Netlink" else name
        finally:
            end.close()

    def verify(self, problems):
        compare(self.label, self.options, readings(self.fd, self.plan["kind"]), problems)
        self.differs(problems, "its address", self.address(), self.name)

    def use(self, problems):
        end = socket.socket(fileno=os.dup(self.fd))
        try:
            got = []
            for _ in range(self.sent):
                try:
                    got.append(end.recv(1 << 16, socket.MSG_DONTWAIT))
                except BlockingIOError:
                    got.append(None)
            self.differs(problems, "what waited", got, [data_of(self.plan, k) for k in range(self.sent)])
        finally:
            end.close()


def data_of(plan, k):
    data = content(plan["seed"] + k, 512)
    return data[:1 + data[0]]


def create(plan, label, work):
    kind = plan["kind"]
    if kind in ("Udp", "Udp6", "TcpListener", "TcpListener6", "Tcp"):
        end = socket.socket(socket.AF_INET6 if kind.endswith("6") else socket.AF_INET, socket.SOCK_DGRAM if "Udp" in kind else socket.SOCK_STREAM)
        if kind != "Tcp":
            end.bind(("::1" if kind.endswith("6") else "127.0.0.1", 0))
        if "Listener" in kind:
            end.listen(1 + plan["seed"] % 9)
    elif kind in ("UnixListener", "UnixDatagram"):
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if kind == "UnixListener" else socket.SOCK_DGRAM)
        path = os.path.join(work, "files", "socket-" + label)
        end.bind(path if plan["inFile"] else "\0" + path)
        if kind == "UnixListener":
            end.listen(1 + plan["seed"] % 9)
    elif kind == "Netlink":
        end = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        end.bind((0, 0))
    elif kind == "Packet":
        end = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)     # of no protocol: nothing comes
    else:
        end = socket.socket(socket.AF_INET, socket.SOCK_RAW, 254)       # a protocol that nobody speaks
    return end


def deliver(end, plan):
    """Datagrams to the socket itself; none where loopback is down."""
    try:
        if plan["connected"]:
            end.connect(end.getsockname())
        for k in range(plan["datagrams"]):
            end.sendto(data_of(plan, k), end.getsockname()) if not plan["connected"] else end.send(data_of(plan, k))
    except OSError as error:
        if error.errno not in (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN):
            raise
        return 0
    return plan["datagrams"]


def make_all(plans, index, work, lenient):
    made = []
    for k, plan in enumerate(plans):
        label = "e%d-%d" % (index, k)
        try:
            end = create(plan, label, work)
        except OSError as error:
            if error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL) or lenient and error.errno in (errno.EPERM, errno.EACCES):
                continue
            raise
        sent = deliver(end, plan)
        set_options(end, plan["kind"], plan["options"], plan["seed"])
        end.setblocking(not plan["nonblock"])
        set_cloexec(end.fileno(), plan["closeOnExec"])
        made.append(Endpoint(place(end.detach(), plan["at"]), plan, label))
        made[-1].sent = sent
    return made
