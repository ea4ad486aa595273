# SPDX-License-Identifier: Apache-2.0
# security_state.bats - names, state directories and hooks: what a stranger wrote is not believed, what is ours is not lent.
# Filters and the scripts of payloads expand what they are given themselves.
# shellcheck disable=SC2016,SC2154

load lib/container
load lib/security

setup_here_file() {
	payload
}

teardown_here() {
	[ -z "${stranger-}" ] || kill -KILL "$stranger" 2>/dev/null || true
	[ ! -e theirs ] || rm -rf theirs
}

# --- names -------------------------------------------------------------------------------------------------------------

@test "an id that could be a path or a line is refused" {
	tree b
	bundle b 'echo ran'
	mkdir -p state/in
	for id in .. . ../host a/b /etc "$here/host" $'a\n' $'a\nb' 'a b' 'a*' -x '.hidden' 'ä' "$(printf 'a%.0s' {1..300})"; do
		for command in run create state start kill delete; do
			before=$(host_now)
			run srt "$command" -- "$id" <<<''
			[ "$status" -ge 1 ] && [ "$status" -le 2 ]
			[ "$before" = "$(host_now)" ]
		done
		spares srt run -b b -- "$id"
		without ran out
	done
}

@test "a cgroup path that leaves its tree is refused" {
	tree b
	for path in /a/../../etc ../x /.. a/.. $'/a\nb'; do
		bundle b 'echo ran' '.linux.cgroupsPath = $path' --arg path "$path"
		refused '*/linux/cgroupsPath*' srt run -b b x
	done
}

@test "kernel parameters of the host are refused, under any name" {
	tree b
	for name in kernel.core_pattern kernel/core_pattern net/../kernel/core_pattern kernel.shm_rmid_forced/../core_pattern \
		net.ipv4.ip_forward/../../../kernel/core_pattern /proc/sys/kernel/core_pattern fs.mqueue.../../kernel.core_pattern \
		kernel.modprobe kernel.sysrq fs.file-max vm.overcommit_memory net.. kernel. ''; do
		bundle b 'echo ran' '.linux.sysctl = {($name): "1"}' --arg name "$name"
		refused '*/linux/sysctl*' srt run -b b x
	done
	bundle b 'cat /proc/sys/kernel/msgmax' "$jq_defs"' without("ipc") | .linux.sysctl = {"kernel.msgmax": "8000"}'
	refused '*would change the host*' srt run -b b x
}

@test "uids that are no uids are refused" {
	tree b
	bundle b "$SLEEP"
	for uid in -1 4294967295 4294967296 4294967297 0.5; do
		bundle c 'id -u' '.root.path = $root | .process.user.uid = $uid' --argjson uid "$uid" --arg root "$here/b/rootfs"
		refused '*/process/user/uid*' srt run -b c y
	done
}

# --- the state directory -----------------------------------------------------------------------------------------------

@test "a state directory that is a symlink, or that everybody may write to, is refused" {
	tree b
	bundle b 'echo ran'
	ln -s host state-link
	mkdir -m 0777 open
	for root in state-link open; do
		for command in 'run -b b x' 'state x' 'delete --force x' list; do
			# shellcheck disable=SC2086 # words
			run "$SRT_OCI" --root "$here/$root" $command
			[ "$status" -eq 1 ]
			[[ $output != *ran* ]]
		done
	done
	[ "$(ls host)" = marker ]
}

@test "an entry that is a symlink is not followed" {
	mkdir -m 0700 "$state"
	mkdir host/entry
	echo '{}' >host/entry/state.json
	ln -s "$here/host/entry" "$state/x"
	for command in 'state x' 'start x' 'kill x' 'pause x' 'delete x' 'delete --force x' 'exec x true'; do
		# shellcheck disable=SC2086 # words
		spares srt $command
		grep -q x err
	done
	rm "$state/x"
}

# entry ID PID START: a state as somebody could write it.
entry() {
	mkdir -p "$state/$1"
	chmod 0700 "$state" "$state/$1"
	jq -n --arg id "$1" --argjson pid "$2" --argjson start "$3" '{ociVersion: "1.3.0", id: $id, pid: $pid,
		pidStart: $start, bundle: "/", rootfs: "/", created: "2020-01-01T00:00:00Z"}' >"$state/$1/state.json"
}
start_time() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; }

@test "a process that took the number of a dead container's gets no signal" {
	sleep 60 3>&- &
	stranger=$!
	entry x "$stranger" "$(($(start_time "$stranger") - 1))"
	[ "$(srt state x | jq -r .status)" = stopped ]
	run ! srt kill x KILL
	srt delete --force x
	kill -0 "$stranger"
	# Naive is to send to the number that is written there: it would have been alive to take it.
	entry x "$stranger" "$(start_time "$stranger")"
	[ "$(srt state x | jq -r .status)" = running ]
	srt delete --force x
	run ! kill -0 "$stranger"
}

# as_user COMMAND…: as the ordinary user of the tests, in ./theirs, a directory of his.
as_user() {
	[ -d theirs ] || install -d -o "$SRT_TEST_USER" -g "$(id -g "$SRT_TEST_USER")" -m 0700 theirs
	(
		cd theirs || exit
		setpriv --reuid="$SRT_TEST_USER" --regid="$(id -g "$SRT_TEST_USER")" --init-groups --inh-caps=-all -- \
			env HOME="$PWD" TMPDIR="$PWD" XDG_RUNTIME_DIR="$PWD" "$@"
	)
}
theirs() { timeout -k 1 10 "$SRT_OCI" --root "$here/theirs/state" "$@"; }

