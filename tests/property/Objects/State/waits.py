# One child in each call that can wait. MODE says whether what it waits for comes afterwards, or a signal.
import mmap, socket
libc = ctypes.CDLL(None, use_errno=True)
def file_of(n): return n.replace('/', '_') + '.got'
def call(number, *args):
    ctypes.set_errno(0)
    r = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    return r if r >= 0 else -ctypes.get_errno()
def spec(s): return (ctypes.c_long * 2)(int(s), 0)
def absolute(clock, s): return (ctypes.c_long * 2)(int(time.clock_gettime(clock)) + s, 0)
LONG = 4000
shared = mmap.mmap(-1, 4096); words = (ctypes.c_uint * 1024).from_buffer(shared)
kids = {}; trigger = {}; expect = {}
def buf(n=64): return ctypes.create_string_buffer(n)
def start(name, nr, prepare, go, due):
    # prepare() says what the child calls; go() lets that come which it waits for.
    state = prepare()
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGUSR2, lambda *_: None)
            r = state['call']()
            said(file_of(name), str(r))
        except BaseException: said(file_of(name), traceback.format_exc())
        os._exit(0)
    kids[name] = (pid, nr); trigger[name] = (go, state); expect[name] = due
def pipe_read():
    r, w = os.pipe(); b = buf()
    return dict(call=lambda: call(0, r, b, 8), w=w)
def wr(s): os.write(s['w'], b'12345678')
start('read pipe', 0, pipe_read, wr, 8)
def rt(kind=socket.AF_UNIX, opt=socket.SO_RCVTIMEO, seconds=LONG):
    a, c = socket.socketpair(kind)
    if seconds: a.setsockopt(socket.SOL_SOCKET, opt, struct.pack('qq', seconds, 0))
    return a, c
def recv(seconds):
    a, c = rt(seconds=seconds); b = buf()
    return dict(call=lambda: call(45, a.fileno(), b, 8, 0, 0, 0), w=c.fileno(), keep=(a, c))
start('recv', 45, lambda: recv(0), wr, 8)
start('recv timeo', 45, lambda: recv(LONG), wr, 8)
def rd_sock(seconds):
    a, c = rt(seconds=seconds); b = buf()
    return dict(call=lambda: call(0, a.fileno(), b, 8), w=c.fileno(), keep=(a, c))
start('read sock timeo', 0, lambda: rd_sock(LONG), wr, 8)
def tcp(seconds):
    l = socket.socket(); l.bind(('127.0.0.1', 0)); l.listen(); c = socket.create_connection(l.getsockname()); s, _ = l.accept(); l.close(); b = buf()
    if seconds: s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack('qq', seconds, 0))
    return dict(call=lambda: call(45, s.fileno(), b, 8, 0, 0, 0), w=c.fileno(), keep=(s, c))
start('tcp recv', 45, lambda: tcp(0), wr, 8)
start('tcp recv timeo', 45, lambda: tcp(LONG), wr, 8)
def full_sock(seconds):
    a, c = rt(opt=socket.SO_SNDTIMEO, seconds=seconds); a.setblocking(False)
    n = 0
    try:
        while True: n += a.send(b'x' * 1000)
    except BlockingIOError: pass
    a.setblocking(True)
    if seconds: a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack('qq', seconds, 0))
    return dict(call=lambda: call(44, a.fileno(), buf(1000), 1000, 0, 0, 0), n=n, c=c, keep=a)
def drain(s):
    n = 0
    while n < s['n']: n += len(s['c'].recv(65536))
start('send', 44, lambda: full_sock(0), drain, 1000)
start('send timeo', 44, lambda: full_sock(LONG), drain, 1000)
def full_pipe():
    r, w = os.pipe(); os.set_blocking(w, False); n = 0
    try:
        while True: n += os.write(w, b'x' * 4096)
    except BlockingIOError: pass
    os.set_blocking(w, True)
    return dict(call=lambda: call(1, w, buf(4096), 4096), r=r, n=n)
def drain_pipe(s):
    n = 0
    while n < s['n']: n += len(os.read(s['r'], 65536))
start('write pipe', 1, full_pipe, drain_pipe, 4096)
def accept(seconds):
    l = socket.socket(socket.AF_UNIX); n = 's%d%d' % (seconds, os.getpid()); l.bind(n); l.listen()
    if seconds: l.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack('qq', seconds, 0))
    return dict(call=lambda: min(1, call(43, l.fileno(), 0, 0)), n=n, keep=l)
