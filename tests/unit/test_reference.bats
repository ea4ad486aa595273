# SPDX-License-Identifier: Apache-2.0
# test_reference.bats - docs/reference is what the tables say today.

generator=$SRT_BUILD/gen-bin/gen_reference

@test "the reference is current: make docs writes it anew" {
	for page in config rules mount-options ops limits; do
		"$generator" "$page" >"$BATS_TEST_TMPDIR/$page.md"
		diff -u "$SRT_TOP/docs/reference/$page.md" "$BATS_TEST_TMPDIR/$page.md"
	done
}

@test "a page that is not there is a mistake" {
	run "$generator" nope
	[ "$status" -eq 2 ]
	run "$generator"
	[ "$status" -eq 2 ]
}
