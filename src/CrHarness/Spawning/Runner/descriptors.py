"""A descriptor of a plan, and where it stands."""
import fcntl
import os


class Entry:
    """One descriptor and what the plan says of the open file behind it."""
    def __init__(self, fd, role, pipe=None, plan=None, path=None):
        self.fd, self.role, self.pipe, self.plan, self.path = fd, role, pipe, plan, path


class Handle(Entry):
    """One descriptor that knows itself what must be so of it. `use` takes what can be taken only once: of all tasks that
    have it, one is asked to."""
    def __init__(self, fd, plan, label):
        super().__init__(fd, "handle", plan=plan)
        self.label = label

    def settle(self):
        """What is to stay as it is, once the tree stands."""

    def verify(self, problems):
        """Looks, and changes nothing."""

    def use(self, problems):
        """Takes."""

    def differs(self, problems, what, seen, want):
        if seen != want:
            problems.append("%s %s: %s is %r, not %r" % (type(self).__name__, self.label, what, seen, want))


def set_cloexec(fd, on):
    fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC if on else 0)


def place(fd, at):
    """Moves a descriptor to a number the plan asks for, if that is free."""
    if not at or at == fd:
        return fd
    try:
        os.fstat(at)
        return fd
    except OSError:
        flags = fcntl.fcntl(fd, fcntl.F_GETFD)
        os.dup2(fd, at, False)
        fcntl.fcntl(at, fcntl.F_SETFD, flags)
        os.close(fd)
        return at
