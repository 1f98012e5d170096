"""Objects of System V IPC: segments that are mapped, semaphores, queues of messages."""
import ctypes
import errno
import struct
from contents import content
from sysc import PAGE, libc, raw

SHMGET, SHMAT, SHMCTL, SEMGET, SEMOP, SEMCTL, MSGGET, MSGSND, MSGRCV, MSGCTL = 29, 30, 31, 64, 65, 66, 68, 69, 70, 71
CREATE, EXCLUSIVE, UNDO, NOWAIT, COPY = 0o1000, 0o2000, 0o10000, 0o4000, 0o40000
GETALL, SETALL, REMOVE = 13, 17, 0


def segment(plan):
    """Makes one and attaches it. One with a key is found again by it."""
    key = 0 if plan["unlink"] or plan["seed"] & 1 else plan["seed"] | 1
    number = raw("shmget", SHMGET, key, plan["pages"] * PAGE, CREATE | 0o600)
    address = raw("shmat", SHMAT, number, None, 0)
    if plan["unlink"]:
        raw("shmctl", SHMCTL, number, REMOVE, None)
    return address


def detached(address):
    return libc.shmdt(ctypes.c_void_p(address)) == 0


class Semaphores:
    def __init__(self, plan):
        self.plan, self.label = plan, "semaphores"
        self.id = raw("semget", SEMGET, 0 if plan["private"] else plan["seed"] | 1, plan["count"], CREATE | 0o600)
        self.values = [1 + byte for byte in content(plan["seed"], plan["count"])]
        raw("semctl", SEMCTL, self.id, 0, SETALL, (ctypes.c_ushort * plan["count"])(*self.values))
        if plan["undo"]:
            raw("semop", SEMOP, self.id, ctypes.create_string_buffer(struct.pack("Hhh", 0, -1, UNDO)), 1)
            self.values[0] -= 1

    def verify(self, problems):
        seen = (ctypes.c_ushort * self.plan["count"])()
        raw("semctl", SEMCTL, self.id, 0, GETALL, seen)
        if list(seen) != self.values:
            problems.append("semaphores %d: %r instead of %r" % (self.id, list(seen), self.values))


class Messages:
    def __init__(self, plan):
        self.plan = plan
        self.id = raw("msgget", MSGGET, 0 if plan["private"] else plan["seed"] | 1, CREATE | 0o600)
        self.messages = []
        for k in range(plan["count"]):
            data = content(plan["seed"] + k, 512)
            self.messages.append((1 + data[0] % 5, data[:data[1]]))
            raw("msgsnd", MSGSND, self.id, ctypes.create_string_buffer(struct.pack("q", self.messages[-1][0]) + self.messages[-1][1]), data[1], NOWAIT)

    def verify(self, problems):
        """Each message by its place, left where it is (MSG_COPY)."""
        for k, want in enumerate(self.messages):
            held = ctypes.create_string_buffer(8 + 512)
            try:
                length = raw("msgrcv", MSGRCV, self.id, held, 512, k, NOWAIT | COPY)
            except OSError as error:
                if error.errno in (errno.ENOSYS, errno.EACCES):
                    return
                problems.append("message %d of queue %d: %s" % (k, self.id, error))
                return
            seen = (struct.unpack_from("q", held)[0], held.raw[8:8 + length])
            if seen != want:
                problems.append("message %d of queue %d: type %d and %d bytes instead of %d and %d" % (k, self.id, seen[0], len(seen[1]), want[0], len(want[1])))


def make_all(plans):
    """What takes no credentials later: objects are looked at by their numbers as long as the task may."""
    return [(Semaphores if plan["kind"] == "Semaphores" else Messages)(plan) for plan in plans]


def verify(objects, problems):
    for one in objects:
        try:
            one.verify(problems)
        except PermissionError:
            pass                # the task has given its rights up since
