# SPDX-License-Identifier: Apache-2.0
# zygote.py - an interpreter that is ready and of which every task is a copy.
#
# Runs as `python3 -c` in a sandbox of its own, under the first process of pool_agent.c, whose socket is descriptor 0. A
# message brings five descriptors: the first process of a task's sandbox, its socket, the line that the code will come by, and
# the task's two outputs. The copy enters that sandbox, gives up everything, loads the filter, and waits.
# Should: read of a task no more than lengths and one descriptor, and that in the copy alone.
# Mustn't: leave a task anything of ours or of another's but memory that it may write its own copy of.
import _signal
import _socket
import atexit
import ctypes
import gc
import os
import resource
import select
import struct
import sys
import time

CLONE_NEWPID = 0x20000000
PR_SET_DUMPABLE, PR_SET_NAME, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 15, 24, 38
CAPABILITY_VERSION_3 = 0x20080522
SECCOMP_SET_MODE_FILTER = 1
TASK, ENDED = 9, 2  # enum init_word
CLD_EXITED, CLD_KILLED = 1, 2
MESSAGE = struct.Struct("=iiiiQQ")  # struct init_msg
FDS = struct.Struct("=5i")
FRAME = struct.Struct("=II")  # struct task_frame
OUT, ERR, LINE = 1, 2, 3
TASK_PID = 2  # of pool_agent.h
KILLED_WITHIN = 0.02  # seconds, else there is somebody left
ENDED_NAME = b"ended %d"  # FINISH_NAME of measure.h


class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


Module = type(sys)
# Not the modules with the plain names: what they load besides would be every copy's to carry.
libc = ctypes.CDLL(None, use_errno=True)
prctl = libc.prctl
prctl.argtypes = (ctypes.c_int,) + 4 * (ctypes.c_ulong,)
name_process = libc["prctl"]
name_process.argtypes = (ctypes.c_int, ctypes.c_char_p)
NO_CAPABILITIES = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()


def checked(result, what):
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"{what}: {os.strerror(errno)}")
    return result


def enter(sandbox, setup):
    checked(libc.setns(sandbox, setup.namespaces), "enter the task's namespaces")
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.closerange(LINE + 1, setup.descriptors)
    os.setsid()
    try:
        os.chdir(setup.cwd)
    except FileNotFoundError:
        os.makedirs(setup.cwd)
        os.chdir(setup.cwd)


