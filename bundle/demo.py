# SPDX-License-Identifier: Apache-2.0
# What Python sees from inside the bundle; given to the container on standard input.
import os, sys
import asyncio, ctypes, decimal, json, multiprocessing, sqlite3, ssl

print("version:", sys.version.split()[0], "with", ssl.OPENSSL_VERSION, "and SQLite", sqlite3.sqlite_version)
print("uid:    ", os.getuid(), "inside, which is", open("/proc/self/uid_map").read().split()[1], "outside")
try:
    open("/written", "w")
    sys.exit("/ could be written")
except OSError as e:
    print("write to /:", e)
for line in open("/proc/self/mountinfo"):
    if line.split()[4] == "/":
        print("mount of /:", line.strip())
        break
