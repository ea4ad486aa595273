#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare two reports of CPython's own tests, outside and inside of a sandbox, test by test.

compare.py OUTSIDE.xml INSIDE.xml EXPECTED.tsv MODULE

EXPECTED.tsv has a line for each difference that is meant: the test, a tab, how it ends outside, a tab, how it ends
inside, a tab, why. "*" at the end of a test's name stands for all that begin so; "any" for every way to end. What
differs and is not there is printed, and the exit status is 1. The last line counts.
"""

import sys
from xml.etree import ElementTree

RESULTS = ("failure", "error", "skipped")


def read(path):
    """How each test ended. One whose subtests failed is missing: those have entries without a name."""
    ended = {}
    for case in ElementTree.parse(path).iter("testcase"):
        name = case.get("name")
        if not name:
            continue
        ended[name] = next((r for r in RESULTS if case.find(r) is not None), "completed")
    return ended


def expectations(path):
    for line in open(path, encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            test, outside, inside, why = line.rstrip("\n").split("\t")
            if not why:
                sys.exit(f"{path}: {test} has no reason")
            yield test, outside, inside


def is_expected(row, name, outside, inside):
    test, out, into = row
    fits = name.startswith(test[:-1]) if test.endswith("*") else name == test
    return fits and out in ("any", outside) and into in ("any", inside)


def main():
    outside, inside = read(sys.argv[1]), read(sys.argv[2])
    rows = list(expectations(sys.argv[3]))
    wrong = met = 0
    for name in sorted(set(outside) | set(inside)):
        out, into = outside.get(name, "missing"), inside.get(name, "missing")
        if out == into:
            continue
        if any(is_expected(r, name, out, into) for r in rows):
            met += 1
        else:
            wrong += 1
            print(f"{name}\t{out}\t{into}")
    passed = sum(r == "completed" for r in inside.values())
    print(f"{sys.argv[4]}: {len(inside)} tests inside, {passed} passed, {met} differ as expected, {wrong} otherwise")
    return wrong != 0 or passed == 0


sys.exit(main())
