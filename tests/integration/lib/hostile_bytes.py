# SPDX-License-Identifier: Apache-2.0
"""hostile_bytes - archives field by field, for lies that no library would write."""
import struct
import zlib

SYMLINK = 0o120777
FILE = 0o100644

# --- tar ---------------------------------------------------------------------------------------------------------------


def block(data):
    return data + b"\0" * (-len(data) % 512)


def header(name, size=0, kind=b"0", link=b"", magic=b"ustar\0" + b"00", size_field=None, tail=b"", **field):
    """A tar header; size_field and the fields mode, uid, mtime as bytes of their own, tail from byte 345 on."""
    h = name.ljust(100, b"\0") + field.get("mode", b"0000644\0") + field.get("uid", b"0000000\0") + b"0000000\0"
    h += size_field or b"%011o\0" % size
    h += field.get("mtime", b"00000000000\0") + b" " * 8 + kind + link.ljust(100, b"\0") + magic
    h = (h.ljust(345, b"\0") + tail).ljust(512, b"\0")
    return h[:148] + b"%06o\0 " % sum(h) + h[156:]


def entry(name, data=b"x", **more):
    return header(name, len(data), **more) + block(data)


def record(key, value):
    """A record of an extended header: its length counts itself."""
    n = len(key) + len(value) + 3
    while n != len(str(n)) + len(key) + len(value) + 3:
        n = len(str(n)) + len(key) + len(value) + 3
    return b"%d %s=%s\n" % (n, key, value)


def pax(records, kind=b"x"):
    return header(b"PaxHeaders/x", len(records), kind=kind) + block(records)


def tar(*parts):
    return b"".join(parts) + bytes(1024)


def long_name(data, kind=b"L", size_field=None):
    return header(b"././@LongLink", len(data), kind=kind, magic=b"ustar  \0", size_field=size_field) + block(data)


def sparse_old(parts, real, data):
    table = b"".join(b"%011o\0%011o\0" % part for part in parts).ljust(96, b"\0")
    return header(b"s", len(data), kind=b"S", magic=b"ustar  \0", tail=bytes(41) + table + b"\0%011o\0" % real) + block(data)


def sparse_new(table, real, data):
    known = {b"major": b"1", b"minor": b"0", b"name": b"s", b"realsize": b"%d" % real}
    return pax(b"".join(record(b"GNU.sparse." + k, v) for k, v in known.items())) + entry(b"GNUSparseFile.0/s", block(table) + data)


# --- zip ---------------------------------------------------------------------------------------------------------------

MAXED = 0xffffffff


def zip64(*values):
    return struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values)


def unicode_path(of, name):
    """The extra field by which an entry has another name."""
    return struct.pack("<HHBI", 0x7075, 5 + len(name), 1, zlib.crc32(of)) + name


def member(name, data=b"hello", **lie):
    """An entry of a zip archive; lie: flags, method, mode, crc, size, packed of both headers, local_size, local_packed,
    local_flags, extra, local_extra."""
    if lie.get("method") == 8:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        raw = packer.compress(data) + packer.flush()
    else:
        raw = data
    e = dict(name=name, raw=raw, flags=0, method=0, mode=FILE, crc=zlib.crc32(data), size=len(data), packed=len(raw), extra=b"",
             local_extra=b"")
    e.update(lie)
    late = e["flags"] & 8
    for key in ("size", "packed", "crc", "flags"):
        e.setdefault("local_" + key, 0 if late and key != "flags" else e[key])
    return e


def zip_of(*members, comment=b""):
    out, directory = b"", b""
    for e in members:
        at = len(out)
        out += b"PK\3\4" + struct.pack("<5H3I2H", 20, e["local_flags"], e["method"], 0, 33, e["local_crc"], e["local_packed"],
                                       e["local_size"], len(e["name"]), len(e["local_extra"]))
        out += e["name"] + e["local_extra"] + e["raw"]
        if e["flags"] & 8:
            out += b"PK\7\10" + struct.pack("<3I", e["crc"], e["packed"], e["size"])
        directory += b"PK\1\2" + struct.pack("<6H3I5H2I", 3 << 8 | 20, 20, e["flags"], e["method"], 0, 33, e["crc"], e["packed"],
                                             e["size"], len(e["name"]), len(e["extra"]), 0, 0, 0, e["mode"] << 16, at)
        directory += e["name"] + e["extra"]
    return out + directory + b"PK\5\6" + struct.pack("<4H2IH", 0, 0, len(members), len(members), len(directory), len(out),
                                                    len(comment)) + comment


def zip_two_ends():
    """The end says one directory, the zip64 end in front of it another."""
    good, evil = (zip_of(member(b"good"), member(name)) for name in (b"more", b"evil"))
    begin, other = good[:-22], evil[evil.find(b"PK\1\2"):-22]
    end64 = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 2, 2, len(other), len(begin))
    return begin + other + end64 + b"PK\6\7" + struct.pack("<IQI", 0, len(begin) + len(other), 1) + good[-22:]


# --- cpio and ar -------------------------------------------------------------------------------------------------------


def newc(*files, magic=b"070701"):
    """files: name, data, mode, inode, how many names it says that it has."""
    out = b""
    for name, data, mode, inode, links in [*files, (b"TRAILER!!!", b"", 0, 0, 1)]:
        fields = inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0
        out += magic + b"".join(b"%08x" % v for v in fields) + name + b"\0"
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return out


def odc(*files):
    out = b""
    for name, data, mode, inode, links in [*files, (b"TRAILER!!!", b"", 0, 0, 1)]:
        out += b"070707" + b"".join(b"%06o" % v for v in (1, inode, mode, 0, 0, links, 0)) + b"%011o" % 0
        out += b"%06o%011o" % (len(name) + 1, len(data)) + name + b"\0" + data
    return out


def ar(*members):
    """members: name, data, and what is said of its size."""
    out = b"!<arch>\n"
    for name, data, *says in members:
        out += b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name, 0, 0, 0, b"100644", says[0] if says else len(data)) + data
        out += b"\n" * (len(data) % 2)
    return out