def drop(limits):
    for kind, value in limits:
        resource.setrlimit(kind, (value, value))
    capability = 0
    while prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    checked(libc.capset(*NO_CAPABILITIES), "drop the capabilities")
    checked(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs")
    # It was taken away with the change of namespaces; a program that is started has it.
    checked(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "open /proc/self")


def scope():
    """Under the host's network: abstract sockets and processes of others, tasks among them, are out of reach (Landlock)."""
    attributes = (ctypes.c_uint64 * 3)(0, 0, 3)
    ruleset = checked(libc.syscall(444, attributes, 24, 0), "make a Landlock scope")
    checked(libc.syscall(446, ruleset, 0), "enter a Landlock scope")
    os.close(ruleset)


def reseed():
    """What would be alike in every copy. The hash seed is, until the pool makes a new zygote."""
    modules = sys.modules
    if "random" in modules:
        modules["random"].seed()
    if "numpy.random" in modules:
        modules["numpy.random"].seed()
    if "_ssl" in modules:
        modules["_ssl"].RAND_add(os.urandom(32), 32.0)


def receive(line):
    data, ancillary, _, _ = line.recvmsg(FRAME.size, _socket.CMSG_SPACE(4), _socket.MSG_WAITALL)
    if len(data) < FRAME.size:
        os._exit(0)  # nobody wants us any more
    for _, _, fds in ancillary:
        fd = struct.unpack("=i", fds[:4])[0]
        os.dup2(fd, 0)
        os.close(fd)
    parts = []
    for size in FRAME.unpack(data):
        part = bytearray(size)
        view = memoryview(part)
        while view:
            got = line.recv_into(view)
            if got == 0:
                os._exit(0)
            view = view[got:]
        parts.append(bytes(part))
    line.close()
    return parts


def execute(source):
    """The code as __main__; its exit status as the interpreter would have it."""
    main = Module("__main__")
    main.__builtins__ = sys.modules["builtins"]
    sys.modules["__main__"] = main
    try:
        exec(compile(source, "<string>", "exec", dont_inherit=True), main.__dict__)
    except SystemExit as e:
        if e.code is None:
            return 0
        if isinstance(e.code, int):
            return e.code & 0xFF
        print(e.code, file=sys.stderr)
        return 1
    except BaseException as e:
        trace = e.__traceback__.tb_next
        e.__traceback__ = trace
        sys.excepthook(type(e), e, trace)
        return -_signal.SIGINT if isinstance(e, KeyboardInterrupt) else 1
    return 0


def is_alone():
    """Whether the pool will take our word for our end: what children used only the end itself tells."""
    if os.getpid() != TASK_PID:
        return False
    try:
        os.waitpid(-1, os.WNOHANG)
        return False
    except ChildProcessError:
        return True


def finish(status):
    if "threading" in sys.modules:
        sys.modules["threading"]._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            status = status or 120
    if status < 0:
        _signal.signal(-status, _signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    if is_alone():
        # Our own end takes longer than most tasks: who waits for us hears of it before, looks what we used, and kills us.
        name_process(PR_SET_NAME, ENDED_NAME % (status & 0xFF))
        os.closerange(OUT, ERR + 1)
        time.sleep(KILLED_WITHIN)
    os._exit(status)


def rehearse():
    """A task's whole way but its end: the pages that any task writes are ours before one comes."""
    ours, theirs = _socket.socketpair()
    code = b"import sys\n"
    theirs.send(FRAME.pack(len(code), 0) + code)
    theirs.close()
    code, environment = receive(_socket.socket(fileno=ours.detach()))
    environment.split(b"\0")
    execute(code)
    execute(code)  # what it allocates now, it will the next time
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    is_alone()


def task(fds, setup):
    """One copy, to its end."""
    sandbox, _, line, out, err = fds
    # The line's number may be that of a standard stream's to be: above all that, first.
    line = os.dup(line) if line <= LINE else line
    os.dup2(err, ERR)
    os.dup2(out, OUT)
    os.dup2(line, LINE)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
    enter(sandbox, setup)
    drop(setup.limits)
    reseed()
    if setup.scoped:
        scope()
    gc.enable()
    line = _socket.socket(fileno=LINE)
    rehearse()
    checked(
        libc.syscall(setup.seccomp, SECCOMP_SET_MODE_FILTER, setup.flags, ctypes.byref(setup.filter)),
        "load the filter",
    )
    line.send(b"R")
    code, environment = receive(line)
    for pair in environment.split(b"\0")[:-1]:
        name, _, value = pair.partition(b"=")
        os.environb[name] = value
    sys.argv = ["-c"]
    finish(execute(code))


def share_text():
    """Fork copies no page tables of files that are mapped unwritten: each copy would find its text again, fault by fault. One
    page of each such mapping that is ours makes it copy them. What the host forbids stays slow."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        lines = [line.split() for line in maps]
    for area, access, _, device, *_ in lines:
        if access[0] != "r" or access[1] == "w" or access[3] != "p" or device == "00:00":
            continue
        begin, end = (int(n, 16) for n in area.split("-"))
        where, size, now = ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), 1 | 4 * (access[2] == "x")
        if libc.mprotect(where, size, now | 2) == 0:
            ctypes.memmove(begin, begin, 1)
            libc.mprotect(where, size, now)


def tell(fd, error):
    try:
        os.write(fd, f"{type(error).__name__}: {error}".encode())
    except OSError:
        pass  # nobody waits for it any more


class Setup:
    """What the pool says on our command line."""

    def __init__(self, words):
        self.seccomp, self.flags, self.namespaces = (int(w, 0) for w in words[:3])
        code = bytes.fromhex(words[3])
        self.filter = Filter(len(code) // 8, code)
        self.limits = [tuple(int(n) for n in w.split(":")) for w in words[4].split(",")]
        self.cwd = os.getcwd()
        self.descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.scoped = words[5] == "1"
        self.preload = [w for w in words[6].split(",") if w]


class Zygote:
    def __init__(self, words):
        self.setup = Setup(words)
        self.sock = _socket.socket(fileno=os.dup(0))
        os.dup2(os.open("/dev/null", os.O_RDWR), 0)
        self.tasks = {}
        for module in self.setup.preload:
            __import__(module)
        _signal.pthread_sigmask(_signal.SIG_BLOCK, (_signal.SIGCHLD,))
        full = (ctypes.c_ulong * 16)()
        full[0] = 1 << (_signal.SIGCHLD - 1)
        self.signals = checked(libc.signalfd(-1, full, os.O_CLOEXEC | os.O_NONBLOCK), "watch for ends")
        execute(b"import sys\n")  # its pages are then among those that are copied
        share_text()
        gc.collect()
        gc.disable()
        gc.freeze()

    def begin(self, fds):
        # Our children are born in the task's pid namespace from here on; we stay where we are.
        
        checked(libc.setns(fds[0], CLONE_NEWPID), "enter the task's pid namespace")
        pid = os.fork()
        if pid == 0:
            try:
                task(fds, self.setup)
            except BaseException as e:
                tell(ERR, e)
                os._exit(125)
        self.tasks[pid] = fds[1]
        return fds[0], fds[2], fds[3], fds[4]

    def hear(self):
        data, ancillary, _, _ = self.sock.recvmsg(MESSAGE.size, _socket.CMSG_SPACE(FDS.size))
        if len(data) < MESSAGE.size:
            os._exit(0)
        if MESSAGE.unpack(data)[0] != TASK or len(ancillary) != 1:
            return
        fds = FDS.unpack(ancillary[0][2])
        used = fds
        try:
            used = self.begin(fds)
        except OSError as e:  # the task's sandbox is gone already, or there is no process for it
            tell(fds[4], e)
        for fd in used:
            os.close(fd)

    def reap(self):
        try:
            os.read(self.signals, 4096)
        except BlockingIOError:
            pass
        while self.tasks:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            sock = self.tasks.pop(pid)
            cpu = int((used.ru_utime + used.ru_stime) * 1e6)
            how = (CLD_EXITED, status >> 8) if os.WIFEXITED(status) else (CLD_KILLED, os.WTERMSIG(status))
            message = MESSAGE.pack(ENDED, 0, *how, cpu, used.ru_maxrss * 1024)
            try:
                os.write(sock, message)
            except OSError:
                pass  # nobody waits for it
            os.close(sock)

    def serve(self):
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        poll.register(self.signals, select.POLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == self.signals:
                    self.reap()
                else:
                    self.hear()


Zygote(sys.argv[1:]).serve()
