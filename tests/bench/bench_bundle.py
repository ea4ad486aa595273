#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bench_bundle - srt-oci-bundle against bsdtar, GNU tar and umoci, in turns, on a file system in memory.

    bench_bundle.py PROGRAM [SVG]

BUNDLE_ROUNDS (5) rounds, or as many as begin within BUNDLE_SECONDS (600); in each, every row is measured once, and its ratio is taken to bsdtar's time of the same round.
Prints a table in Markdown: the median of the ratios, the lowest and the highest, the median time.  SVG: a plot of throughput
and of the sizes of the bundles that are in the caller's store.  A benchmark never fails a test run: a machine with other work
shows in the spread.
"""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.abspath(sys.argv[1])
SVG = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
ROUNDS = int(os.environ.get("BUNDLE_ROUNDS", "5"))
SECONDS = int(os.environ.get("BUNDLE_SECONDS", "600"))
PACKAGES = ["perl", "python3", "git", "vim", "systemd", "openssh-client"]
HERE = pathlib.Path(tempfile.mkdtemp(prefix="srt-bench-bundle.", dir="/dev/shm"))
CALLERS = dict(os.environ)
ENV = {**os.environ, "XDG_DATA_HOME": str(HERE / "data")}


def run(*argv, env=None, **more):
    return subprocess.run([str(a) for a in argv], check=True, cwd=HERE, env=env or ENV, stdout=subprocess.PIPE, **more).stdout


def timed(*argv, env=None):
    begun = time.monotonic()
    run(*argv, env=env)
    return time.monotonic() - begun


def fresh(name):
    shutil.rmtree(HERE / name, ignore_errors=True)
    (HERE / name).mkdir()


def make_inputs():
    (HERE / "r.json").write_text(json.dumps({
        "srtBundle": 1, "name": "root", "inputs": [{"id": "a", "type": "deb", "packages": PACKAGES}],
        "process": {"args": ["/bin/sh"]}}))
    run(PROGRAM, "build", "r.json", "-q", "-o", "./root")
    run(PROGRAM, "pack", "./root", "-q", "-t", "tar", "-o", "./root.tar")
    run(PROGRAM, "pack", "./root", "-q", "-c", "gzip", "-o", "./root.oci")
    run("sh", "-c", "gzip -kqn root.tar || true; zstd -q root.tar")
    # Five per cent of the bytes are others.
    shutil.copytree(HERE / "root", HERE / "other", symlinks=True)
    files = sorted((p for p in (HERE / "other/rootfs").rglob("*") if p.is_file() and not p.is_symlink()), key=lambda p: str(p))
    whole, changed = sum(p.stat().st_size for p in files), 0
    for p in files[::7]:
        size = p.stat().st_size
        if 0 < size < 100000 and changed + size < whole * 0.05:
            os.chmod(p, 0o644)
            with open(p, "ab") as f:
                f.write(b"other")
            changed += size
    os.remove(HERE / "other/manifest")
    run(PROGRAM, "pack", "./other", "-q", "-t", "tar", "-o", "./other.tar")
    return whole, len(files)


def ours(archive, warm=False):
    if not warm:
        shutil.rmtree(HERE / "data", ignore_errors=True)
    else:
        run(PROGRAM, "rm", "-q", "bench")
    return timed(PROGRAM, "build", archive, "--arg=/bin/sh", "-q", "-o", "bench")


def extract(*argv):
    fresh("out")
    return timed(*argv)


def umoci():
    shutil.rmtree(HERE / "umoci", ignore_errors=True)
    return timed("umoci", "unpack", "--rootless", "--image", "root.oci:latest", "umoci")


def sha_floor():
    return timed("sh", "-c", "find root/rootfs -type f -print0 | xargs -0 sha256sum >/dev/null")


def rounds():
    """One time for each row and round."""
    rows, begun = {}, time.monotonic()
    for i in range(ROUNDS):
        if i and time.monotonic() - begun > SECONDS:
            break
        def put(name, value):
            rows.setdefault(name, []).append(value)
        for suffix in ("", ".gz", ".zst"):
            archive = "root.tar" + suffix
            put("bsdtar " + archive, extract("bsdtar", "-xf", archive, "-C", "out"))
            put("tar " + archive, extract("tar", "-xf", archive, "-C", "out"))
            put("ours " + archive, ours(archive))
            if not suffix:
                put("warm " + archive, ours(archive, warm=True))
                put("verify", timed(PROGRAM, "verify", "bench", "--full", "-q"))
                put("floor", sha_floor())
        put("umoci", umoci())
        print(f"round {i + 1} of {ROUNDS}", file=sys.stderr)
    return rows


def ratio(rows, name, base):
    pairs = sorted(a / b for a, b in zip(rows[name], rows[base]))
    return f"{statistics.median(pairs):.2f} ({pairs[0]:.2f} to {pairs[-1]:.2f})"


def second_bundle():
    shutil.rmtree(HERE / "data", ignore_errors=True)
    run(PROGRAM, "build", "root.tar", "--arg=/bin/sh", "-q", "-o", "one")
    said = json.loads(run(PROGRAM, "build", "other.tar", "--arg=/bin/sh", "--json", "-o", "two"))
    return 100 * said["bytesWritten"] / (said["bytesWritten"] + said["bytesReused"])


def table(rows, size, count):
    med = {k: statistics.median(v) for k, v in rows.items()}
    print(f"{size / 1e6:.0f} MB in {count} files, {len(rows['umoci'])} rounds, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")
    print("| what | time to that of bsdtar | median |\n|---|---|---|")
    for name, base, words in (
            ("ours root.tar", "bsdtar root.tar", "`build` of a .tar, every file hashed and stored, cold"),
            ("warm root.tar", "bsdtar root.tar", "the same, the files being in the store"),
            ("ours root.tar.gz", "bsdtar root.tar.gz", ".tar.gz, cold"),
            ("ours root.tar.zst", "bsdtar root.tar.zst", ".tar.zst, cold"),
            ("tar root.tar", "bsdtar root.tar", "GNU tar, .tar"),
            ("tar root.tar.gz", "bsdtar root.tar.gz", "GNU tar, .tar.gz"),
            ("umoci", "bsdtar root.tar.gz", "`umoci unpack --rootless`, the same files as an image"),
            ("verify", "floor", "`verify --full`, to sha256sum of all files")):
        print(f"| {words} | {ratio(rows, name, base)} | {med[name]:.2f} s |")
    print(f"| a second bundle, five per cent of whose bytes are others | writes {second_bundle():.1f} % of its bytes | |")
    return med


def store_sizes():
    said = subprocess.run([PROGRAM, "ls", "--json"], env=CALLERS, stdout=subprocess.PIPE)
    names = {}
    for one in json.loads(said.stdout or b"[]") if said.returncode == 0 else []:
        if one.get("name"):
            names[one["name"]] = one["bytes"]
    return dict(sorted(names.items(), key=lambda kv: kv[1]))


def bars(x, y, width, title, values, unit):
    """One panel: a title, and a labelled bar for each value."""
    most = max(values.values(), default=1)
    out = [f'<text x="{x}" y="{y}" class="t">{title}</text>']
    for i, (name, value) in enumerate(values.items()):
        at = y + 16 + i * 24
        out.append(f'<text x="{x}" y="{at + 13}">{name}</text>')
        out.append(f'<rect x="{x + 190}" y="{at}" width="{max(1, (width - 270) * value / most):.1f}" height="17" rx="3" '
                   f'class="{"o" if name.startswith("srt-oci") or unit == "MB" else "p"}"/>')
        out.append(f'<text x="{x + 196 + (width - 270) * value / most:.1f}" y="{at + 13}" class="n">{value:.0f} {unit}</text>')
    return out, y + 16 + len(values) * 24 + 26


def plot(med, size):
    names = (("srt-oci-bundle, warm", "warm root.tar"), ("srt-oci-bundle, .tar", "ours root.tar"), ("bsdtar, .tar", "bsdtar root.tar"),
             ("GNU tar, .tar", "tar root.tar"), ("srt-oci-bundle, .zst", "ours root.tar.zst"), ("bsdtar, .zst", "bsdtar root.tar.zst"),
             ("srt-oci-bundle, .gz", "ours root.tar.gz"), ("bsdtar, .gz", "bsdtar root.tar.gz"), ("umoci, image", "umoci"))
    speed, y = bars(20, 30, 640, "throughput, MB of files a second", {n: size / 1e6 / med[k] for n, k in names}, "MB/s")
    sizes = {n: b / 1e6 for n, b in store_sizes().items()}
    more, y = bars(20, y + 6, 640, "sizes of bundles", sizes, "MB") if sizes else ([], y)
    pathlib.Path(SVG).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 {y}" font-family="system-ui, sans-serif" font-size="13">\n'
        '<!-- SPDX-License-Identifier: Apache-2.0; written by tests/bench/bench_bundle.py -->\n'
        '<style>svg { background: #fff; } text { fill: #222; } .t { font-weight: 650; font-size: 15px; } .n { fill: #666; } '
        '.o { fill: #b8451f; } .p { fill: #9aa5ad; }</style>\n' + "\n".join(speed + more) + "\n</svg>\n")


def main():
    try:
        size, count = make_inputs()
        rows = rounds()
        med = table(rows, size, count)
        if SVG:
            plot(med, size)
    finally:
        for top, dirs, _ in os.walk(HERE):
            for name in dirs:
                path = os.path.join(top, name)
                if not os.path.islink(path):
                    os.chmod(path, 0o755)
        shutil.rmtree(HERE, ignore_errors=True)


main()
