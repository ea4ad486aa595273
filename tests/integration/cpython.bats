# SPDX-License-Identifier: Apache-2.0
# cpython.bats - CPython's own tests (Debian's libpython3.11-testsuite), outside and inside of a sandbox, compared test by
# test. What differs stands with its reason in cpython/expected.tsv. SRT_LONG runs all of the modules, else the short ones.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031,SC2015

load lib/sandbox

# The whole of a module takes longer than lib/sandbox's patience.
patience=240

setup_here() {
	export HOME=$PWD PATH=/usr/bin:/bin
	/usr/bin/python3 -c 'import test.test_os' 2>/dev/null || skip "no tests of CPython: libpython3.11-testsuite"
	mkdir -m 0777 out
}

# report FILE MODULE PREFIX…: the module's report as XML. Tests of AF_VSOCK wait for ever for a machine's own address, where
# root may ask for one.
report() {
	local xml=$1 module=$2
	shift 2
	timeout -k 5 "$patience" "$@" /usr/bin/python3 -m test --ignore '*VSOCK*' --junit-xml "$xml" "$module" >log 2>&1 </dev/null || true
}

# same MODULE FLAG…: it ends inside as it does outside, but for what is expected.
same() {
	local module=$1
	shift
	report "$PWD/out/outside.xml" "$module" env
	report /out/inside.xml "$module" "$SRT_BUILD/sandbox-runtime" exec --timeout 220 --memory 1G --cpu 2 --disk 512M \
		--mount "$PWD/out:/out:rw" "$@"
	[ -s out/outside.xml ] && [ -s out/inside.xml ] || { cat log; return 1; }
	run python3 "$SRT_TOP/tests/integration/cpython/compare.py" out/outside.xml out/inside.xml \
		"$SRT_TOP/tests/integration/cpython/expected.tsv" "$module"
	echo "$output"
	[ "$status" -eq 0 ]
}

long() { [ -n "${SRT_LONG:-}" ] || skip 'only with SRT_LONG=1'; }

@test "test_os ends inside as outside" { same test_os; }
@test "test_mmap ends inside as outside" { same test_mmap; }
@test "test_threading ends inside as outside" { long; same test_threading; }
@test "test_socket ends inside as outside" { long; same test_socket; }
@test "test_subprocess ends inside as outside" { long; same test_subprocess; }
@test "test_multiprocessing_fork ends inside as outside" { long; same test_multiprocessing_fork; }
