# SPDX-License-Identifier: Apache-2.0
# test_docs.bats - what the documents point at is there: links, files, and the tests that they name. So is what the linker is told of.

# The documents in single quotes are markdown.
# shellcheck disable=SC2016

# faults FILE…: one line for every pointer to nothing.
faults() {
	python3 - "$@" <<'PY'
import pathlib, re, sys

TREES = r"(?:spec|runtime|bundle|rootfs-tools|tests|contrib|docs)/"
count = 0
for name in sys.argv[1:]:
    doc = pathlib.Path(name)
    text = doc.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        count += 1
        if not link.startswith("http") and not (doc.parent / link).exists():
            print(f"{name}: link to {link}")
    # `path` or `path: a test that it holds`
    for path, held in re.findall(rf"`({TREES}[\w./-]*)(?:: ([^`]+))?`", text):
        count += 1
        file = pathlib.Path(path)
        if not file.exists():
            print(f"{name}: no {path}")
        elif held and not re.search(rf"(@test \"{re.escape(held)}\"|\b{re.escape(held)}\()", file.read_text(encoding="utf-8")):
            print(f"{name}: no test \"{held}\" in {path}")
print(f"{count} pointers", file=sys.stderr)
sys.exit(0 if count else 1)
PY
}

@test "links, files and tests that the documents name are there" {
	cd "$SRT_TOP"
	found=$(faults README.md CHANGELOG.md docs/*.md)
	echo "$found"
	[ -z "$found" ]
}

@test "a pointer to nothing is found" {
	cd "$SRT_TOP"
	{
		echo '[x](no/such.md) `runtime/no.c` `tests/unit/test_docs.bats: no such test`'
		echo '`tests/unit/test_docs.bats: a pointer to nothing is found`'
	} >"$BATS_TEST_TMPDIR/doc.md"
	found=$(faults "$BATS_TEST_TMPDIR/doc.md")
	[ "$(wc -l <<<"$found")" -eq 3 ]
}

@test "the files that first.ld puts first are there" {
	cd "$SRT_TOP"
	local named name
	named=$(sed -n 's/^\t*\*:\([a-z_]*\)\.o(.*/\1/p' runtime/first.ld | sort -u)
	[ -n "$named" ]
	for name in $named; do
		find runtime spec -name "$name.c" | grep . || { echo "$name" && false; }
	done
}
