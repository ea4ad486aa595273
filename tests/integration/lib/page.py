#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""page - opens the page of inspect --html in a headless browser and looks at what it made of itself.

    page.py BROWSER PAGE FILES SIZE [PICTURE]   SIZE is as the page says it, without its B: "30.6 M"

The map must have been drawn and the tables filled, without a message on the console.  Exit status 1 if not.
"""
import re
import subprocess
import sys
import tempfile

BROWSER, PAGE, FILES, SIZE = sys.argv[1:5]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000", "--window-size=1280,1400"]


def browse(*more):
    with tempfile.TemporaryDirectory() as home:
        return subprocess.run([BROWSER, *FLAGS, f"--user-data-dir={home}", "--enable-logging=stderr", *more, "file://" + PAGE],
                              capture_output=True, text=True, timeout=120)


def main():
    said = browse("--dump-dom")
    dom, faults = said.stdout, []
    if re.search(r"CONSOLE.*(Error|Refused)", said.stderr):
        faults.append("the console says: " + "; ".join(l for l in said.stderr.splitlines() if "CONSOLE" in l))
    if len(re.findall(r"<rect ", dom)) < 10:
        faults.append("no map was drawn")
    if f"<b>{int(FILES):,}</b>" not in dom:
        faults.append(f"it does not say {FILES} files")
    if f"<b>{SIZE}B</b>" not in dom:
        faults.append(f"it does not say {SIZE}B")
    if not re.search(r"<tbody id=\"inputs\"><tr", dom):
        faults.append("no package is listed")
    if len(sys.argv) > 5:
        browse("--screenshot=" + sys.argv[5])
    print("\n".join(faults) or "the page is whole")
    sys.exit(bool(faults))


main()