def conn(s): c = socket.socket(socket.AF_UNIX); c.connect(s['n']); s['c'] = c
start('accept', 43, lambda: accept(0), conn, 1)
start('accept timeo', 43, lambda: accept(LONG), conn, 1)
def epoll(nr, timeout):
    r, w = os.pipe(); e = select.epoll(); e.register(r, select.EPOLLIN); b = buf(120)
    if nr == 441: f = lambda: call(441, e.fileno(), b, 10, spec(timeout) if timeout >= 0 else None, None, 8)
    elif nr == 281: f = lambda: call(281, e.fileno(), b, 10, timeout, None, 8)
    else: f = lambda: call(232, e.fileno(), b, 10, timeout)
    return dict(call=f, w=w, keep=(e, r))
for nr, n in ((232, 'wait'), (281, 'pwait'), (441, 'pwait2')):
    start('epoll_%s forever' % n, nr, lambda nr=nr: epoll(nr, -1), wr, 1)
    start('epoll_%s' % n, nr, lambda nr=nr: epoll(nr, LONG * (1 if nr == 441 else 1000)), wr, 1)
def poll(nr, timeout, mask=None):
    r, w = os.pipe(); b = ctypes.create_string_buffer(struct.pack('ihh', r, 1, 0))
    if nr == 7: f = lambda: call(7, b, 1, timeout)
    else: f = lambda: call(271, b, 1, spec(timeout) if timeout >= 0 else None, mask, 8)
    return dict(call=f, w=w, r=r)
start('poll forever', 7, lambda: poll(7, -1), wr, 1)
start('poll', 7, lambda: poll(7, LONG * 1000), wr, 1)
start('ppoll forever', 271, lambda: poll(271, -1), wr, 1)
start('ppoll mask', 271, lambda: poll(271, LONG, ctypes.byref(ctypes.c_ulong(1 << 40))), wr, 1)
def sel(nr):
    r, w = os.pipe(); s = (ctypes.c_ulong * 16)(); s[r // 64] |= 1 << (r % 64)
    mask = ctypes.c_ulong(1 << 41); arg = (ctypes.c_ulong * 2)(ctypes.addressof(mask), 8)
    f = (lambda: call(23, r + 1, s, None, None, spec(LONG))) if nr == 23 else (lambda: call(270, r + 1, s, None, None, spec(LONG), arg))
    return dict(call=f, w=w, r=r, keep=mask)
start('select', 23, lambda: sel(23), wr, 1)
start('pselect mask', 270, lambda: sel(270), wr, 1)
def sig(n):
    return lambda s: os.kill(kids[n][0], signal.SIGRTMIN + 3)
def block_rt(): signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN + 3])
M = ctypes.c_ulong(1 << (37 - 1))
def timedwait(s):
    def f(): block_rt(); return call(128, ctypes.byref(M), None, spec(s) if s else None, 8)
    return dict(call=f)
start('sigtimedwait', 128, lambda: timedwait(LONG), sig('sigtimedwait'), 37)
start('sigwaitinfo', 128, lambda: timedwait(0), sig('sigwaitinfo'), 37)
start('pause', 34, lambda: dict(call=lambda: call(34)), lambda s: os.kill(kids['pause'][0], signal.SIGUSR2), -4)
def suspend():
    def f():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, 40]); r = call(130, ctypes.byref(ctypes.c_ulong(1 << 45)), 8)
        m = signal.pthread_sigmask(signal.SIG_BLOCK, []); return r if {signal.SIGUSR2, 40} <= m and 46 not in m else ('mask', m)
    return dict(call=f)
start('sigsuspend', 130, suspend, lambda s: os.kill(kids['sigsuspend'][0], signal.SIGUSR2), -4)
def waits(nr):
    r, w = os.pipe()
    def f():
        p = os.fork()
        if p == 0: os.read(r, 1); os._exit(3)
        if nr == 61: x = call(61, -1, None, 0, None); return True if x == p else x
        if nr == 247: return call(247, 1, p, None, 4, None)
        fd = os.pidfd_open(p); return call(247, 3, fd, None, 4, None)
    return dict(call=f, w=w)
start('wait4', 61, lambda: waits(61), wr, True)
start('waitid', 247, lambda: waits(247), wr, 0)
start('waitid pidfd', 247, lambda: waits(0), wr, 0)
def lock(how):
    n = 'lock' + how; fd = os.open(n, os.O_RDWR | os.O_CREAT)
    if how == 'flock': fcntl.flock(fd, fcntl.LOCK_EX); f = lambda: call(73, os.open(n, os.O_RDWR), 2)
    elif how == 'posix': fcntl.lockf(fd, fcntl.LOCK_EX); f = lambda: call(72, os.open(n, os.O_RDWR), 7, struct.pack('hhqqi4x', 1, 0, 0, 0, 0))
    else: fcntl.fcntl(fd, 37, struct.pack('hhqqi4x', 1, 0, 0, 0, 0)); f = lambda: call(72, os.open(n, os.O_RDWR), 38, struct.pack('hhqqi4x', 1, 0, 0, 0, 0))
    return dict(call=f, fd=fd)