# user_container COMMAND [FILTER]: a container of that user, created and not started, under the id x.
user_container() {
	chmod a+x "$BATS_TEST_TMPDIR" "$here" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR" "$TMPDIR"
	tree theirs_b
	bundle theirs_b "$1" "$jq_defs"'with("user") | .linux.uidMappings = [{containerID: 0, hostID: $uid, size: 1}] |
		.linux.gidMappings = [{containerID: 0, hostID: $gid, size: 1}] | '"${2:-.}" \
		--argjson uid "$(id -u "$SRT_TEST_USER")" --argjson gid "$(id -g "$SRT_TEST_USER")" --arg here "$here"
	as_user true
	cp -r theirs_b theirs/b
	chown -R "$SRT_TEST_USER" theirs/b
	as_user timeout 10 "$SRT_OCI" --root "$here/theirs/state" create -b b x >out 2>&1 </dev/null 3>&- || { cat out; false; }
}

@test "root looks at, signals and deletes a user's container" {
	only_root
	user_container "$SLEEP"
	[ "$(theirs state x | jq -r '.status + " " + .owner')" = "created $SRT_TEST_USER" ]
	as_user timeout 10 "$SRT_OCI" --root "$here/theirs/state" start x
	theirs kill x KILL
	eventually sh -c '"$0" --root "$1" state x | grep -q stopped' "$SRT_OCI" "$here/theirs/state"
	theirs delete x
}

@test "root runs no program, no hook and no start of a user's container" {
	only_root
	printf '#!/bin/sh\nid -u >>%s/host/ran\n' "$here" >hook
	chmod 0755 hook
	user_container "$SLEEP" '.hooks = {poststart: [{path: "\($here)/hook"}], poststop: [{path: "\($here)/hook"}]}'
	spares theirs start x
	grep -q 'belongs to uid' err
	spares theirs exec x true
	grep -q 'belongs to uid\|cannot exec' err
	as_user timeout 10 "$SRT_OCI" --root "$here/theirs/state" delete --force x >out 2>&1 || true
	rm -rf host/ran
	as_user timeout 10 "$SRT_OCI" --root "$here/theirs/state" create -b b x >out 2>&1 </dev/null 3>&-
	spares theirs delete --force x
}

@test "root sends no signal to a stranger whom a user's state names" {
	only_root
	sleep 60 3>&- &
	stranger=$!
	as_user mkdir -m 0700 state state/x
	state=$here/theirs/state entry x "$stranger" "$(start_time "$stranger")"
	chown -R "$SRT_TEST_USER" theirs/state
	for command in 'kill x KILL' 'kill --all x KILL' 'pause x'; do
		# shellcheck disable=SC2086 # words
		run theirs $command
		[ "$status" -eq 1 ]
	done
	theirs delete --force x
	kill -0 "$stranger"
}

@test "root follows no link that a user made on the way to a state directory" {
	only_root
	as_user ln -s "$here/host" link
	mkdir -m 0700 host/state
	for command in 'list -q' 'delete --force x' 'state x'; do
		# shellcheck disable=SC2086 # words
		spares "$SRT_OCI" --root "$here/theirs/link/state" $command
		[ -s err ]
	done
}

# --- hooks (CVE-2025-23266) --------------------------------------------------------------------------------------------

hook_kinds='prestart createRuntime createContainer poststart poststop'

@test "a hook gets its own environment, a safe directory, and no fds of ours" {
	cat >hook <<-'END'
		#!/bin/sh
		exec >>"$1"
		pwd
		tr '\0' '\n' </proc/self/environ
		ls -l /proc/self/fd
	END
	chmod 0755 hook
	tree b
	with_own_fds() {
		LD_PRELOAD=/nonexistent/evil.so SECRET=of-the-caller BASH_ENV=$here/hook "$@" 3<host 4<host 9<host
	}
	for kind in $hook_kinds; do
		: >said
		bundle b true '.hooks = {($kind): [{path: "\($here)/hook", args: ["hook", "\($here)/said"], env: ["MINE=1"]}]}' \
			--arg kind "$kind" --arg here "$here"
		with_own_fds timeout 10 "$SRT_OCI" --root "$state" run -b b x >out 2>err </dev/null || { cat err said; false; }
		[ "$(head -n 1 said)" = / ]
		grep -qx MINE=1 said
		for word in LD_PRELOAD SECRET "$here/host" "$state"; do
			without "$word" said
		done
		# The first three, and the directory itself.
		sed -n 's/.* \([0-9]*\) -> \(.*\)/\1 \2/p' said | sed -E '/^([012] |3 \/proc\/)/d' >others
		[ ! -s others ] || { cat others; false; }
	done
	bundle b true '.hooks = {prestart: [{path: $hook}]}' --arg hook "$here/naive-hook"
	printf '#!/bin/sh\nenv; ls -l /proc/$$/fd\n' >naive-hook
	chmod 0755 naive-hook
	says SECRET with_own_fds naive b
	says "$here/host" with_own_fds naive b
}

@test "the payload gets the environment of its config alone" {
	tree b
	bundle b 'env'
	LD_PRELOAD='' SECRET=of-the-caller says PATH=/bin srt run -b b x
	without SECRET out
	SECRET=of-the-caller says SECRET naive b
}
