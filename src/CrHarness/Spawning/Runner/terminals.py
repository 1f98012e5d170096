"""Pseudo-terminals: both sides, one, or one whose other side is gone; with modes, and with what nobody has read."""
import fcntl
import os
import struct
import termios
import tty
from contents import content
from descriptors import Handle, place, set_cloexec

PACKET, GET_PACKET, EXCLUSIVE, GET_EXCLUSIVE, CONTROL = 0x5420, 0x80045438, 0x540c, 0x80045440, 0x540e
LINE = 50


def window(plan):
    return struct.pack("HHHH", *(1 + (plan["seed"] >> shift) % 300 for shift in (0, 4, 8, 12)))


def number(fd, request):
    return struct.unpack("i", fcntl.ioctl(fd, request, bytes(4)))[0]


def waiting(fd):
    return number(fd, termios.FIONREAD)


def typed(plan):
    """What is typed: any bytes; or, where lines are put together, letters in whole lines."""
    data = content(plan["seed"], plan["size"])
    if "Lines" not in plan["form"]:
        return data
    return b"".join(b"\n" if k % LINE == LINE - 1 or k == len(data) - 1 else b"%c" % (97 + byte % 26) for k, byte in enumerate(data))


def printed(plan):
    return content(plan["seed"] + 1, 300) if "Output" in plan["form"] else b""


def settled(fd, count):
    """The kernel passes bytes on by a worker of its own."""
    while waiting(fd) < count:
        pass


class Side(Handle):
    def __init__(self, fd, plan, label, role):
        super().__init__(fd, plan, label)
        self.role, self.form = role, plan["form"]

    def settle(self):
        self.modes = None if "HungUp" in self.form else termios.tcgetattr(self.fd)

    def verify(self, problems):
        if "HungUp" in self.form:
            try:
                termios.tcgetattr(self.fd)
                problems.append("terminal %s: it is not hung up" % self.label)
            except termios.error:
                return
        self.differs(problems, "window", fcntl.ioctl(self.fd, termios.TIOCGWINSZ, bytes(8)), window(self.plan))
        self.differs(problems, "modes", termios.tcgetattr(self.fd), self.modes)
        if self.role == "master":
            self.differs(problems, "packet mode", number(self.fd, GET_PACKET), int("Packet" in self.form))
            self.differs(problems, "output that waits", waiting(self.fd), len(printed(self.plan)))
        else:
            self.differs(problems, "input that waits", waiting(self.fd), self.plan["size"])
            self.differs(problems, "exclusive mode", number(self.fd, GET_EXCLUSIVE), int("Exclusive" in self.form))

    def use(self, problems):
        """Reads all of it, unless job control would have a say in it."""
        if "HungUp" in self.form or "Controlling" in self.form:
            return
        want, got = (printed(self.plan), b"") if self.role == "master" else (typed(self.plan), b"")
        os.set_blocking(self.fd, False)
        while len(got) < len(want):
            try:
                part = os.read(self.fd, 4096)
            except BlockingIOError:
                break
            # In packet mode a byte goes before the data, or tells of something else.
            got += part if self.role == "slave" or "Packet" not in self.form else part[1:] if part[:1] == b"\0" else b""
        if got != want:
            problems.append("terminal %s: the %s reads %d bytes that differ from the %d written" % (self.label, self.role, len(got), len(want)))


def open_terminal(plan, label):
    form = plan["form"]
    master, slave = os.openpty()
    tty.setraw(slave)
    if "Lines" in form:
        modes = termios.tcgetattr(slave)
        modes[3] |= termios.ICANON | termios.ISIG
        modes[6][termios.VERASE] = b"\x08"
        termios.tcsetattr(slave, termios.TCSANOW, modes)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, window(plan))
    os.write(master, typed(plan))
    settled(slave, plan["size"])
    os.write(slave, printed(plan))
    settled(master, len(printed(plan)))
    if "Packet" in form:
        fcntl.ioctl(master, PACKET, struct.pack("i", 1))
    if "Exclusive" in form:
        fcntl.ioctl(slave, EXCLUSIVE)
    if "Controlling" in form:
        fcntl.ioctl(slave, CONTROL, 0)
    for fd in (master, slave):
        os.set_blocking(fd, not plan["nonblock"])
        set_cloexec(fd, plan["closeOnExec"])
    if "Alone" in form:
        os.close(slave)
        return [Side(place(master, plan["at"]), plan, label, "master")]
    if "HungUp" in form:
        os.close(master)
        return [Side(place(slave, plan["at"]), plan, label, "slave")]
    return [Side(place(master, plan["at"]), plan, label, "master"), Side(slave, plan, label, "slave")]