start('flock', 73, lambda: lock('flock'), lambda s: fcntl.flock(s['fd'], fcntl.LOCK_UN), 0)
start('F_SETLKW', 72, lambda: lock('posix'), lambda s: fcntl.lockf(s['fd'], fcntl.LOCK_UN), 0)
start('F_OFD_SETLKW', 72, lambda: lock('ofd'), lambda s: fcntl.fcntl(s['fd'], 37, struct.pack('hhqqi4x', 2, 0, 0, 0, 0)), 0)
def mq(timeout):
    # struct mq_attr: flags, messages at most, bytes of each. Without a name nothing is left of it whatever happens.
    n = b'cr-waits-%d' % os.getpid(); q = call(240, n, os.O_RDWR | os.O_CREAT, 0o600, (ctypes.c_long * 8)(0, 1, 16)); call(241, n); b = buf(16)
    return dict(call=lambda: call(243, q, b, 16, None, absolute(0, timeout) if timeout else None), q=q)
start('mq_timedreceive', 243, lambda: mq(LONG), lambda s: call(242, s['q'], b'abc', 3, 0, None), 3)
start('mq_receive', 243, lambda: mq(0), lambda s: call(242, s['q'], b'abc', 3, 0, None), 3)
def aio():
    ctx = ctypes.c_ulong(0); ev = buf(64)
    def f():
        same(call(206, 8, ctypes.byref(ctx)), 0); return call(208, ctypes.c_ulong(ctx.value), 1, 1, ev, spec(LONG))
    return dict(call=f)
start('io_getevents', 208, aio, None, None)
def futex(op, timeout, val3=-1):
    i = len(kids); words[i] = 5; a = ctypes.addressof(words) + 4 * i
    return dict(call=lambda: call(202, a, op, 5, timeout() if timeout else None, None, val3), a=a, i=i)
def wake(s):
    # Who is in the call need not be in the queue yet.
    woken = lambda: call(202, s['a'], 1, 1, None, None, 0) == 1
    for _ in range(2000):
        if woken(): return
        time.sleep(.01)
    assert False, 'nobody to wake'
start('futex', 202, lambda: futex(0, None), wake, 0)
start('futex timeout', 202, lambda: futex(0, lambda: spec(LONG)), wake, 0)
start('futex bitset abs', 202, lambda: futex(9, lambda: absolute(1, LONG)), wake, 0)
start('futex bitset abs realtime', 202, lambda: futex(9 | 256, lambda: absolute(0, LONG)), wake, 0)
def waitv(t):
    i = len(kids); words[i] = 5; a = ctypes.addressof(words) + 4 * i; v = struct.pack('QQII', 5, a, 2, 0)
    return dict(call=lambda: call(449, v, 1, 0, absolute(1, t) if t else None, 1), a=a, i=i)
start('futex_waitv', 449, lambda: waitv(0), wake, 0)
start('futex_waitv abs', 449, lambda: waitv(LONG), wake, 0)
def pi():
    i = len(kids); words[i] = os.getpid(); a = ctypes.addressof(words) + 4 * i
    return dict(call=lambda: call(202, a, 6, 0, absolute(0, LONG), None, 0), a=a, i=i)
start('futex lock pi', 202, pi, lambda s: same(call(202, s['a'], 7, 0, None, None, 0), 0), 0)
def fd_read(fd, n=8): b = buf(4096); return lambda: call(0, fd, b, n)
def evfd(): e = os.eventfd(0); return dict(call=fd_read(e), e=e)
start('eventfd', 0, evfd, lambda s: os.eventfd_write(s['e'], 3), 8)
def evfd_full(): e = os.eventfd(0); os.eventfd_write(e, 2**64 - 2); return dict(call=lambda: call(1, e, struct.pack('Q', 5), 8), e=e)
start('eventfd write', 1, evfd_full, lambda s: os.eventfd_read(s['e']), 8)
def tfd(): t = call(283, 1, 0); same(call(286, t, 0, (ctypes.c_long * 4)(0, 0, LONG, 0), None), 0); return dict(call=fd_read(t), t=t)
start('timerfd', 0, tfd, lambda s: call(286, s['t'], 0, (ctypes.c_long * 4)(0, 0, 0, 1), None), 8)
def ino():
    os.mkdir('ino'); i = call(294, 0); call(254, i, b'ino', 0x100); b = buf(4096)
    def f(): r = call(0, i, b, 4096); return 1 if r > 0 else r
    return dict(call=f)
