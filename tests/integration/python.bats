# SPDX-License-Identifier: Apache-2.0
# python.bats - contrib/python: installed as its users install it, its own tests, its types, its page.

load lib/sandbox

setup_file() {
	# The package is installed once, offline, with what Debian has; a copy, as an editable install writes beside the source.
	cp -r "$SRT_TOP/contrib/python" "$BATS_FILE_TMPDIR/python"
	/usr/bin/python3 -m venv --system-site-packages --without-pip "$BATS_FILE_TMPDIR/venv"
	export PYTHON=$BATS_FILE_TMPDIR/venv/bin/python3 SANDBOX_RUNTIME_PATH=$SRT_BUILD/srt
	"$PYTHON" -m pip install -q --disable-pip-version-check --no-build-isolation --no-index -e "$BATS_FILE_TMPDIR/python[sandbox]"
}

# unit MODULE: its tests pass, by name.
unit() {
	run timeout -k 1 200 "$PYTHON" -m unittest -v "$1"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == OK* ]]
}

setup_here() { cd "$BATS_FILE_TMPDIR/python/tests" || return; }

@test "is installed with pip and found from anywhere" {
	cd /
	run -0 "$PYTHON" -c "import athena.sandbox, athena.mcp; print(athena.sandbox.__version__)"
	[ "$output" = "$(sed -n 's/^version = "\(.*\)"/\1/p' "$SRT_TOP/contrib/python/pyproject.toml")" ]
}

@test "imports nothing but the standard library" {
	run -0 env -i /usr/bin/python3 -S -I -c "import sys; sys.path.append('$SRT_TOP/contrib/python/src'); import athena.sandbox, athena.mcp"
}

@test "names, defaults, presets, policies and their file are as promised" { unit test_config; }
@test "runs: verdicts, limits, files, secrets, callbacks, asyncio" { unit test_run; }
@test "pool and adapters" { unit test_pool; }
@test "mode restricted" { unit test_restricted; }

@test "the types are whole" {
	command -v /usr/bin/mypy >/dev/null || skip "mypy is not installed"
	cd "$BATS_FILE_TMPDIR/python"
	run /usr/bin/mypy --config-file pyproject.toml --cache-dir "$BATS_TEST_TMPDIR/cache" -p athena.sandbox -p athena.mcp
	echo "$output"
	[ "$status" -eq 0 ]
	MYPYPATH=src run /usr/bin/mypy --config-file pyproject.toml --cache-dir "$BATS_TEST_TMPDIR/cache" tests
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "the examples of the page run as printed" {
	cd "$BATS_TEST_TMPDIR/here"
	PATH=$BATS_FILE_TMPDIR/venv/bin:$SRT_BUILD:/usr/bin:/bin run timeout -k 1 100 \
		/usr/bin/python3 "$SRT_TOP/tests/integration/lib/examples" "$SRT_TOP/docs/python.md"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} =~ ^([0-9]+)\ examples$ ]]
	[ "${BASH_REMATCH[1]}" -ge 15 ]
}
