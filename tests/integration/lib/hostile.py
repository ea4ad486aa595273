#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""hostile - archives and images that attack whoever unpacks them, and what has to come of each.

    hostile.py PROGRAM WORK [PATTERN]

Every case is made in each format that can hold it, given to `PROGRAM build`, and judged: the exit
status and the words of the table, nothing changed outside of the destination, the destination there
or not as the verdict says, no set-id bit, device or attribute in it, within 5 s and 96 MiB.  One
line a failure, one with the counts; exit status 1 if one failed.
"""
import gzip
import os
import pathlib
import resource
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import time
import warnings
import zlib

import hostile_bytes as by
from hostile_formats import (
    BLK, CHR, FIFO, FORMATS, INDEX, LAYER, Layout, MANIFEST, SOCK, ar_bytes, d, deb_bytes, docker_bytes, f, h, s, sha,
    tar_bytes, x, zip_bytes,
)

PROGRAM, WORK = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
PATTERN = sys.argv[3] if len(sys.argv) > 3 else ""
warnings.simplefilter("ignore")  # names twice are the point
SECONDS, BYTES = 5, 96 << 20
SLOW = os.environ.get("HOSTILE_SLOW")  # under sanitizers: neither bound counts
QUICK = int(os.environ.get("HOSTILE_QUICK", "0"))  # 1 or 2: every other case, in one of its formats

# --- the table: name, entries, exit status, words of the error, more ---------------------------------------------------

OK, USAGE, HOSTILE, DAMAGED, SYSTEM = 0, 2, 3, 4, 5
OUT = WORK + "/outside"
UP = "../" * 30
CASES = []


def case(name, entries, status, words="", formats=None, flags=(), **more):
    CASES.append(dict(name=name, entries=entries, status=status, words=words, formats=formats or list(FORMATS),
                      flags=list(flags), **more))


def raw(name, data, status, words="", suffix="bin", flags=(), **more):
    CASES.append(dict(name=name, raw=data, status=status, words=words, formats=[suffix], flags=list(flags), **more))


TARS = ["tar", "ustar", "gnu", "tar.gz", "deb", "oci", "docker-archive"]
PAX = ["tar", "tar.gz", "deb", "oci", "docker-archive"]

# names
DOTS = 'its name holds ".."'
case("up", [f("../x")], HOSTILE, DOTS)
case("far up", [f(UP + OUT[1:] + "/x")], HOSTILE, DOTS)
case("up in the middle", [f("a/../../x")], HOSTILE, DOTS)
case("up at the end", [f("a/..")], HOSTILE, DOTS, formats=["tar", "cpio", "deb", "oci"])
case("only up", [d("..")], HOSTILE, DOTS)
case("dot and up", [f("./../x")], HOSTILE, DOTS)
case("up behind a good file", [f("good"), f("../x")], HOSTILE, DOTS)
case("absolute", [f(OUT + "/x")], OK)
case("absolute with slashes", [f("///" + OUT[1:] + "//x")], OK)
case("the root as a file", [f("./")], HOSTILE, "in the place of the root", formats=["cpio"])
case("the root as a symlink", [s(".", OUT)], HOSTILE, "in the place of the root")
case("a component too long", [f("n" * 256)], HOSTILE, "255 is the most", formats=["tar", "cpio", "zip", "deb", "oci"])
case("a path too long", [f("/".join(["d" * 200] * 25))], HOSTILE, "4095 is the most", formats=["tar", "gnu", "cpio", "zip"])
case("too deep", [f("/".join(["d"] * 200))], HOSTILE, "deeper than 128", formats=["tar", "gnu", "cpio", "zip", "deb", "oci"])
case("a line break in a name", [f("a\nb: c")], OK)
case("an escape sequence in a name", [f("\x1b[2Jx")], OK)
case("a forged log line", [f("a\nsrt-oci bundle: fine/../x")], HOSTILE, DOTS)
case("bytes that are no UTF-8", [f("\udcff\udcfe")], OK, formats=["ustar", "gnu", "cpio"])
case("a backslash", [f("a\\..\\b")], OK, formats=TARS + ["cpio"])
case("a backslash in zip", [f("a\\..\\b")], HOSTILE, "backslash", formats=["zip"])
case("names that differ in case", [f("a", b"1"), f("A", b"2")], OK)
case("the same name twice", [f("a", b"1"), f("a", b"2")], OK, inside={"a": b"2"})
case("a directory twice", [d("a"), f("a/x"), d("a")], OK)
case("a whiteout's name in no layer", [f(".wh.x")], OK, formats=["tar", "cpio", "zip", "deb"], inside={".wh.x": b"x"})

# symlinks
case("through an absolute symlink", [s("l", OUT), f("l/x")], OK)
case("through a symlink up", [s("l", UP + OUT[1:]), f("l/x")], OK)
case("through two symlinks", [s("a", OUT), s("b", "a"), f("b/x")], OK)
case("through a symlink in a symlink's way", [d("d"), s("d/l", UP), s("m", "d/l" + OUT), f("m/x")], OK)
case("symlinks in a circle", [s("a", "b"), s("b", "a"), f("a/x")], HOSTILE, "more than 40 symlinks")
case("a symlink to itself", [s("a", "a"), f("a/x")], HOSTILE, "more than 40 symlinks")
case("a symlink that grows", [s("a", "a/a/a/a"), f("a/x")], HOSTILE, "more than 40 symlinks")
case("a symlink over a full directory", [d("d"), f("d/x"), s("d", OUT), f("d/y")], HOSTILE, "not empty")
case("a symlink over an empty directory", [d("d"), s("d", OUT), f("d/x")], OK)
case("a file over a full directory", [d("d"), f("d/x"), f("d")], HOSTILE, "not empty")
case("a file below a file", [f("a"), f("a/x")], HOSTILE, 'its parent "a" is a file')
case("a directory over a symlink", [s("d", OUT), d("d"), f("d/x")], OK)
case("a file over a symlink", [s("a", OUT + "/canary"), f("a", b"hit")], OK, inside={"a": b"hit"})
case("a long target", [s("a", "t" * 5000)], HOSTILE, "more than 4095 bytes", formats=["tar", "gnu", "deb", "oci", "cpio"])
case("an empty target", [s("a", "")], DAMAGED, "a link whose target is no text", formats=["tar", "ustar", "gnu", "deb"])
case("a symlink to proc", [s("a", "/proc/self/root"), f("a/" + OUT[1:] + "/x")], OK)

# hard links
LINK = "which is no earlier file of the archive"
case("a hard link out", [h("a", OUT + "/canary")], HOSTILE, LINK, formats=TARS)
case("a hard link up", [h("a", UP + OUT[1:] + "/canary")], HOSTILE, LINK, formats=TARS)
case("a hard link to nothing", [h("a", "b")], HOSTILE, LINK, formats=TARS)
case("a hard link to a directory", [d("d"), h("a", "d")], HOSTILE, LINK, formats=TARS)
case("a hard link to itself", [h("a", "a")], HOSTILE, LINK, formats=TARS)
case("a hard link to a later file", [h("a", "b"), f("b")], HOSTILE, LINK, formats=TARS)
case("a hard link to a symlink, written through", [s("l", OUT + "/canary"), h("m", "l"), f("m", b"hit")], OK, formats=TARS)
case("a hard link over a symlinked parent", [s("l", OUT), f("x"), h("l/y", "x")], OK, formats=TARS)
case("hard links to links", [f("a"), h("b", "a"), h("c", "b"), f("c", b"new")], OK, formats=TARS, inside={"a": b"x", "c": b"new"})

# kinds and modes
for kind in (CHR, BLK, FIFO, SOCK):
    forms = ["cpio"] if kind == SOCK else TARS + ["cpio"]
    case(f"a {kind}", [x(kind, "dev/n")], OK, formats=forms)
    case(f"a {kind}, refused", [x(kind, "dev/n")], HOSTILE, "--devices=refuse", formats=forms, flags=["--devices=refuse"])
case("a file over a device", [x(CHR, "a"), f("a")], OK, formats=TARS + ["cpio"])
case("set-user-id", [f("a", mode=0o4755)], OK)
case("set-group-id", [f("a", mode=0o2755)], OK)
case("set-id, refused", [f("a", mode=0o6755)], HOSTILE, "--setid=refuse", flags=["--setid=refuse"])
case("a set-group-id directory", [d("a", mode=0o2775)], OK)
case("no permissions", [d("d", mode=0), f("d/a", mode=0)], OK)

# attributes
for name in ("user.overlay.redirect", "user.overlay.metacopy", "user.overlay.opaque", "user.containers.override_stat",
             "trusted.overlay.opaque", "security.capability", "system.posix_acl_access", "user.plain"):
    case("attribute " + name, [f("a", pax={"SCHILY.xattr." + name: "/../x"})], OK, formats=PAX)
case("attributes without end", [f("a", pax={"SCHILY.xattr.user.a": "v" * 100000})], HOSTILE, "--max-xattrs", formats=PAX)

# headers
case("a pax name over a good one", [f("good", pax={"path": "../x"})], HOSTILE, DOTS, formats=PAX)
case("a pax target over a good one", [{**h("a", "b"), "pax": {"linkpath": OUT + "/canary"}}], HOSTILE, LINK, formats=PAX)
case("a pax size over the true one", [f("a", b"y" * 512, pax={"size": str(1 << 42)}), f("b")], DAMAGED, "damaged",
     formats=["tar"], statuses=[HOSTILE, DAMAGED])
case("a sparse terabyte", [f("a", b"0\n".ljust(512, b"\0"), pax={
    "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a", "GNU.sparse.realsize": str(1 << 40)})],
    HOSTILE, "--max-file", formats=PAX)
case("a sparse name up", [f("a", b"0\n".ljust(512, b"\0"), pax={
    "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "../x", "GNU.sparse.realsize": "512"})],
    HOSTILE, DOTS, formats=PAX)
case("a header of two megabytes", [f("a", pax={"comment": "c" * (2 << 20)})], HOSTILE, "",
     formats=["tar"], statuses=[HOSTILE, DAMAGED])
PLAIN = tar_bytes([f("a", b"hello"), f("b", b"there")])
raw("a damaged checksum", PLAIN[:2] + b"Z" + PLAIN[3:], DAMAGED, "damaged", "tar")
raw("cut in the header", PLAIN[:300], DAMAGED, "damaged", "tar")
raw("cut in the content", tar_bytes([f("a", b"q" * 9000)])[:5000], DAMAGED, "damaged", "tar")
raw("a negative size", PLAIN[:124] + b"\xff" * 12 + PLAIN[136:148] + b"        " + PLAIN[156:], DAMAGED, "damaged", "tar")
raw("noise", bytes(range(1, 256)) * 40, DAMAGED, "damaged")
raw("nothing", b"", USAGE, "empty")
raw("a second archive behind the first", PLAIN + tar_bytes([f("../x")]), OK, "", "tar")
raw("noise behind an archive", PLAIN + b"\xff" * 1024, OK, "", "tar")
raw("a cut gzip", gzip.compress(PLAIN * 50)[:-20], DAMAGED, "damaged", "gz", statuses=[DAMAGED, OK])
raw("a gzip of noise", gzip.compress(os.urandom(4096)), DAMAGED, "damaged", "gz")

# bombs
ZEROS = 300 << 20
RATIO = "more than 200 times its size (--max-ratio)"


def gz_bomb():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = tarfile.TarInfo("bomb")
    head.size = ZEROS
    out = packer.compress(head.tobuf())
    for _ in range(ZEROS >> 20):
        out += packer.compress(b"\0" * (1 << 20))
    return out + packer.flush()


def by_tool(tool):
    """Through a pipe: what this program holds counts for its children, too."""
    head = tarfile.TarInfo("bomb")
    head.size = ZEROS
    pathlib.Path(WORK, "head").write_bytes(head.tobuf())
    return subprocess.run(["sh", "-c", f'(cat head; head -c {ZEROS} /dev/zero) | {tool} -c'], cwd=WORK,
                          stdout=subprocess.PIPE, check=True).stdout


def packed_by(tool, data):
    return subprocess.run([tool, "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def flip(data, at):
    out = bytearray(data)
    out[at] ^= 1
    return bytes(out)


raw("a gzip bomb", gz_bomb, HOSTILE, RATIO, "gz")
raw("a zstd bomb", lambda: by_tool("zstd"), HOSTILE, RATIO, "zst")
raw("a bzip2 bomb", lambda: by_tool("bzip2"), HOSTILE, RATIO, "bz2")
raw("an xz bomb", lambda: by_tool("xz"), HOSTILE, RATIO, "xz")
raw("a bomb in a bomb", lambda: gzip.compress(gz_bomb()), DAMAGED, "", "gz", statuses=[DAMAGED, HOSTILE])
case("a file over its bound", [f("a", b"y" * 5000)], HOSTILE, "--max-file", flags=["--max-file=4K"],
     formats=["tar", "cpio", "zip", "deb", "oci"])
case("all over their bound", [f(str(i), b"y" * 500) for i in range(9)], HOSTILE, "--max-total", flags=["--max-total=4K"],
     formats=["tar", "cpio", "zip", "deb", "oci"])
case("a name too many", [f(str(i)) for i in range(50)], HOSTILE, "--max-entries", flags=["--max-entries=20"])
case("an archive over its bound", [f(str(i)) for i in range(50)], HOSTILE, "", flags=["--max-input=2K"],
     formats=["tar", "cpio", "zip", "deb"])

# zip
GOOD = zip_bytes([f("good.txt", b"hello"), f("more", b"there")])


def overlap():
    """Two names whose data is the same bytes."""
    z = bytearray(zip_bytes([f("aa", b"hello"), f("aa", b"hello")]))
    second = z.find(b"PK\1\2", z.find(b"PK\1\2") + 1)
    z[second + 42:second + 46] = b"\0\0\0\0"
    return bytes(z)


def zip_patch(at, value, where=b"PK\1\2"):
    z = bytearray(GOOD)
    i = z.find(where)
    z[i + at:i + at + len(value)] = value
    return bytes(z)


raw("a zip with two names", GOOD.replace(b"good.txt", b"evil.txt", 1), HOSTILE, "its two names differ", "zip")
raw("a zip whose other name goes up", GOOD.replace(b"good.txt", b"../.evil", 1), HOSTILE, "its two names differ", "zip")
raw("a zip whose parts overlap", overlap, HOSTILE, "overlap", "zip")
raw("an encrypted zip", zip_patch(8, b"\1\0"), USAGE, "encrypted", "zip")
raw("a zip of two sizes", zip_patch(18, b"\7\0\0\0", b"PK\3\4"), HOSTILE, "differ", "zip")
raw("a zip of two methods", zip_patch(8, b"\x08\0", b"PK\3\4"), HOSTILE, "differ", "zip")
raw("a zip with something behind", GOOD + b"PK\3\4 and more", HOSTILE, "something follows the end", "zip")
raw("a zip that counts one", GOOD[:-12] + b"\1\0" + GOOD[-10:], HOSTILE, "more than it counts", "zip", statuses=[HOSTILE, DAMAGED])
raw("a zip that counts too many", GOOD[:-12] + b"\xf0\xf0" + GOOD[-10:], DAMAGED, "", "zip", statuses=[HOSTILE, DAMAGED])
raw("a zip whose directory lies outside", GOOD[:-6] + b"\xff\xff\xff\x7f" + GOOD[-2:], DAMAGED, "damaged", "zip")
raw("a zip with a NUL in a name", GOOD.replace(b"good.txt", b"goo\0.txt"), HOSTILE, "NUL", "zip")
raw("a zip without an end", GOOD[:-22], DAMAGED, "damaged", "zip")
raw("a zip64 without its parts", zip_patch(10, b"\xff\xff", b"PK\5\6"), DAMAGED, "zip64", "zip")

# packages
D = ("debian-binary", b"2.0\n")
CTL, DATA = ("control.tar", tar_bytes([f("./control")])), ("data.tar", tar_bytes([f("./a")]))
PLACE = "has no place there"
raw("a package without data", ar_bytes([D, CTL]), DAMAGED, "without data", "deb")
raw("a package with two data members", ar_bytes([D, CTL, DATA, DATA]), HOSTILE, PLACE, "deb")
raw("a package in another order", ar_bytes([D, DATA, CTL]), HOSTILE, PLACE, "deb")
raw("a package with a member up", ar_bytes([D, CTL, ("../../x", b"y"), DATA]), HOSTILE, PLACE, "deb")
raw("a package of another version", ar_bytes([("debian-binary", b"3.0\n"), CTL, DATA]), DAMAGED, "version", "deb")

# layers
two = lambda *layers: Layout([tar_bytes(e) for e in layers])  # noqa: E731
BASE = [d("d"), f("d/a"), f("d/b")]
raw("a whiteout of up", lambda: two(BASE, [f("d/.wh...")]), HOSTILE, "a whiteout of no name", "oci")
raw("a whiteout of here", lambda: two(BASE, [f("d/.wh..")]), HOSTILE, "a whiteout of no name", "oci")
raw("a whiteout of nothing", lambda: two(BASE, [f("d/.wh.")]), HOSTILE, "a whiteout of no name", "oci")
raw("a whiteout up", lambda: two(BASE, [f("../.wh.canary")]), HOSTILE, DOTS, "oci")
raw("a whiteout up in the middle", lambda: two(BASE, [f("d/../../.wh.canary")]), HOSTILE, DOTS, "oci")
raw("a whiteout through a symlink", lambda: two([s("l", OUT)], [f("l/.wh.canary")]), OK, "", "oci")
raw("an opaque symlink", lambda: two([s("l", OUT)], [f("l/.wh..wh..opq")]), OK, "", "oci")
raw("a whiteout of the root", lambda: two(BASE, [f(".wh..wh..opq")]), OK, "", "oci", absent=["d"])
raw("a whiteout of what is not there", lambda: two(BASE, [f("d/.wh.zzz")]), OK, "", "oci", inside={"d/a": b"x"})
raw("notes of another store", lambda: two(BASE, [f(".wh..wh.plnk"), f(".wh..wh.aufs")]), OK, "", "oci")
raw("a whiteout", lambda: two(BASE, [f("d/.wh.a")]), OK, "", "oci", absent=["d/a"], inside={"d/b": b"x"})
raw("an opaque directory, said last", lambda: two(BASE, [f("d/new"), f("d/.wh..wh..opq")]), OK, "", "oci",
    absent=["d/a"], inside={"d/new": b"x"})
raw("a symlink that takes a directory's place", lambda: two(BASE, [s("d", OUT)], [f("d/x")]), OK, "", "oci", absent=["d/a"])
raw("a file that takes a directory's place", lambda: two(BASE, [f("d", b"new")]), OK, "", "oci", inside={"d": b"new"})
raw("a hard link into a lower layer", lambda: two(BASE, [h("x", "d/a")]), OK, "", "oci", inside={"x": b"x"})
raw("a hard link out of a layer", lambda: two(BASE, [h("x", OUT + "/canary")]), HOSTILE, LINK, "oci")

# documents of images
L = [tar_bytes(BASE)]
bent = lambda **k: (lambda: Layout(L, **k))  # noqa: E731
raw("a layer of another size", bent(layer={"size": 7}), DAMAGED, "bytes, not", "oci")
raw("a layer of another digest", bent(damage=lambda b: b.replace(b"\0x\0", b"\0y\0") if len(b) > 5000 else b), OK, "", "oci",
    statuses=[OK, DAMAGED])
raw("a damaged blob", bent(damage=lambda b: b[:-1] + bytes([b[-1] ^ 1])), DAMAGED, "another SHA-256", "oci")
raw("a digest that is a path", bent(layer={"digest": "sha256:../../../../outside/canary"}), USAGE, "no SHA-256 digest", "oci")
raw("a digest of another kind", bent(layer={"digest": "md5:00"}), USAGE, "no SHA-256 digest", "oci")
raw("an index that is a manifest", bent(index={"config": {}, "layers": []}), HOSTILE, "", "oci", statuses=[HOSTILE, USAGE])
raw("a manifest that is an index", bent(manifest={"manifests": [{"mediaType": MANIFEST, "digest": "sha256:" + "0" * 64, "size": 1}]}),
    HOSTILE, "an index and a manifest at once", "oci")
raw("a manifest of another media type", bent(manifest={"mediaType": INDEX}), HOSTILE, "not the promised", "oci")
raw("a manifest that was promised as an index", bent(descriptor={"mediaType": INDEX}, manifest={"mediaType": None}), HOSTILE,
    "not the promised", "oci")
raw("an index in an index in an index", bent(nest=9), HOSTILE, "an index in an index", "oci")
raw("a manifest that nests without end", bent(manifest_raw=b"[" * 10000), HOSTILE, "", "oci", statuses=[HOSTILE, USAGE])
raw("a manifest of six megabytes", bent(manifest_raw=b'{"schemaVersion":2,"x":"' + b"a" * (6 << 20) + b'"}'), HOSTILE, "", "oci")
raw("a key twice", bent(manifest_raw=b'{"schemaVersion":2,"layers":[],"layers":[]}'), USAGE, "", "oci")
raw("another platform", bent(arch="vax"), USAGE, "--platform", "oci")
raw("diff_ids of another number", bent(config={"rootfs": {"type": "layers", "diff_ids": []}}), DAMAGED, "diff_ids", "oci")
GZ = LAYER + "+gzip"
raw("a compressed layer", lambda: Layout([gzip.compress(L[0])], plain=L, layer_media=GZ), OK, "", "oci")
raw("a layer of another diff_id", bent(config={"rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}}), DAMAGED,
    "not its diff_id", "oci")
raw("a compressed layer with its own digest as diff_id", lambda: Layout([gzip.compress(L[0])], layer_media=GZ), DAMAGED,
    "not its diff_id", "oci")
raw("a layer with a bomb behind its end", lambda: Layout([gzip.compress(L[0]) + gzip.compress(bytes(1 << 20)) * 200], plain=L, layer_media=GZ), HOSTILE,
    "--max-ratio", "oci")
raw("a layer that lies elsewhere", bent(layer={"urls": ["http://example.org/"]}), USAGE, "cannot be read", "oci")
raw("a layer of another media type", bent(layer_media="text/html"), USAGE, "cannot be read", "oci")
raw("another version of the layout", bent(layout=b'{"imageLayoutVersion":"9.9.9"}'), USAGE, "layout version", "oci")
raw("two hundred layers", lambda: Layout([tar_bytes([f(str(i))]) for i in range(200)]), HOSTILE, "--max-layers", "oci")
raw("an index that is no JSON", bent(index_raw=b"\x7fELF"), USAGE, "", "oci")
raw("a blob that is a symlink", bent(link=True), SYSTEM, "", "oci", statuses=[SYSTEM, HOSTILE])
raw("docker: a layer up", lambda: docker_bytes(L, manifest={"Layers": ["../../../outside/canary"]}), USAGE, "no file", "docker-archive")
raw("docker: a layer that is a symlink out", lambda: docker_bytes(L, manifest={"Layers": ["l"]}, more=[s("l", OUT + "/canary")]),
    USAGE, "no file", "docker-archive")
raw("docker: a config of another digest", lambda: docker_bytes(L, config_name="0" * 64 + ".json"), DAMAGED, "another SHA-256",
    "docker-archive")
raw("docker: a layer of another digest", lambda: docker_bytes(L, config={"rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}}),
    DAMAGED, "diff_id", "docker-archive")
raw("docker: a manifest that is no array", lambda: docker_bytes(L, manifest_raw=b"{}"), USAGE, "", "docker-archive")
raw("docker: a device in the archive", lambda: docker_bytes(L, more=[x(CHR, "dev")]), HOSTILE, "--devices=refuse", "docker-archive")

# fields that lie: what one reader believes and another does not
A, B = by.entry(b"a"), by.entry(b"b")
MALFORMED = "damaged"
raw("an extended record longer than all", by.tar(by.pax(b"99999 path=x\n"), A), DAMAGED, MALFORMED, "tar")
raw("an extended record of a negative length", by.tar(by.pax(b"-5 path=x\n"), A), DAMAGED, MALFORMED, "tar")
raw("an extended record without an end", by.tar(by.pax(b"9 path=xy"), A), DAMAGED, MALFORMED, "tar")
raw("an extended record without a value", by.tar(by.pax(b"9 pathxx\n"), A), DAMAGED, MALFORMED, "tar")
raw("an extended record of a gigabyte", by.tar(by.pax(b"999999999 path=x\n"), A), DAMAGED, MALFORMED, "tar")
raw("two extended names", by.tar(by.pax(by.record(b"path", b"one") + by.record(b"path", b"../two")), A), HOSTILE, DOTS, "tar")
raw("a negative extended size", by.tar(by.pax(by.record(b"size", b"-1")), A), DAMAGED, "", "tar")
raw("an extended size beyond numbers", by.tar(by.pax(by.record(b"size", b"9" * 30)), A), DAMAGED, "", "tar")
raw("a global extended name", by.tar(by.pax(by.record(b"path", b"../x"), b"g"), A), OK, "", "tar", inside={"a": b"x"})
raw("times beyond all clocks", by.tar(by.pax(by.record(b"mtime", b"9" * 30 + b".5")), A, by.entry(b"b", mtime=b"\xff" * 12)), OK,
    "", "tar", inside={"a": b"x", "b": b"x"})
raw("owners beyond numbers", by.tar(by.pax(by.record(b"uid", b"9" * 30)), A, by.entry(b"b", uid=b"\xff" * 8)), OK, "", "tar")
raw("owners beyond numbers, recorded", by.tar(by.entry(b"b", uid=b"\xff" * 8)), HOSTILE, "no number of a user", "tar",
    flags=["--owner=recorded"])
raw("an attribute with NULs in front of the name", by.tar(by.pax(
    by.record(b"SCHILY.xattr.security.capability", b"\1\0\0\2" + bytes(16)) + by.record(b"path", b"n" * 150)), A), OK, "", "tar",
    inside={"n" * 150: b"x"})
raw("an encoded attribute", by.tar(by.pax(by.record(b"LIBARCHIVE.xattr.user%2eoverlay%2eredirect", b"L2E")), A), OK, "", "tar")
raw("an access list and flags", by.tar(by.pax(by.record(b"SCHILY.acl.access", b"user::rw-,user:0:rwx,mask::rwx,group::r--,other::r--") +
                                              by.record(b"SCHILY.fflags", b"schg")), A), OK, "", "tar")
raw("letters in two pieces", by.tar(by.pax(by.record(b"path", "a\u0308".encode())), A, by.pax(by.record(b"path", "\xe4".encode())),
                                    by.entry(b"x", b"other")), OK, "", "tar", inside={"a\u0308": b"x", "\xe4": b"other"})
raw("dots that are too long", by.tar(by.pax(by.record(b"path", b"\xc0\xae\xc0\xae/x")), A), OK, "", "tar")
raw("a long name of two megabytes", by.tar(by.long_name(b"n" * (2 << 20)), A), DAMAGED, "", "tar")
raw("a long name of many components", by.tar(by.long_name(b"n/" * 35000), A), HOSTILE, "a name of", "tar")
raw("a long name that goes up", by.tar(by.long_name(b"../two\0"), A), HOSTILE, DOTS, "tar")
raw("a long name of another size", by.tar(by.long_name(b"n", size_field=b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7)), DAMAGED, "", "tar")
raw("a size in base 256", by.tar(by.header(b"a", size_field=b"\x80" + bytes(10) + b"\1"), by.block(b"z"), B), OK, "", "tar",
    inside={"a": b"z", "b": b"x"})
raw("a size of eight exabytes", by.tar(by.header(b"a", size_field=b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7)), DAMAGED, "", "tar")
raw("a mode of ones", by.tar(by.entry(b"a", mode=b"\xff" * 8)), OK, "", "tar")
raw("the rest of another volume", by.tar(by.entry(b"a", kind=b"M")), DAMAGED, "unknown type", "tar")
raw("a directory and a symlink with content", by.tar(by.entry(b"d/", b"yy", kind=b"5"), by.entry(b"l", b"yy", kind=b"2", link=b"q"), B),
    OK, "", "tar", inside={"b": b"x"})
raw("a hard link with content", by.tar(by.entry(b"a", b"one"), by.pax(by.record(b"mtime", b"1")),
                                       by.entry(b"b", b"other", kind=b"1", link=b"a")), OK, "", "tar",
    inside={"a": b"other", "b": b"other"})
raw("a hard link that became a file", by.tar(by.entry(b"a", b"one"), by.entry(b"b", b"", kind=b"1", link=b"a"), by.entry(b"b", b"own"),
                                             by.pax(by.record(b"mtime", b"1")), by.entry(b"c", b"other", kind=b"1", link=b"a")), OK, "",
    "tar", inside={"a": b"other", "b": b"own", "c": b"other"})
case("a device over a file", [f("a", b"old"), x(CHR, "a"), f("b")], OK, formats=TARS + ["cpio"], absent=["a"])
case("a device up", [x(FIFO, "../a")], HOSTILE, DOTS, formats=TARS + ["cpio"])
raw("a sparse map that overlaps", by.tar(by.sparse_old([(0, 512), (100, 512)], 2048, b"d" * 1024)), DAMAGED, "overlap", "tar")
raw("a sparse map beyond its file", by.tar(by.sparse_old([(5000, 10)], 100, b"d" * 10)), DAMAGED, "says that it has 100", "tar")
raw("a new sparse map", by.tar(by.sparse_new(b"1\n512\n1\n", 1024, b"d")), OK, "", "tar", inside={"s": bytes(512) + b"d" + bytes(511)})
for name, table, real, words in [
        ("that goes back", b"2\n1000\n10\n0\n10\n", 2048, "overlap"), ("of a billion parts", b"1000000000\n0\n1\n", 2048, ""),
        ("of a negative offset", b"1\n-5\n10\n", 2048, ""), ("of letters", b"1\nxx\n10\n", 2048, ""),
        ("beyond its file", b"1\n5000\n10\n", 100, "says that it has 100"), ("of a small file", b"1\n0\n10\n", 3, "says that it has 3"),
        ("of a negative size", b"1\n0\n1\n", -5, "says that it has -5")]:
    raw("a new sparse map " + name, by.tar(by.sparse_new(table, real, b"d" * 20)), DAMAGED, words, "tar")
PADDED = PLAIN + bytes(1 << 20)  # the sum stands far behind the archive's end
for tool, at in [("gzip", -6), ("gzip", -2), ("bzip2", -3), ("xz", -30), ("zstd", -2)]:
    raw(f"another sum or length behind {tool}{at}", lambda tool=tool, at=at: flip(packed_by(tool, PADDED), at), DAMAGED, "damaged", "bin")
raw("two members of gzip", lambda: gzip.compress(PLAIN[:700]) + gzip.compress(PLAIN[700:]), OK, "", "gz", inside={"b": b"there"})
raw("something behind gzip", lambda: gzip.compress(PLAIN) + b"junk", OK, "", "gz", inside={"b": b"there"})
raw("a bomb behind an archive", lambda: gzip.compress(PLAIN) + gzip.compress(bytes(1 << 20)) * 200, HOSTILE, RATIO, "gz")
raw("a sparse gigabyte", by.tar(by.sparse_new(b"0\n", 1 << 30, b"")), HOSTILE, RATIO, "tar")
raw("compressed twice", lambda: gzip.compress(gzip.compress(PLAIN)), OK, "", "gz", inside={"a": b"hello"})
raw("compressed three times", lambda: gzip.compress(gzip.compress(gzip.compress(PLAIN))), HOSTILE, "compressed more than twice", "gz")
raw("a window of two gigabytes", b"\x28\xb5\x2f\xfd\x00\xa8" + bytes(64), DAMAGED, "too much memory", "zst")

OTHER = "its two names differ"
SUMS = "its two sizes or sums differ"
zipped = lambda name, data, status, words="", **k: raw(name, data, status, words, "zip", **k)  # noqa: E731
zipped("a zip with a third name in front", by.zip_of(by.member(b"good", local_extra=by.unicode_path(b"good", b"evil"))), HOSTILE, OTHER)
zipped("a zip with a third name behind", by.zip_of(by.member(b"good", extra=by.unicode_path(b"good", b"evil"))), HOSTILE, OTHER)
zipped("a zip with a third name with a backslash", by.zip_of(by.member(b"good", local_extra=by.unicode_path(b"good", b"a\\b"))), HOSTILE,
       OTHER)
zipped("a zip with its name once more", by.zip_of(by.member(b"good", local_extra=by.unicode_path(b"good", b"good"))), OK,
       inside={"good": b"hello"})
zipped("a zip of another sum", by.zip_of(by.member(b"a", crc=5)), DAMAGED, "CRC")
zipped("a zip of another sum, packed", by.zip_of(by.member(b"a", method=8, crc=5)), DAMAGED, "CRC")
zipped("a zip that holds more", by.zip_of(by.member(b"a", b"hello" * 9, method=8, size=3)), DAMAGED, "wrong size")
zipped("a zip that holds less", by.zip_of(by.member(b"a", b"hello" * 9, method=8, size=1 << 20)), DAMAGED, "wrong size")
zipped("a zip64", by.zip_of(by.member(b"a", size=by.MAXED, packed=by.MAXED, extra=by.zip64(5, 5), local_extra=by.zip64(5, 5))), OK,
       inside={"a": b"hello"})
zipped("a zip64 of two sizes", by.zip_of(by.member(b"a", size=by.MAXED, packed=by.MAXED, extra=by.zip64(5, 5),
                                                   local_extra=by.zip64(3, 3))), HOSTILE, SUMS)
zipped("a zip64 in front only", by.zip_of(by.member(b"a", local_size=by.MAXED, local_packed=by.MAXED, local_extra=by.zip64(3, 3))),
       HOSTILE, SUMS)
zipped("a zip64 without a size", by.zip_of(by.member(b"a", local_size=by.MAXED, local_packed=by.MAXED)), HOSTILE, SUMS)
zipped("a zip64 of four exabytes", by.zip_of(by.member(b"a", size=by.MAXED, packed=by.MAXED, extra=by.zip64(1 << 62, 5),
                                                       local_extra=by.zip64(1 << 62, 5))), DAMAGED, "wrong size")
zipped("a zip of two ends", by.zip_two_ends(), HOSTILE, "its two ends differ")
zipped("a zip with an end in its comment", by.zip_of(by.member(b"a"), comment=by.zip_of(by.member(b"evil"))), DAMAGED)
zipped("a zip whose sizes come late", by.zip_of(by.member(b"a", flags=8), by.member(b"b", flags=8, method=8)), OK,
       inside={"a": b"hello", "b": b"hello"})
zipped("a zip whose sizes come late and before", by.zip_of(by.member(b"a", flags=8, local_size=3, local_packed=3)), HOSTILE, SUMS)
zipped("a zip with an end within", by.zip_of(by.member(b"a", b"ABPK\7\10" + struct.pack("<3I", zlib.crc32(b"AB"), 2, 2) + b"rest",
                                                       flags=8)), OK)
zipped("a zip that is encrypted in front", by.zip_of(by.member(b"a", local_flags=1)), HOSTILE, "its two headers differ")
zipped("a zip with an encrypted symlink", by.zip_of(by.member(b"l", OUT.encode(), mode=by.SYMLINK, flags=1)), USAGE, "encrypted")
zipped("a zip with a packed symlink", by.zip_of(by.member(b"l", OUT.encode(), mode=by.SYMLINK, method=8), by.member(b"l/x")), OK)
zipped("a zip with a symlink of a megabyte", by.zip_of(by.member(b"l", b"t" * (1 << 20), mode=by.SYMLINK)), DAMAGED, "oversized")
zipped("a zip of letters in two pieces", by.zip_of(by.member("a\u0308".encode(), flags=0x800), by.member("\xe4".encode(), b"other",
                                                                                                      flags=0x800)), OK,
       inside={"a\u0308": b"hello", "\xe4": b"other"})
zipped("a zip whose UTF-8 is none", by.zip_of(by.member(b"\xff\xfe", flags=0x800)), OK)
zipped("a zip with an extra field that is cut", by.zip_of(by.member(b"a", local_extra=b"\x75\x70\xff\0")), DAMAGED, "cut")
zipped("a zip of no method", by.zip_of(by.member(b"a", method=99)), DAMAGED, "method")
zipped("archives in a zip", by.zip_of(by.member(b"a.zip", by.zip_of(by.member(b"../x"))), by.member(b"a.tar", tar_bytes([f("../x")]))), OK)

FILE = by.FILE
cpio = lambda name, data, status, words="", **k: raw(name, data, status, words, "cpio", **k)  # noqa: E731
cpio("an old cpio", by.odc((b"a", b"hi", FILE, 1, 1)), OK, inside={"a": b"hi"})
cpio("an old cpio that goes up", by.odc((b"../a", b"hi", FILE, 1, 1)), HOSTILE, DOTS)
cpio("an old cpio before a new one", by.odc((b"a", b"", FILE, 7, 2))[:-87] + by.newc((b"b", b"hi", FILE, 7, 2)), DAMAGED)
cpio("names of one inode", by.newc((b"a", b"", FILE, 7, 2), (b"b", b"hi", FILE, 7, 2)), OK, inside={"a": b"hi", "b": b"hi"})
cpio("fewer names than said", by.newc((b"a", b"", FILE, 7, 9)), OK, inside={"a": b""})
cpio("more names than said", by.newc(*[(n, n, FILE, 7, 2) for n in (b"a", b"b", b"c")]), OK)
cpio("a name that became a file", by.newc((b"a", b"", FILE, 7, 3), (b"b", b"", FILE, 7, 3), (b"b", b"own", FILE, 8, 1),
                                          (b"c", b"hi", FILE, 7, 3)), OK, inside={"a": b"hi", "b": b"own", "c": b"hi"})
cpio("a directory's inode again", by.newc((b"d", b"", 0o40755, 7, 2), (b"b", b"hi", FILE, 7, 2)), HOSTILE, LINK)
cpio("a device's inode again", by.newc((b"d", b"", 0o20644, 7, 2), (b"b", b"hi", FILE, 7, 2)), HOSTILE, LINK)
cpio("a file's inode as a symlink's", by.newc((b"a", b"hi", FILE, 7, 2), (b"l", b"/etc", by.SYMLINK, 7, 2)), OK, inside={"a": b"hi"})
cpio("a name of two gigabytes", by.newc((b"a" * 9, b"", FILE, 1, 1)).replace(b"0000000a", b"7fffffff", 1), DAMAGED)
cpio("a cpio file of four gigabytes", by.newc((b"a", b"hi", FILE, 1, 1)).replace(b"00000002", b"ffffffff", 1), DAMAGED)
cpio("a cpio symlink of two megabytes", by.newc((b"l", b"t" * (2 << 20), by.SYMLINK, 1, 1)), DAMAGED, "exceed")
cpio("a cpio without an end", by.newc((b"a", b"hi", FILE, 1, 1))[:-124], DAMAGED)
cpio("a cpio behind the end", by.newc((b"a", b"hi", FILE, 1, 1)) + by.newc((b"../b", b"hi", FILE, 2, 1)), OK, inside={"a": b"hi"})

T = tar_bytes([f("./a")])
START = ((b"debian-binary", b"2.0\n"), (b"control.tar", tar_bytes([f("./control")])))
deb = lambda name, last, status, words="", **k: raw(name, by.ar(*START, *last), status, words, "deb", **k)  # noqa: E731
deb("a package whose data is a cpio", [(b"data.tar", by.newc((b"a", b"hi", FILE, 1, 1)))], DAMAGED)
deb("a package whose data is a zip", [(b"data.tar", by.zip_of(by.member(b"a")))], DAMAGED)
deb("a package whose data is a package", [(b"data.tar", by.ar(*START, (b"data.tar", T)))], DAMAGED)
deb("a package whose data is packed twice", [(b"data.tar.gz", gzip.compress(gzip.compress(T)))], HOSTILE, "compressed more than once")
deb("a package with a table of names", [(b"//", b"data.tar/\n"), (b"/0", T)], HOSTILE, PLACE)
deb("a package whose data says more", [(b"data.tar", T, 99999999)], DAMAGED)
deb("a package whose data says less than nothing", [(b"data.tar", T, -5)], DAMAGED)
deb("a package with a note behind", [(b"data.tar", T), (b"_note", b"zz")], OK, inside={"a": b"x"})
raw("a bomb in a package", lambda: by.ar(*START, (b"data.tar.gz", gz_bomb())), HOSTILE, RATIO, "deb")
raw("a package with a table of symbols", by.ar((b"/", bytes(4)), *START, (b"data.tar", T)), HOSTILE, PLACE, "deb")

NOTES = "notes of another store"
UNDER = "is a whiteout"
raw("a device over a lower file", lambda: two(BASE, [x(CHR, "d/a")]), OK, "left out", "oci", absent=["d/a"], inside={"d/b": b"x"})
raw("a fifo over a lower directory", lambda: two(BASE, [x(FIFO, "d")]), OK, "left out", "oci", absent=["d"])
raw("a whiteout of a parent, then an entry", lambda: two(BASE, [f(".wh.d"), f("d/new")]), OK, "", "oci", absent=["d/a"],
    inside={"d/new": b"x"})
raw("an entry, then a whiteout of its parent", lambda: two(BASE, [f("d/new"), f(".wh.d")]), OK, "", "oci", absent=["d/a"],
    inside={"d/new": b"x"})
for kind, one in [("directory", d("d/.wh.a")), ("symlink", s("d/.wh.a", OUT)), ("hard link", h("d/.wh.a", "d/b")),
                  ("device", x(CHR, "d/.wh.a")), ("file with content", f("d/.wh.a", b"zz" * 5000))]:
    raw("a whiteout that is a " + kind, lambda one=one: two(BASE, [one]), OK, "", "oci", absent=["d/a", "d/.wh.a"], inside={"d/b": b"x"})
raw("a whiteout that is a hard link with content", lambda: Layout([L[0], by.tar(
    by.pax(by.record(b"mtime", b"1")), by.entry(b"d/.wh.a", b"zz", kind=b"1", link=b"d/b"))]), OK, "", "oci", absent=["d/a"])
raw("a file below a whiteout", lambda: two(BASE, [f("d/.wh.a/x")]), HOSTILE, UNDER, "oci")
raw("a file below notes", lambda: two(BASE, [f("d/.wh..wh.plnk/x")]), OK, NOTES, "oci", absent=["d/.wh..wh.plnk"])
raw("an opaque directory, said first", lambda: two(BASE, [f("d/.wh..wh..opq"), f("d/new")]), OK, "", "oci", absent=["d/a"],
    inside={"d/new": b"x"})
raw("whiteouts in the lowest layer", lambda: two([f("d/a"), f("d/.wh.a"), f("d/.wh..wh..opq")]), OK, "", "oci", inside={"d/a": b"x"})
raw("a hard link to what was taken away", lambda: two(BASE, [f("d/.wh.a"), h("z", "d/a")]), HOSTILE, LINK, "oci")
raw("a hard link of a lower layer, changed", lambda: two([f("a", b"1"), h("b", "a")], [f("a", b"2")]), OK, "", "oci",
    inside={"a": b"2", "b": b"1"})
NO_TAR = "damaged"
for kind, data in [("zip", zip_bytes([f("a")])), ("cpio", by.newc((b"a", b"hi", FILE, 1, 1))), ("package", deb_bytes([f("./a")]))]:
    raw("a layer that is a " + kind, lambda data=data: Layout([data]), DAMAGED, NO_TAR, "oci")
    raw("docker: a layer that is a " + kind, lambda data=data: docker_bytes([data]), DAMAGED, NO_TAR, "docker-archive")
PROMISED = "not the promised"
raw("a packed layer that says it is plain", lambda: Layout([gzip.compress(L[0])], plain=L), HOSTILE, PROMISED, "oci")
raw("a plain layer that says it is packed", lambda: Layout(L, layer_media=GZ), HOSTILE, PROMISED, "oci")
raw("a layer of another packing", lambda: Layout([gzip.compress(L[0])], plain=L, layer_media=LAYER + "+zstd"), HOSTILE, PROMISED, "oci")
raw("a layer packed twice", lambda: Layout([gzip.compress(gzip.compress(L[0]))], plain=L, layer_media=GZ), HOSTILE,
    "compressed more than once", "oci")
raw("docker: a packed layer by its own digest", lambda: docker_bytes([gzip.compress(L[0])]), DAMAGED, "diff_id", "docker-archive")
raw("a config that is a layer", bent(config_descriptor={"mediaType": LAYER}), USAGE, "is no image's config", "oci")
raw("a config that is an index", bent(config_descriptor={"mediaType": INDEX}), USAGE, "is no image's config", "oci")
raw("a layer of a negative size", bent(layer={"size": -1}), USAGE, "/layers/0/size", "oci")
raw("a layer of half a byte", bent(layer={"size": 1.5}), USAGE, "/layers/0/size", "oci")
raw("a layer of eight exabytes", bent(layer={"size": 1 << 63}), DAMAGED, "bytes, not", "oci")
raw("a digest in capitals", bent(layer={"digest": "sha256:" + "A" * 64}), USAGE, "no SHA-256 digest", "oci")
raw("a digest with a line break", bent(layer={"digest": "sha256:" + "a" * 63 + "\n"}), USAGE, "no SHA-256 digest", "oci")
raw("an index with a key twice", bent(index_raw=b'{"schemaVersion":2,"manifests":[],"manifests":[]}'), USAGE, "stands twice", "oci")
raw("an index of another version", bent(index={"schemaVersion": 1}), USAGE, "schemaVersion 1", "oci")
raw("a word of the process with a NUL", bent(config={"config": {"Cmd": ["a\0b"]}}), USAGE, "NUL", "oci")
raw("a platform with an escape sequence", bent(arch="x\x1b[2J\n"), USAGE, "\\u001b[2J", "oci")
raw("a media type with an escape sequence", bent(layer_media="x\x1b[2J\n"), USAGE, "\\u001b[2J", "oci")
raw("128 layers", lambda: Layout([tar_bytes([f(str(i))]) for i in range(128)]), OK, "", "oci", inside={"127": b"x"})
raw("129 layers", lambda: Layout([tar_bytes([f(str(i))]) for i in range(129)]), HOSTILE, "--max-layers", "oci")
raw("docker: a key twice", lambda: docker_bytes(L, manifest_raw=b'[{"Config":"a","Config":"b","Layers":[]}]'), USAGE, "stands twice",
    "docker-archive")
raw("docker: an archive that is a zip", lambda: zip_bytes([f("manifest.json", b"[]")]), USAGE, "0 images", "docker-archive")
raw("docker: a manifest that is a symlink out", lambda: tar_bytes([s("manifest.json", "/etc/passwd")]), USAGE, "no file", "docker-archive")

# --- the judge ---------------------------------------------------------------------------------------------------------


def snapshot(top):
    out = []
    for where, dirs, files in os.walk(top):
        for name in sorted(dirs + files):
            path = os.path.join(where, name)
            st = os.lstat(path)
            out.append((path, st.st_mode, st.st_size, st.st_mtime_ns, os.readlink(path) if stat.S_ISLNK(st.st_mode) else ""))
    return sorted(out)


def place(made, format_, base):
    """Writes what a case made; the word that names it on the command line."""
    if isinstance(made, Layout):
        os.mkdir(base)
        for name, data in made.files().items():
            path = pathlib.Path(base, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if made.bend.get("link"):
            layer = pathlib.Path(base, "blobs/sha256", sha(L[0]))
            layer.rename(OUT + "/layer")
            layer.symlink_to(OUT + "/layer")
        return "oci:" + base
    pathlib.Path(base).write_bytes(made)
    return ("docker-archive:" if format_ == "docker-archive" else "") + base


def inside_check(root, one):
    for where, dirs, files in os.walk(root):
        for name in dirs + files:
            path = os.path.join(where, name)
            st = os.lstat(path)
            if not (stat.S_ISREG(st.st_mode) or stat.S_ISDIR(st.st_mode) or stat.S_ISLNK(st.st_mode)):
                return f"{path} is a device"
            if not stat.S_ISLNK(st.st_mode) and st.st_mode & 0o7000:
                return f"{path} has mode {st.st_mode:o}"
            if [a for a in os.listxattr(path, follow_symlinks=False) if not a.startswith("security.selinux")]:
                return f"{path} has attributes"
    for name, data in one.get("inside", {}).items():
        path = os.path.join(root, name)
        if os.path.islink(path) or not os.path.isfile(path) or pathlib.Path(path).read_bytes() != data:
            return f"{name} is not as it should be"
    for name in one.get("absent", []):
        if os.path.lexists(os.path.join(root, name)):
            return f"{name} should not be there"
    return None


def judge(one, format_):
    for top in ("in", "to", "outside"):
        shutil.rmtree(f"{WORK}/{top}", ignore_errors=True)
        os.mkdir(f"{WORK}/{top}")
    pathlib.Path(OUT, "canary").write_bytes(b"safe")
    made = one["raw"] if "raw" in one else FORMATS[format_](one["entries"])
    made = made() if callable(made) else made
    if made is None:
        return "-"
    word = place(made, format_, f"{WORK}/in/archive")
    before = snapshot(WORK + "/in") + snapshot(OUT)
    began = time.monotonic()
    with open(WORK + "/said", "wb") as said:
        child = subprocess.Popen([PROGRAM, "build", word, "--arg=/bin/true", "--platform=linux/amd64", "-o", WORK + "/to/out",
                                  *one["flags"]], stdout=said, stderr=said, cwd=WORK)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    seconds, code = time.monotonic() - began, os.waitstatus_to_exitcode(status)
    text = pathlib.Path(WORK, "said").read_bytes().decode("utf-8", "replace")
    if code not in one.get("statuses", [one["status"]]):
        return f"exit status {code}, not {one['status']}: {text.strip()}"
    if one["words"] not in text and code == one["status"]:
        return f"says {text.strip()!r}, not {one['words']!r}"
    if snapshot(WORK + "/in") + snapshot(OUT) != before:
        return "something outside was changed"
    if not SLOW and seconds > SECONDS:
        return f"took {seconds:.1f} s"
    if not SLOW and usage.ru_maxrss * 1024 > BYTES:
        return f"took {usage.ru_maxrss >> 10} MiB"
    if code != OK:
        left = os.listdir(WORK + "/to")
        return f"left {left}" if left else None
    if text.count("\n") > 1 + 20:
        return "says too much"
    if any(c < " " and c != "\n" for c in text):
        return f"says what a terminal would obey: {text!r}"
    return inside_check(WORK + "/to/out/rootfs", one)


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.makedirs(WORK, exist_ok=True)
    ran, bad, cases = 0, 0, 0
    for i, one in enumerate(CASES):
        if PATTERN not in one["name"] or (QUICK and i % 2 != QUICK - 1):
            continue
        some = False
        formats = one["formats"]
        if QUICK:
            formats = [formats[len(one["name"]) % len(formats)]]
        for format_ in formats:
            verdict = judge(one, format_)
            if verdict == "-":
                continue
            some, ran = True, ran + 1
            if verdict:
                bad += 1
                print(f"{one['name']} as {format_}: {verdict}")
        cases += some
    print(f"{cases} cases, {ran} archives, {bad} failures")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
