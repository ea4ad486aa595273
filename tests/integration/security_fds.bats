# SPDX-License-Identifier: Apache-2.0
# security_fds.bats - nothing of the host's is handed into the container: fds, working directories, our program, our memory.
# Filters and the scripts of payloads expand what they are given themselves.
# shellcheck disable=SC2016,SC2154

load lib/container
load lib/security

setup_here_file() {
	payload payload_hunter payload_escape
}

teardown_here() {
	[ -z "${naive_pid-}" ] || kill -KILL "$naive_pid" 2>/dev/null || true
}

# with_fds COMMAND…: as a caller would run it who has fds 3 to 20 open on ./host.
with_fds() {
	"$@" 3<host 4<host 5<host 6<host 7<host 8<host 9<host 10<host 11<host 12<host 13<host 14<host 15<host 16<host \
		17<host/marker 18<host/marker 19<host/marker 20<host
}

# background DIR: the naive runtime runs it; sets naive_pid.
background() {
	naive "$1" >naive.out 2>&1 3>&- &
	eventually test -s "$1/naive.pid"
	naive_pid=$(cat "$1/naive.pid")
}
naive_exec() { timeout -k 1 10 "$naive_program" exec "$naive_pid" "$@"; }

# --- file descriptors (CVE-2016-9962, CVE-2024-21626) ------------------------------------------------------------------

# The shell's own, of which the last lists the directory.
list='ls -l /proc/$$/fd'
fd_numbers() { sed -n 's/.* \([0-9]*\) -> .*/\1/p' out | sort -n | tr '\n' ' '; }

@test "run hands on no fd but the first three" {
	tree b
	bundle b "$list"
	says ' -> /dev/null' with_fds srt run -b b x
	[ "$(fd_numbers)" = '0 1 2 ' ]
	without "$here/host" out
	says "$here/host" with_fds naive b
}

@test "create and start hand on no fd but the first three, of neither caller" {
	tree b
	bundle b "exec >&2; $list"
	with_fds srt create -b b x >out 2>&1
	with_fds srt start x
	eventually has_status x stopped
	[ "$(fd_numbers)" = '0 1 2 ' ]
	without "$here/host" out
}

@test "what waits for start holds nothing but the standard streams and the socket on which it waits" {
	as_root || skip 'only root may look into it'
	bundle b true
	srt create -b b x >out 2>&1 </dev/null
	pid=$(srt state x | jq .pid)
	run -0 ls -l "/proc/$pid/fd"
	[ "$(grep -c -- '->' <<<"$output")" -eq 4 ] && [ "$(grep -c 'socket:' <<<"$output")" -eq 1 ] || { echo "$output"; false; }
	srt delete --force x
}

@test "a detached run and exec hand on no fd but the first three" {
	tree b
	bundle b "exec >&2; $list; $SLEEP"
	with_fds srt run -d -b b x >out 2>&1
	eventually grep -q ' 2 -> ' out
	[ "$(fd_numbers)" = '0 1 2 ' ]
	for options in '' --detach; do
		# shellcheck disable=SC2086 # none or one
		with_fds srt exec $options x sh -c "exec >&2; $list" >out 2>&1
		eventually grep -q ' 2 -> ' out
		[ "$(fd_numbers)" = '0 1 2 ' ]
		without "$here/host" out
	done
	background b
	says "$here/host" with_fds naive_exec / sh -c "$list"
}

@test "--preserve-fds hands on that many and no more" {
	tree b
	bundle b "exec >&2; $list; $SLEEP"
	with_fds srt run -d --preserve-fds 2 -b b x >out 2>&1
	eventually grep -q ' 2 -> ' out
	[ "$(fd_numbers)" = '0 1 2 3 4 ' ]
	with_fds srt exec --preserve-fds 1 x sh -c "exec >&2; $list" >out 2>&1
	[ "$(fd_numbers)" = '0 1 2 3 ' ]
}

@test "--preserve-fds of what is not open is refused, and nothing takes its number" {
	tree b
	bundle b 'echo ran'
	# bats has its own from 3 on.
	only_these() { "$@" 3<host 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; }
	refused '*--preserve-fds 2: fd 4 is not open' only_these srt run --preserve-fds 2 -b b x
}

@test "sockets of activation are handed on only to whom they were meant for" {
	tree b
	bundle b "exec >&2; $list; echo \"for \$LISTEN_FDS \$LISTEN_PID\""
	LISTEN_FDS=1 with_fds srt run -b b x >out 2>&1
	[ "$(fd_numbers)" = '0 1 2 3 ' ]
	grep -qx 'for 1 1' out
	LISTEN_FDS=1 LISTEN_PID=1 with_fds srt run -b b x >out 2>&1
	[ "$(fd_numbers)" = '0 1 2 ' ]
	grep -qx 'for  ' out
}

