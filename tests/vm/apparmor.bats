# SPDX-License-Identifier: Apache-2.0
# apparmor.bats - AppArmor profiles: applied to the payload and to exec, told where they are missing, survived where they take
# the rights away. The profiles are those of apparmor.profile, which the guest has loaded.
# vm guests: cloud-plain
# shellcheck disable=SC2016,SC2154

load lib/vm

@test "the payload is under its profile, and what that denies is denied; exec may have another" {
	bundle b 'cat /proc/self/attr/apparmor/current; touch /tmp/allowed && echo allowed; touch /tmp/forbidden || echo denied
		'"$SLEEP" '.process.apparmorProfile = "srt-test"'
	detached x b
	eventually file_has out denied
	grep -qx 'srt-test (enforce)' out
	grep -qx allowed out
	[ "$(tr -d '\0' <"/proc/$pid/attr/apparmor/current")" = 'srt-test (enforce)' ]
	run --separate-stderr srt exec x sh -c 'cat /proc/self/attr/apparmor/current; touch /tmp/forbidden || echo denied'
	has 'srt-test (enforce)'
	has denied
	run --separate-stderr srt exec --apparmor srt-test-other x \
		sh -c 'cat /proc/self/attr/apparmor/current; touch /tmp/forbidden && echo allowed; touch /tmp/other || echo denied'
	has 'srt-test-other (enforce)'
	has allowed
	has denied
}

@test "a profile that is not loaded is refused by its name" {
	bundle b 'echo ran' '.process.apparmorProfile = "srt-no-such-profile"'
	refused '*/process/apparmorProfile*srt-no-such-profile*' srt run -b b x
}

@test "where a profile takes the rights in a user namespace away, the start fails in one line and leaves nothing" {
	only user
	bundle b 'echo ran'
	refused 'srt-oci: *' aa-exec -p srt-test-no-rights -- "$SRT_OCI" --root "$state" run -b b x
	echo "$stderr"
}
