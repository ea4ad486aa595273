# SPDX-License-Identifier: Apache-2.0
# security_identity.bats - the payload is who the config says and may no more, and sees nobody else.
# Filters and the scripts of payloads expand what they are given themselves.
# shellcheck disable=SC2016,SC2154

load lib/container
load lib/security

setup_here_file() {
	payload payload_ids
}

teardown_here() {
	[ -z "${stranger-}" ] || kill -KILL "$stranger" 2>/dev/null || true
}

# mask CAPABILITY-NUMBER…: as /proc/PID/status prints the set.
mask() {
	local sum=0 n
	for n in "$@"; do sum=$((sum | 1 << n)); done
	printf '%016x' "$sum"
}
status_lines='grep -E "^(Cap|NoNewPrivs|Seccomp:|Groups|Uid|Gid)" /proc/self/status'
# field NAME: of the status in out.
field() { sed -n "s/^$1:[[:space:]]*//p" out; }

# --- capabilities (CVE-2022-29162, CVE-2022-27650) ---------------------------------------------------------------------

@test "the capability sets are the config's, and the inheritable set is empty unless it says so" {
	tree b
	sets='.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN", "CAP_NET_RAW"], permitted: ["CAP_KILL", "CAP_CHOWN"],
		effective: ["CAP_CHOWN"]}'
	bundle b "$status_lines" "$sets"
	says Cap srt run -b b x
	[ "$(field CapBnd)" = "$(mask 0 5 13)" ]
	# Uid 0 gains by exec what is in the bounding set, were it not for no_new_privs and these.
	[ "$(field CapInh)" = "$(mask)" ]
	[ "$(field CapAmb)" = "$(mask)" ]
	bundle b "$status_lines" "$sets | .process.user.uid = 0 | .process.capabilities.inheritable = [\"CAP_KILL\"] |
		.process.capabilities.ambient = [\"CAP_KILL\", \"CAP_CHOWN\"]"
	says Cap srt run -b b x
	[ "$(field CapInh)" = "$(mask 5)" ]
	# Only what is permitted and inheritable can be ambient.
	[ "$(field CapAmb)" = "$(mask 5)" ]
	naive_lines b
	says CapBnd naive b
	[ "$(field CapBnd)" != "$(mask 0 5 13)" ]
}

@test "without capabilities in the config there are none" {
	tree b
	bundle b "$status_lines" 'del(.process.capabilities)'
	says Cap srt run -b b x
	for set in Bnd Prm Eff Inh Amb; do
		[ "$(field Cap$set)" = "$(mask)" ]
	done
	says CapEff naive b
	[ "$(field CapEff)" != "$(mask)" ]
}

@test "exec has the config's capabilities, and --cap adds to no inheritable set" {
	tree b
	bundle b "$SLEEP" '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]}'
	detached x b
	says Cap srt exec x sh -c "$status_lines"
	[ "$(field CapBnd)" = "$(mask 5)" ]
	[ "$(field CapInh)" = "$(mask)" ]
	says Cap srt exec --cap CAP_CHOWN x sh -c "$status_lines"
	[ "$(field CapBnd)" = "$(mask 0 5)" ]
	[ "$(field CapInh)" = "$(mask)" ]
}

# --- no_new_privs, setuid, groups --------------------------------------------------------------------------------------

@test "no_new_privs is set for run and exec, and cannot be taken back by exec" {
	tree b
	bundle b "$status_lines; $SLEEP"
	srt run -d -b b x >out 2>&1 3>&-
	eventually grep -q NoNewPrivs out
	[ "$(field NoNewPrivs)" = 1 ]
	says NoNewPrivs srt exec x sh -c "$status_lines"
	[ "$(field NoNewPrivs)" = 1 ]
	bundle c "$status_lines" '.root.path = $root | del(.process.noNewPrivileges)' --arg root "$here/b/rootfs"
	says NoNewPrivs srt run -b c y
	[ "$(field NoNewPrivs)" = 0 ]
	says NoNewPrivs naive b
	[ "$(field NoNewPrivs)" = 0 ]
}

@test "a setuid file in the tree gives nothing under no_new_privs" {
	only_root
	tree b
	cp "$BATS_FILE_TMPDIR/ids" b/rootfs/bin/ids
	chmod 4755 b/rootfs/bin/ids
	for nnp in true false; do
		bundle b /bin/ids '.process.user = {uid: 1234, gid: 1234} | .process.noNewPrivileges = $nnp' --argjson nnp "$nnp"
		says 1234 srt run -b b x
		case $nnp in
		true) grep -qx '1234 1234 1234' out ;;
		# So that it can be seen to be a setuid file.
		false) grep -qx '1234 0 0' out ;;
		esac
	done
}

@test "no group of the caller's stays, and only the config's are added" {
	only_root
	tree b
	with_groups() { setpriv --groups=4,24,27,1000 -- "$@"; }
	bundle b "$status_lines" '.process.user = {uid: 1234, gid: 1234}'
	says Groups with_groups timeout 10 "$SRT_OCI" --root "$state" run -b b x
	[ "$(field Groups | tr -d ' ')" = '' ]
	bundle b "$status_lines" '.process.user = {uid: 1234, gid: 1234, additionalGids: [7, 9]}'
	says Groups with_groups timeout 10 "$SRT_OCI" --root "$state" run -b b x
	[ "$(field Groups | xargs)" = '7 9' ]
	naive_lines b
	says Groups with_groups unshare --mount timeout 10 "$naive_program" run "$here/b"
	grep -q '^Groups:.*1000' out
}