# --- the working directory (CVE-2024-21626) ----------------------------------------------------------------------------

# All that could name a directory of a runtime's, or of its caller's.
magic_directories() {
	local n
	printf '%s\n' /proc/self/cwd /proc/thread-self/cwd /proc/self/root/.. /proc/1/cwd /proc/1/root /mnt/cwd /mnt/fd/7
	for n in 3 4 5 6 7 8 9 10 11 12 20; do echo "/proc/self/fd/$n"; done
}

prepare_links() {
	tree "$1"
	ln -s /proc/self/cwd "$1/rootfs/mnt/cwd"
	ln -s ../proc/self/fd "$1/rootfs/mnt/fd"
}

@test "run and create do not enter a working directory through a magic link" {
	prepare_links b
	for cwd in $(magic_directories); do
		bundle b 'cat marker ./host/marker; echo ran' '.process.cwd = $cwd' --arg cwd "$cwd"
		for how in run create; do
			hides 'of the host' with_fds srt $how -b b x
			without ran out
			grep -q 'open the working directory' err || { echo "$cwd"; cat err; false; }
			srt delete --force x
		done
	done
	bundle b 'cat host/marker' '.process.cwd = "/proc/self/fd/7"'
	says 'of the host' naive_with_bundle_inside
}
# The naive runtime leaks the bundle's directory.
naive_with_bundle_inside() {
	cp -r host b/host
	naive b
}

@test "exec does not enter a working directory through a magic link" {
	prepare_links b
	bundle b "$SLEEP"
	detached x b
	for cwd in $(magic_directories); do
		hides 'of the host' with_fds srt exec --cwd "$cwd" x sh -c 'cat marker ./host/marker; echo ran'
		without ran out
		jq --arg cwd "$cwd" '.process | .cwd = $cwd | .args = ["sh", "-c", "cat marker ./host/marker; echo ran"]' \
			b/config.json >process.json
		hides 'of the host' with_fds srt exec --process process.json x
		without ran out
	done
	background b
	says 'of the host' naive_exec /proc/self/fd/7 cat host/marker
}

# --- our own program (CVE-2019-5736) -----------------------------------------------------------------------------------

# own_program: a copy of the runtime that belongs to the caller, who may write to it.
own_program() {
	cp "$SRT_OCI" program
	chmod u+w program
	SRT_OCI=$here/program
	sum=$(sha256sum <program)
	cp "$naive_program" naive
	chmod u+w naive
	naive_program=$here/naive
}

all_caps='.process.capabilities = ([$caps[] | "CAP_" + .] as $all |
	{bounding: $all, effective: $all, permitted: $all, inheritable: [], ambient: []})'
# The capabilities of a usual container, and all that there are.
capability_sets=('["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETUID", "SETGID"]'
	'["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETUID", "SETGID", "SYS_PTRACE", "SYS_ADMIN", "DAC_READ_SEARCH", "SETPCAP",
	"FSETID", "SYS_CHROOT", "MKNOD", "NET_ADMIN", "SYS_RESOURCE"]')

# hunting DIR CAPS MS [FILTER]: a bundle whose first process lies in wait; ./hunt gets what it says.
hunting() {
	tree "$1"
	cp "$BATS_FILE_TMPDIR/hunter" "$1/rootfs/bin/hunter"
	bundle "$1" '' "$all_caps"' | .process.args = ["/bin/hunter", $ms, "/bin/"] | .root.readonly = false |
		.mounts += [{destination: "/etc/out", type: "bind", source: $out, options: ["bind"]}] |
		del(.process.noNewPrivileges)' --argjson caps "$2" --arg ms "$3" --arg out "$here/hunt"
}

# hunted N: that many newcomers were looked at.
hunted() { [ "$(grep -c ^hunted hunt)" -ge "$1" ]; }

@test "the program cannot be written by a payload that is the program, at run" {
	own_program
	tree b
	printf '#!/proc/self/exe\n' >b/rootfs/bin/again
	chmod +x b/rootfs/bin/again
	for entry in /proc/self/exe /bin/again; do
		# Whoever runs as the program finds its file, and tries again once nobody does.
		bundle b '' '.process.args = [$entry, "--version"]' --arg entry "$entry"
		srt run -b b x >out 2>&1 </dev/null || true
		[ "$(sha256sum <program)" = "$sum" ]
	done
	bundle b 'exec 4</proc/self/exe 5<>/proc/self/exe; echo opened' '.process.args[0] = "/bin/sh"'
	hides opened srt run -b b x
}

