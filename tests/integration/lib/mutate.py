#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""mutate - changes one thing in a bundle, asks verify, and puts it back; ROUNDS times.

    mutate.py PROGRAM BUNDLE-DIRECTORY ROUNDS

Every change must be found and its path named.  The last line says how many were; exit status 1 if one was not.
"""
import os
import random
import stat
import subprocess
import sys

PROGRAM, TOP, ROUNDS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), int(sys.argv[3])
ROOT = TOP + "/rootfs"


def nodes():
    out = []
    for where, dirs, files in os.walk(ROOT):
        out += [os.path.join(where, n) for n in dirs + files]
    return sorted(out)


def is_file(path):
    return stat.S_ISREG(os.lstat(path).st_mode)


class Kept:
    """A path's times and mode, and its directory's times, put back at the end."""

    def __init__(self, path):
        self.path, self.old, self.parent = path, os.lstat(path), os.path.dirname(path)
        self.above = os.stat(self.parent)

    def restore(self):
        st = self.old
        if stat.S_ISLNK(st.st_mode):
            os.utime(self.path, ns=(st.st_atime_ns, st.st_mtime_ns), follow_symlinks=False)
        else:
            os.chmod(self.path, stat.S_IMODE(st.st_mode))
            os.utime(self.path, ns=(st.st_atime_ns, st.st_mtime_ns))
        os.utime(self.parent, ns=(self.above.st_atime_ns, self.above.st_mtime_ns))


def verify(path):
    said = subprocess.run([PROGRAM, "verify", TOP + "/", "--full"], capture_output=True, text=True)
    shown = "".join(c if 0x20 < ord(c) < 0x7f and c != "\\" else "".join("\\%03o" % b for b in c.encode("utf-8", "surrogateescape"))
                    for c in path[len(ROOT):] or "/")
    return said.returncode == 1 and shown + ": " in said.stdout, said.stdout + said.stderr


def flip(r, path):
    with open(path, "r+b") as f:
        at = r.randrange(os.path.getsize(path))
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ (1 << r.randrange(8))]))
    return lambda: restore_byte(path, at, byte)


def restore_byte(path, at, byte):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(byte)


def one(r, kind, path):
    """Changes it, with times as they were, so that only the change itself can be found; how to undo it, and what to look for."""
    kept, look = Kept(path), path
    if kind == "byte":
        undo = flip(r, path)
    elif kind == "mode":
        mode = stat.S_IMODE(kept.old.st_mode) ^ (1 << r.choice([0, 1, 3, 4, 9]))
        os.chmod(path, mode)
        undo = lambda: None  # noqa: E731
        return kept, undo, look
    elif kind == "mtime":
        os.utime(path, ns=(0, r.randrange(1, 1 << 60)), follow_symlinks=False)
        return kept, lambda: None, look
    elif kind == "size":
        size = os.path.getsize(path)
        os.truncate(path, size + 1)
        undo = lambda: os.truncate(path, size)  # noqa: E731
    elif kind == "xattr":
        os.setxattr(path, "user.added", b"x")
        undo = lambda: os.removexattr(path, "user.added")  # noqa: E731
    elif kind == "extra":
        look = os.path.join(kept.parent, "zz-extra-%d" % r.randrange(1000))
        open(look, "w").close()
        undo = lambda: os.unlink(look)  # noqa: E731
    elif kind == "missing":
        aside = TOP + "/aside"
        os.rename(path, aside)
        os.utime(kept.parent, ns=(kept.above.st_atime_ns, kept.above.st_mtime_ns))
        return kept, lambda: os.rename(aside, path), look
    else:  # a symlink whose target is another
        target = os.readlink(path)
        os.unlink(path)
        os.symlink(target + "x", path)

        def undo():
            os.unlink(path)
            os.symlink(target, path)
    st = kept.old
    os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns), follow_symlinks=False)
    os.utime(kept.parent, ns=(kept.above.st_atime_ns, kept.above.st_mtime_ns))
    return kept, undo, look


def main():
    r, all_, found = random.Random(1), nodes(), 0
    links = [p for p in all_ if os.path.islink(p)]
    files = [p for p in all_ if is_file(p)]
    full = [p for p in files if os.path.getsize(p)]
    solid = [p for p in all_ if not os.path.islink(p)]
    pools = {"byte": full, "mode": solid, "mtime": all_, "size": files, "xattr": solid, "extra": all_, "missing": files + links, "link": links}
    for i in range(ROUNDS):
        kind = list(pools)[i % len(pools)]
        path = r.choice(pools[kind])
        kept, undo, look = one(r, kind, path)
        good, said = verify(look)
        undo()
        kept.restore()
        found += good
        if not good:
            print(f"{kind} of {look} was not found: {said}")
    said = subprocess.run([PROGRAM, "verify", TOP + "/", "--full", "-q"])
    if said.returncode != 0:
        print("something was not put back")
        found = -1
    print(f"{found} of {ROUNDS} found")
    sys.exit(found != ROUNDS)


main()