# --- seccomp -----------------------------------------------------------------------------------------------------------

@test "the filter is loaded for run and exec" {
	tree b
	bundle b "$SLEEP" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}'
	detached x b
	script="$status_lines; mkdir /tmp/x && echo made"
	says Seccomp srt exec x sh -c "$script"
	[ "$(field Seccomp)" = 2 ]
	without made out
	grep -q 'Operation not supported\|Not supported' err
	jq --arg c "$script" '.process.args[2] = $c' b/config.json >b/new && mv b/new b/config.json
	says Seccomp srt run -b b y
	[ "$(field Seccomp)" = 2 ]
	without made out
	says made naive b
}

# --- who else is there -------------------------------------------------------------------------------------------------

@test "a container sees no process but its own, and cannot signal others" {
	sleep 60 3>&- &
	stranger=$!
	tree b
	bundle b "ls /proc | grep -c '^[0-9]'; kill -KILL $stranger; kill -0 $PPID"
	hides 'no such text' srt run -b b x
	# The shell, ls and grep.
	[ "$(head -n 1 out)" -le 3 ]
	kill -0 "$stranger"
}

@test "a container without a pid namespace of its own cannot trace those outside" {
	only_user
	sleep 60 3>&- &
	stranger=$!
	tree b
	bundle b "ls /proc/$stranger/fd /proc/$stranger/cwd/ 2>&1 && echo opened; cat /proc/$stranger/environ && echo read" \
		"$jq_defs"' without("pid") | .process.capabilities = ([$caps[] | "CAP_" + .] | {bounding: ., permitted: .,
		effective: .})' --argjson caps '["SYS_PTRACE", "DAC_READ_SEARCH", "DAC_OVERRIDE", "SYS_ADMIN"]'
	hides opened srt run -b b x
	without read out
}

# --- mounts of the host ------------------------------------------------------------------------------------------------

# In a mount namespace of its own, all of which is shared as systemd shares a host's.
on_a_shared_host() {
	unshare --mount --propagation private sh -c 'mount --make-rshared / && cat /proc/self/mountinfo >before
		"$@" >out 2>err; cat /proc/self/mountinfo >after' sh "$@" </dev/null 3>&-
}

@test "no mount of a container's appears on the host" {
	only_root
	tree b
	bundle b 'mount -t tmpfs inside /mnt; echo ran' '.process.capabilities = {bounding: ["CAP_SYS_ADMIN"],
		permitted: ["CAP_SYS_ADMIN"], effective: ["CAP_SYS_ADMIN"]}'
	on_a_shared_host timeout 10 "$SRT_OCI" --root "$state" run -b b x
	grep -q ran out
	diff before after
	for wish in slave private; do
		bundle b 'echo ran' '.linux.rootfsPropagation = $wish' --arg wish "$wish"
		on_a_shared_host timeout 10 "$SRT_OCI" --root "$state" run -b b x
		grep -q ran out
		diff before after
	done
	naive_lines b
	on_a_shared_host timeout 10 "$naive_program" run "$here/b"
	grep -q "$here/b/rootfs/tmp" after
}

@test "a mount of the host's that its user may not lift stays as it is" {
	tree b
	# In a namespace of ours, ./host is read-only; a container in it may not make it writable.
	bundle b 'mount -o remount,bind,rw /mnt; touch /mnt/new && echo written' "$jq_defs"' with("user") |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings |
		.mounts += [{destination: "/mnt", type: "bind", source: $from, options: ["bind", "rw"]}] |
		.process.capabilities = {bounding: ["CAP_SYS_ADMIN"], permitted: ["CAP_SYS_ADMIN"], effective: ["CAP_SYS_ADMIN"]}' \
		--arg from "$here/host"
	locked() {
		unshare -Urm sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"' sh "$here/host" "$@"
	}
	spares locked timeout 10 "$SRT_OCI" --root "$state" run -b b x
	without written out
}

@test "with all capabilities over its own namespaces a container still leads nowhere" {
	only_user
	tree b
	caps='["SYS_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "DAC_OVERRIDE", "DAC_READ_SEARCH", "MKNOD", "NET_ADMIN", "SYS_RESOURCE",
		"SETUID", "SETGID", "SETPCAP", "FOWNER", "CHOWN"]'
	bundle b "umount -l /; umount -l /proc; mount -t proc proc /mnt; cat /proc/1/root$here/host/marker /mnt/1/root$here/host/marker;
		mknod /tmp/disk b 254 0 && cat /tmp/disk; cat /proc/1/cwd/../..$here/host/marker; echo ran" \
		'.process.capabilities = ([$caps[] | "CAP_" + .] | {bounding: ., permitted: ., effective: .})' --argjson caps "$caps"
	spares srt run -b b x
	grep -q ran out
	without 'of the host' out
}