start('inotify', 0, ino, lambda s: open('ino/made', 'w').close(), 1)
def sfd():
    def f(): block_rt(); s = call(289, -1, ctypes.byref(M), 8, 0); b = buf(128); return call(0, s, b, 128)
    return dict(call=f)
start('signalfd', 0, sfd, sig('signalfd'), 128)
start('nanosleep', 35, lambda: dict(call=lambda: call(35, spec(LONG), None)), None, None)
start('nanosleep rem', 35, lambda: dict(call=lambda: call(35, spec(LONG), spec(0))), None, None)
start('clock_nanosleep abs', 230, lambda: dict(call=lambda: call(230, 0, 1, absolute(0, LONG), None)), None, None)
start('clock_nanosleep rel', 230, lambda: dict(call=lambda: call(230, 7, 0, spec(LONG), None)), None, None)
def fifo():
    n = 'fifo'; os.mkfifo(n); return dict(call=lambda: min(1, call(2, n.encode(), 0)), n=n)
start('open fifo', 2, fifo, lambda s: os.close(os.open(s['n'], os.O_WRONLY)), 1)
def splice():
    r, w = os.pipe(); r2, w2 = os.pipe(); return dict(call=lambda: call(275, r, None, w2, None, 8, 0), w=w, keep=r2)
start('splice', 275, splice, wr, 8)
def tee():
    r, w = os.pipe(); r2, w2 = os.pipe(); return dict(call=lambda: call(276, r, w2, 8, 0), w=w, keep=r2)
start('tee', 276, tee, wr, 8)
def sendfile():
    f = os.open('/etc/passwd', 0)
    r, wfd = os.pipe(); os.set_blocking(wfd, False); n = 0
    try:
        while True: n += os.write(wfd, b'x' * 4096)
    except BlockingIOError: pass
    os.set_blocking(wfd, True)
    return dict(call=lambda: call(40, wfd, f, None, 100), r=r, n=n)
start('sendfile', 40, sendfile, drain_pipe, 100)
def readv(): r, w = os.pipe(); b = buf(); v = struct.pack('QQ', ctypes.addressof(b), 8); return dict(call=lambda: call(19, r, v, 1), w=w, keep=b)
start('readv', 19, readv, wr, 8)
def recvmsg(nr):
    a, c = rt(seconds=LONG); b = buf(); v = ctypes.create_string_buffer(struct.pack('QQ', ctypes.addressof(b), 8)); m = ctypes.create_string_buffer(struct.pack('QIxxxxQQQQiI', 0, 0, ctypes.addressof(v), 1, 0, 0, 0, 0) + bytes(8))
    f = (lambda: call(47, a.fileno(), m, 0)) if nr == 47 else (lambda: call(299, a.fileno(), m, 1, 0, spec(LONG)))
    return dict(call=f, w=c.fileno(), keep=(a, c, b, v))
start('recvmsg timeo', 47, lambda: recvmsg(47), wr, 8)
start('recvmmsg', 299, lambda: recvmsg(299), wr, 1)
def in_call(pid):
    try: return open('/proc/%d/syscall' % pid).read().split()[0]
    except OSError: return 'gone'
def ended(): return {n: open(file_of(n)).read() for n in kids if os.path.exists(file_of(n))}
def until(met):
    for _ in range(3000):
        if met(): return
        time.sleep(.01)
def away(): return {n: (in_call(p), ended().get(n)) for n, (p, nr) in kids.items() if in_call(p) not in (str(nr), '219')}
until(lambda: not away() or ended())
assert not away(), away()
wait()
# A socket that was full may take some bytes more than before.
sent = {n for n in kids if n.startswith('send')}
until(lambda: set(away()) <= sent or set(ended()) - sent)
assert set(away()) <= sent, away()
wrong = {}
if MODE == 'signal':
    # Who makes robust or priority inheriting futexes wait on is the kernel, whatever handler ran.
    due = set(kids) - sent - {'futex lock pi'}
    for n in due: os.kill(kids[n][0], signal.SIGUSR2)
    until(lambda: due <= set(ended()))
    wrong = {n: (ended().get(n), in_call(kids[n][0])) for n in due if ended().get(n) != '-4'}
else:
    due = {n for n, (go, _) in trigger.items() if go}
    for n in due: trigger[n][0](trigger[n][1])
    until(lambda: due <= set(ended()))
    wrong = {n: (ended().get(n), in_call(kids[n][0])) for n in due if ended().get(n) != str(expect[n])}
for p, _ in kids.values():
    try: os.kill(p, 9)
    except OSError: pass
assert not wrong, wrong
