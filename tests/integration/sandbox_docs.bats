# SPDX-License-Identifier: Apache-2.0
# sandbox_docs.bats - every example of docs/sandbox.md, as it is printed there.

load lib/sandbox

@test "the examples of the page run as printed" {
	XDG_DATA_HOME=$PWD/.data PATH=$SRT_BUILD:/usr/local/bin:/usr/bin:/bin run python3 "$SRT_TOP/tests/integration/lib/examples" "$SRT_TOP/docs/sandbox.md"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} =~ ^([0-9]+)\ examples$ ]]
	[ "${BASH_REMATCH[1]}" -ge 30 ]
}

@test "the example of the pool's page runs as printed" {
	PATH=$SRT_BUILD:/usr/local/bin:/usr/bin:/bin run python3 "$SRT_TOP/tests/integration/lib/examples" "$SRT_TOP/docs/pool.md"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == 2\ examples ]]
}
