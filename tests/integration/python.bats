# SPDX-License-Identifier: Apache-2.0
# python.bats - contrib/python: installed as its users install it, its own tests, its types, its page.

load lib/sandbox

setup_file() {
	# The package is installed once, offline, with what Debian has; from a copy, as an editable install
	# writes beside its source.
	cp -r "$SRT_TOP/contrib/python" "$BATS_FILE_TMPDIR/python"
	/usr/bin/python3 -m venv --system-site-packages --without-pip "$BATS_FILE_TMPDIR/venv"
	export PYTHON=$BATS_FILE_TMPDIR/venv/bin/python3 SANDBOX_RUNTIME_PATH=$SRT_BUILD/srt
	"$PYTHON" -m pip install -q --disable-pip-version-check --no-build-isolation --no-index \
		-e "$BATS_FILE_TMPDIR/python[sandbox]"
}

# unit MODULE: its tests pass, by name.
unit() {
	run timeout -k 1 200 "$PYTHON" -m unittest -v "$1"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == OK* ]]
}

# examples PAGE COUNT: so many examples of the page, at least, print what is printed there.
examples() {
	cd "$BATS_TEST_TMPDIR/here" || return
	PATH=$BATS_FILE_TMPDIR/venv/bin:$SRT_BUILD:/usr/bin:/bin run timeout -k 1 100 \
		/usr/bin/python3 "$SRT_TOP/tests/integration/lib/examples" "$1"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} =~ ^([0-9]+)\ examples$ ]]
	[ "${BASH_REMATCH[1]}" -ge "$2" ]
}

setup_here() { cd "$BATS_FILE_TMPDIR/python/tests" || return; }

@test "is installed with pip and found from anywhere" {
	cd /
	run -0 "$PYTHON" -c "import athena.sandbox, athena.mcp; print(athena.sandbox.__version__)"
	[ "$output" = "$(sed -n 's/^version = "\(.*\)"/\1/p' "$SRT_TOP/contrib/python/pyproject.toml")" ]
}

@test "imports nothing but the standard library" {
	cd "$SRT_TOP/contrib/python/src"
	run -0 env -i /usr/bin/python3 -S -B -c "import athena.sandbox, athena.mcp"
}

@test "names, defaults, presets, policies and their file are as promised" { unit test_config; }
@test "runs: verdicts, limits, files, secrets, callbacks, asyncio" { unit test_run; }
@test "pool and adapters" { unit test_pool; }
@test "mode restricted" { unit test_restricted; }

@test "the types are whole" {
	[ -x /usr/bin/mypy ] || skip "mypy is not installed"
	cd "$BATS_FILE_TMPDIR/python"
	export MYPYPATH=src:tests
	run /usr/bin/mypy --config-file pyproject.toml --cache-dir "$BATS_TEST_TMPDIR/cache" src/athena/sandbox src/athena/mcp tests
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "the examples of the page run as printed" { examples "$SRT_TOP/docs/python.md" 20; }

@test "the Rust example builds and tells what became of the code, as its page prints it" {
	[ -x /usr/bin/rustc ] || skip "rustc is not installed"
	cp -r "$SRT_TOP/contrib" "$BATS_TEST_TMPDIR/here"
	examples contrib/rust/README.md 5
}

@test "workflow, compose file and Dockerfile ask for neither privileges nor the docker socket" {
	run ! grep -rnE '^[^#]*(privileged: *true|--privileged|docker\.sock)' "$SRT_TOP/contrib/ci" "$SRT_TOP/contrib/docker"
	/usr/bin/python3 -c "import yaml" 2>/dev/null || skip "python3-yaml is not installed"
	/usr/bin/python3 -c "
import sys, yaml
for path in sys.argv[1:]: assert isinstance(yaml.safe_load(open(path)), dict), path
" "$SRT_TOP"/contrib/ci/*.yml "$SRT_TOP"/contrib/docker/*.yaml
}