@test "the program cannot be written by a container that exec runs it in" {
	own_program
	for caps in "${capability_sets[@]}"; do
		: >hunt
		hunting b "$caps" 20000
		printf '#!/proc/self/exe\n' >b/rootfs/bin/bait
		chmod +x b/rootfs/bin/bait
		srt run -d -b b x >hunt 2>&1 3>&-
		eventually grep -q ready hunt
		for _ in 1 2 3 4 5; do
			srt exec x /bin/bait >out 2>&1 </dev/null || true
		done
		eventually hunted 1
		sleep 0.3
		without wrote hunt
		[ "$(sha256sum <program)" = "$sum" ]
		srt delete --force x
		rm -rf b
	done
}

@test "the naive program is written by a container that exec runs it in" {
	own_program
	hunting b "${capability_sets[0]}" 8000
	printf '#!/proc/self/exe\n' >b/rootfs/bin/bait
	chmod +x b/rootfs/bin/bait
	background b
	eventually grep -q ready naive.out
	# A newcomer is caught only if the hunter runs while it does, which a busy machine makes a matter of luck.
	for _ in $(seq 60); do
		naive_exec / /bin/bait >out 2>&1 </dev/null || true
		if grep -q '^exe .*/naive$' naive.out && grep -qE '^(mem|ptrace) ' naive.out; then break; fi
	done
	# The first process runs from its own file, so nobody runs naive now but who waits for it.
	kill -KILL "$naive_pid"
	cp naive.out hunt
	grep -q '^exe .*/naive$' hunt
	grep -qE '^(mem|ptrace) ' hunt
}

# --- who joins (CVE-2016-9962) -----------------------------------------------------------------------------------------

# caught: what the first process got hold of.
caught() { grep -vE '^(ready|hunted [0-9]+)$' hunt | sort | uniq -c; }

# joined CAPS TIMES: what the first process with these capabilities gets hold of while so many join it, in ./hunt.
joined() {
	hunting b "$1" 20000
	srt run -d -b b x >hunt 2>&1 3>&-
	eventually grep -q ready hunt
	for _ in $(seq "$2"); do
		srt exec x /bin/true >out 2>&1 </dev/null || { cat out; false; }
	done
	eventually hunted $(($2 / 8))
	srt delete --force x
	rm -rf b
}

@test "a process that joins a container is closed to the others until it is the payload" {
	joined "${capability_sets[0]}" 40
	[ -z "$(caught)" ] || { caught; false; }
}

@test "a process that joins a container is closed even to CAP_SYS_PTRACE in it" {
	joined "${capability_sets[1]}" 40
	if as_root; then
		# Root who gives this away without a user namespace gives it over the newcomer, too: but not over the host's files.
		grep '^fd' hunt | sort -u | grep -vE '^fd ([0-2] .*|[0-9]+ socket:.*)$' >left_open || true
		[ ! -s left_open ] || { cat left_open; false; }
	else
		[ -z "$(caught)" ] || { caught; false; }
	fi
}

@test "a process that joins a naive container is open to the others" {
	hunting b "${capability_sets[1]}" 8000
	background b
	eventually grep -q ready naive.out
	for _ in $(seq 5); do
		naive_exec / /bin/true >out 2>&1 </dev/null || true
	done
	kill -KILL "$naive_pid"
	grep -q "^fd [0-9]* $here" naive.out
}

@test "a container that joins the pid namespace of another is closed to it until it is the payload" {
	hunting b "${capability_sets[0]}" 20000
	srt run -d -b b x >hunt 2>&1 3>&-
	eventually grep -q ready hunt
	pid=$(srt state x | jq .pid)
	tree c
	filter='joins("pid"; "/proc/\($pid)/ns/pid")'
	as_root || filter+=' | joins("user"; "/proc/\($pid)/ns/user") | unmapped'
	bundle c true "$jq_defs $filter | $all_caps" --arg pid "$pid" --argjson caps "${capability_sets[0]}"
	for _ in $(seq 20); do
		srt run -b c y >out 2>&1 </dev/null || { cat out; false; }
	done
	eventually hunted 3
	srt delete --force x
	[ -z "$(caught)" ] || { caught; false; }
}

# --- the old root ------------------------------------------------------------------------------------------------------

@test "no mount of the host's is left below the root" {
	tree b
	bundle b 'cat /proc/self/mountinfo'
	says ' / / ' srt run -b b x 2>/dev/null || true
	cut -d' ' -f5 out | sort >points
	grep -qx / points
	# What is there was asked for, or masks what was.
	run grep -vxE '/|/(proc|dev|sys|tmp)(/.*)?' points
	[ -z "$output" ]
	without "$here" points
}

@test "a second chroot does not lead out" {
	tree b
	cp "$BATS_FILE_TMPDIR/escape" b/rootfs/bin/escape
	bundle b "escape $here/host/marker" "$all_caps" --argjson caps '["SYS_CHROOT", "DAC_OVERRIDE"]'
	hides 'of the host' srt run -b b x
	says 'of the host' naive b
}
