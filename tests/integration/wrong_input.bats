# SPDX-License-Identifier: Apache-2.0
# wrong_input.bats - wrong bundles: within a second, one line that names the place, and nothing left.
# bats file_tags=quick
# Filters and the scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2154

load lib/container

# Beyond what `refused` looks at: no file came or changed, and it was quick.
wrong() {
	local pattern=$1 command began took
	shift
	for command in run create; do
		find . -printf '%p %y %m %s %T@\n' | sort >"$BATS_TEST_TMPDIR/before"
		find "$BATS_FILE_TMPDIR/rootfs" "$XDG_RUNTIME_DIR" -printf '%p %y %m %s %T@\n' | sort >>"$BATS_TEST_TMPDIR/before"
		began=${EPOCHREALTIME/./}
		refused "$pattern" srt $command "$@" -b b x
		took=$((${EPOCHREALTIME/./} - began))
		[ "$took" -lt 1500000 ] || { echo "$took us"; return 1; } # a second, and the test's own looking around
		find . -printf '%p %y %m %s %T@\n' | sort >"$BATS_TEST_TMPDIR/after"
		find "$BATS_FILE_TMPDIR/rootfs" "$XDG_RUNTIME_DIR" -printf '%p %y %m %s %T@\n' | sort >>"$BATS_TEST_TMPDIR/after"
		diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	done
}

@test "an empty file" {
	mkdir b
	: >b/config.json
	wrong '*b/config.json: the document is empty'
}

@test "no file, and no bundle" {
	mkdir b
	wrong '*config.json*No such file*'
	rmdir b
	wrong '*b/config.json*No such file*'
}

@test "truncated JSON, wherever it ends" {
	bundle b : 'del(.mounts)'
	cp b/config.json whole
	size=$(wc -c <whole)
	for at in 1 2 $((size / 5)) $((size / 3)) $((size / 2)) $((size - 3)); do
		head -c "$at" whole >b/config.json
		run --separate-stderr srt run -b b x
		[ "$status" -eq 1 ]
		[[ $stderr =~ config.json:?.*[0-9]+:[0-9]+ ]] || said
		[ "$(wc -l <<<"$stderr")" -eq 1 ]
	done
	head -c "$((size / 2))" whole >b/config.json
	wrong '*config.json*:*'
}

@test "a 100 MB JSON" {
	mkdir b
	{ printf '{"ociVersion":"1.0.0","x":"'; head -c 104857600 /dev/zero | tr '\0' 'a'; printf '"}'; } >b/config.json
	wrong '*config.json*'
	rm b/config.json
	{ printf '{"ociVersion":"1.0.0","x":['; yes '1,' | head -c 104857600; printf '1]}'; } >b/config.json
	wrong '*config.json*'
}

@test "nesting 10,000 deep" {
	mkdir b
	for pair in '[]' '{}'; do
		{ printf '{"x":'; if [ "$pair" = '[]' ]; then printf '[%.0s' $(seq 10000); printf ']%.0s' $(seq 10000)
		else printf '{"a":%.0s' $(seq 10000); printf '1'; printf '}%.0s' $(seq 10000); fi; printf '}'; } >b/config.json
		wrong '*config.json*deep*'
	done
}

@test "a relative cwd" {
	bundle b : '.process.cwd = "tmp"'
	wrong '*/process/cwd*'
}

@test "a missing rootfs" {
	bundle b : '.root.path = "/no/such/rootfs"'
	wrong '*/root/path*/no/such/rootfs*No such file*'
	bundle b : '.root.path = "nowhere"'
	wrong '*/root/path*nowhere*No such file*'
	bundle b : 'del(.root)'
	wrong '*/root*'
}

@test "a rootfs that is a symlink, or a file" {
	bundle b : '.root.path = "link"'
	ln -s "$BATS_FILE_TMPDIR/rootfs" b/link
	wrong '*/root/path*symlink*'
	bundle b : '.root.path = "file"'
	: >b/file
	wrong '*/root/path*irectory*'
}

@test "an id that is taken" {
	bundle b "$SLEEP"
	detached x b
	for command in run create; do
		run --separate-stderr srt $command -b b x
		[ "$status" -eq 1 ]
		[[ $stderr == *'"x"'*exists* ]]
		[ "$(wc -l <<<"$stderr")" -eq 1 ]
	done
	[ "$(status_of x)" = running ]
}

@test "the same id, device or mapping twice in a config" {
	bundle b : '.linux.namespaces += [{type: "uts"}]'
	wrong '*/linux/namespaces*uts*'
	bundle b : '.process.rlimits = [{type: "RLIMIT_CORE", soft: 0, hard: 0}, {type: "RLIMIT_CORE", soft: 1, hard: 1}]'
	wrong '*/process/rlimits*'
}

@test "an unknown capability" {
	bundle b : '.process.capabilities.bounding += ["CAP_NO_SUCH"]'
	wrong '*/process/capabilities/bounding*CAP_NO_SUCH*'
}

@test "an unknown namespace, and a path to none" {
	bundle b : '.linux.namespaces += [{type: "nosuch"}]'
	wrong '*/linux/namespaces/*nosuch*'
	bundle b : '.linux.namespaces |= map(if .type == "network" then .path = "/proc/1/ns/nosuch" else . end)'
	wrong '*/linux/namespaces/*/proc/1/ns/nosuch*No such file*'
	: >file
	bundle b : '.linux.namespaces |= map(if .type == "network" then .path = $f else . end)' --arg f "$PWD/file"
	wrong '*/linux/namespaces/*/file*'
}

@test "wrong types and impossible combinations" {
	while read -r place filter; do
		bundle b : "$filter"
		wrong "*$place*"
	done <<-'LIST'
		/process/args .process.args = "sh"
		/process/args .process.args = []
		/process/user/uid .process.user.uid = -1
		/process/user/uid .process.user.uid = 4294967295
		/process/env/0 .process.env = [7]
		/ociVersion .ociVersion = "2.0.0"
		config.json*ociVersion del(.ociVersion)
		/root/readonly .root.readonly = "yes"
		/mounts/0/destination .mounts[0].destination = 5
		/process/rlimits/0 .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 9, hard: 8}]
		/process/rlimits/0/type .process.rlimits = [{type: "RLIMIT_NOSUCH", soft: 9, hard: 9}]
		/hooks/prestart/0/path .hooks = {prestart: [{path: "relative"}]}
		/linux/seccomp .linux.seccomp = {defaultAction: "SCMP_ACT_NOSUCH"}
		/linux/seccomp/syscalls/0 .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["read"], action: "SCMP_ACT_ERRNO", args: [{index: 7, value: 1, op: "SCMP_CMP_EQ"}]}]}
		/hostname .linux.namespaces |= map(select(.type != "uts"))
		/linux/timeOffsets .linux.timeOffsets = {boottime: {secs: 1}}
		/linux/rootfsPropagation .linux.rootfsPropagation = "sideways"
	LIST
}
