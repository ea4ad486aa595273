# SPDX-License-Identifier: Apache-2.0
"""hostile_formats - the entries of an archive, and each format that can hold them."""
import gzip
import hashlib
import io
import json
import os
import stat
import struct
import tarfile
import zipfile

REG, DIR, SYM, LNK, CHR, BLK, FIFO, SOCK = "reg", "dir", "sym", "lnk", "chr", "blk", "fifo", "sock"


def f(name, data=b"x", mode=0o644, **more):
    return dict(kind=REG, name=name, data=data, mode=mode, **more)


def d(name, mode=0o755, **more):
    return dict(kind=DIR, name=name, data=b"", mode=mode, **more)


def s(name, to):
    return dict(kind=SYM, name=name, data=b"", mode=0o777, to=to)


def h(name, to):
    return dict(kind=LNK, name=name, data=b"", mode=0o644, to=to)


def x(kind, name):
    return dict(kind=kind, name=name, data=b"", mode=0o644)


TAR_TYPES = {REG: tarfile.REGTYPE, DIR: tarfile.DIRTYPE, SYM: tarfile.SYMTYPE, LNK: tarfile.LNKTYPE,
             CHR: tarfile.CHRTYPE, BLK: tarfile.BLKTYPE, FIFO: tarfile.FIFOTYPE}


def tar_bytes(entries, style=tarfile.PAX_FORMAT):
    """None where the style cannot hold a name."""
    try:
        return tar_try(entries, style)
    except ValueError:
        return None


def tar_try(entries, style):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=style, errors="surrogateescape") as t:
        for e in entries:
            info = tarfile.TarInfo(e["name"])
            info.type, info.mode, info.size = TAR_TYPES[e["kind"]], e["mode"], len(e["data"])
            info.linkname = e.get("to", "")
            info.pax_headers = e.get("pax", {})
            if e["kind"] in (CHR, BLK):
                info.devmajor, info.devminor = 1, 3
            t.addfile(info, io.BytesIO(e["data"]))
    return out.getvalue()


CPIO_TYPES = {REG: stat.S_IFREG, DIR: stat.S_IFDIR, SYM: stat.S_IFLNK, CHR: stat.S_IFCHR, BLK: stat.S_IFBLK,
              FIFO: stat.S_IFIFO, SOCK: stat.S_IFSOCK}


def cpio_bytes(entries):
    out, inodes = b"", {}
    for i, e in enumerate([*entries, f("TRAILER!!!", b"", 0)]):
        name = os.fsencode(e["name"]) + b"\0"
        if e["kind"] == LNK:
            return None  # a hard link of cpio is a number, not a name
        data = e["data"] if e["kind"] != SYM else os.fsencode(e["to"])
        mode = (CPIO_TYPES[e["kind"]] | e["mode"]) if e["name"] != "TRAILER!!!" else 0
        fields = [i + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 1, 3, len(name), 0]
        out += b"070701" + b"".join(b"%08x" % v for v in fields) + name
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return out


def zip_bytes(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for e in entries:
            if e["kind"] not in (REG, DIR, SYM):
                return None
            info = zipfile.ZipInfo("x")
            info.filename = e["name"] + ("/" if e["kind"] == DIR and not e["name"].endswith("/") else "")
            info.create_system, info.external_attr = 3, (CPIO_TYPES[e["kind"]] | e["mode"]) << 16
            try:
                z.writestr(info, e["data"] if e["kind"] != SYM else e["to"])
            except (UnicodeError, ValueError, struct.error):
                return None
    return out.getvalue()


def ar_bytes(members):
    out = b"!<arch>\n"
    for name, data in members:
        out += b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name.encode(), 0, 0, 0, b"100644", len(data))
        out += data + b"\n" * (len(data) % 2)
    return out


def deb_bytes(entries):
    return ar_bytes([("debian-binary", b"2.0\n"), ("control.tar", tar_bytes([f("./control")])),
                     ("data.tar", tar_bytes(entries))])


def sha(data):
    return hashlib.sha256(data).hexdigest()


LAYER = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


class Layout:
    """An OCI layout whose every document may be bent before it is written."""

    def __init__(self, layers, **bend):
        self.blobs, self.bend = {}, bend
        described = [self.blob(b, bend.get("layer_media", LAYER)) for b in layers]
        for one in described:
            one.update(bend.get("layer", {}))
        config = {"architecture": bend.get("arch", "amd64"), "os": "linux", "config": {"Cmd": ["/bin/true"]},
                  "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(b) for b in bend.get("plain", layers)]}}
        config.update(bend.get("config", {}))
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                    "config": {**self.blob(json.dumps(config).encode(), CONFIG), **bend.get("config_descriptor", {})},
                    "layers": described}
        manifest.update(bend.get("manifest", {}))
        inner = bend["manifest_raw"] if "manifest_raw" in bend else json.dumps(manifest).encode()
        one = {**self.blob(inner, MANIFEST), **bend.get("descriptor", {})}
        for _ in range(bend.get("nest", 0)):
            one = self.blob(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [one]}).encode(), INDEX)
        self.index = {"schemaVersion": 2, "manifests": [one], **bend.get("index", {})}

    def blob(self, data, media):
        self.blobs[sha(data)] = data
        return {"mediaType": media, "digest": "sha256:" + sha(data), "size": len(data)}

    def files(self):
        out = {"oci-layout": self.bend.get("layout", b'{"imageLayoutVersion":"1.0.0"}'),
               "index.json": self.bend.get("index_raw", json.dumps(self.index).encode())}
        for name, data in self.blobs.items():
            out["blobs/sha256/" + name] = self.bend.get("damage", lambda b: b)(data)
        return out


def docker_bytes(layers, **bend):
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/true"]},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(b) for b in layers]}}
    config.update(bend.get("config", {}))
    text = json.dumps(config).encode()
    name = bend.get("config_name", sha(text) + ".json")
    manifest = [{"Config": name, "RepoTags": ["x:1"], "Layers": [f"l{i}/layer.tar" for i in range(len(layers))]}]
    manifest[0].update(bend.get("manifest", {}))
    entries = [f(name, text), *[f(f"l{i}/layer.tar", b) for i, b in enumerate(layers)], *bend.get("more", []),
               f("manifest.json", bend.get("manifest_raw", json.dumps(manifest).encode()))]
    return tar_bytes(entries)


FORMATS = {
    "tar": tar_bytes,
    "ustar": lambda e: tar_bytes(e, tarfile.USTAR_FORMAT),
    "gnu": lambda e: tar_bytes(e, tarfile.GNU_FORMAT),
    "tar.gz": lambda e: gzip.compress(tar_bytes(e)),
    "cpio": cpio_bytes,
    "zip": zip_bytes,
    "deb": deb_bytes,
    "oci": lambda e: Layout([tar_bytes(e)]),
    "docker-archive": lambda e: docker_bytes([tar_bytes(e)]),
}
