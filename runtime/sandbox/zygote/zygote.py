# SPDX-License-Identifier: Apache-2.0
# zygote.py - an interpreter that is ready and of which every task is a copy.
#
# Runs as `python3 -c` in a sandbox of its own, under the first process of pool_agent.c, whose socket is descriptor 0. By that
# come first the native part, which forks and does all but Python (zygote.c, copy.c), and what it is to do (setup.h).
# Should: do little between a fork and its task's code, as each object that is looked at is written to (its count), and each
# page that is written to is copied.
# Mustn't: leave a task anything of ours or of another's but memory that it may write its own copy of.
import _imp
import atexit
import gc
import io
import os
import sys

MFD_CLOEXEC, MFD_EXEC = 1, 16
NATIVE_MAX = 1 << 20


def memory_file():
    try:
        return os.memfd_create("zygote", MFD_CLOEXEC | MFD_EXEC)
    except OSError:  # Linux before 6.3
        return os.memfd_create("zygote", MFD_CLOEXEC)


def load_native(sock):
    if "t" in sys.abiflags:
        raise RuntimeError("a pool needs an interpreter with a global lock, and this one was built without")
    fd = memory_file()
    os.write(fd, os.read(sock, NATIVE_MAX))
    native = _imp.create_dynamic(type(os.__spec__)("zygote", None, origin=f"/proc/self/fd/{fd}"))
    os.close(fd)
    del sys.modules["zygote"]  # no task imports it
    return native


ALIKE = ("random", "numpy.random", "_ssl")


def reseed():
    """What would be alike in every copy. The hash seed is, until the pool makes a new zygote."""
    modules = sys.modules
    if "random" in modules:
        modules["random"].seed()
    if "numpy.random" in modules:
        modules["numpy.random"].seed()
    if "_ssl" in modules:
        modules["_ssl"].RAND_add(os.urandom(32), 32.0)


def set_variables(pairs):
    for pair in pairs.split(b"\0")[:-1]:
        name, _, value = pair.partition(b"=")
        os.environb[name] = value


class Whole(io.FileIO):
    """Without a buffer (PYTHONUNBUFFERED), of a write that a signal stops the interpreter's text streams lose what was left; and a
    task whose processor time is limited is stopped."""

    def write(self, data):
        view, at = memoryview(data).cast("B"), 0
        while at < len(view):
            n = super().write(view[at:])
            if n is None:  # it does not block: as much as there was room for
                return at or None
            at += n
        return at


Whole.__name__, Whole.__qualname__, Whole.__module__ = "FileIO", "FileIO", "_io"  # as a program prints it


def write_whole(name, fd):
    old = getattr(sys, name)
    if not old or not isinstance(old.buffer, io.FileIO):
        return
    raw = Whole(fd, "wb", closefd=False)
    raw.name = old.name
    new = io.TextIOWrapper(raw, encoding=old.encoding, errors=old.errors, newline="\n", line_buffering=old.line_buffering, write_through=True)
    new.mode = old.mode
    setattr(sys, name, new)
    setattr(sys, f"__{name}__", new)


def forget_source():
    """Since 3.13 our own lines are taken for those of a task's <string>."""
    if "linecache" in sys.modules:
        sys.modules["linecache"].clearcache()


def main(preload):
    native = load_native(0)
    native.begin(0)
    os.dup2(os.open("/dev/null", os.O_RDWR), 0)
    for module in preload.split(","):
        if module:
            __import__(module)
    forget_source()
    write_whole("stdout", 1)
    write_whole("stderr", 2)
    native.rehearse(compile)  # the pages of text that it needs are then among those that are copied
    native.share_text()
    again = reseed if any(name in sys.modules for name in ALIKE) else None
    sys.argv = ["-c"]
    gc.collect()
    gc.freeze()
    native.serve(compile, again, set_variables, atexit._run_exitfuncs)


main(sys.argv[1])
