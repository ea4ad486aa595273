# SPDX-License-Identifier: Apache-2.0
# security_paths.bats - a hostile tree: nothing of the host is reached through its symlinks, devices and mounts.
# Filters and the scripts of payloads expand what they are given themselves.
# shellcheck disable=SC2016,SC2154

load lib/container
load lib/security

setup_here_file() {
	payload
}

# The first mount: so that nothing lies over the symlink yet.
first_mount='def first(f): .mounts = [f] + .mounts; first({destination: $where, type: "tmpfs", source: "tmpfs"})'

# --- the way to a mount (CVE-2019-16884, CVE-2021-30465, CVE-2024-45310) -----------------------------------------------

@test "a symlink in place of a directory that is mounted on leads nowhere outside" {
	up=../../../../../../../../../../..
	for place in dev proc sys tmp run; do
		for to in "$here/host" "$up$here/host" /chain "/../..$here/host/"; do
			tree b
			rm -rf "b/rootfs/$place"
			ln -s "$to" "b/rootfs/$place"
			ln -s "$here/host" b/rootfs/chain
			[ "$to" != /chain ] || { mv b/rootfs/chain b/rootfs/link; ln -s ./link b/rootfs/chain; }
			bundle b true "$first_mount" --arg where "/$place/made/here"
			spares srt run -b b x
			# An absolute chain begins at the host's root; the bundle's is relative.
			[ "$to" != /chain ] || ln -sfn ../rootfs/chain "b/rootfs/$place"
			harms naive b
			rm -rf b
		done
	done
}

@test "a symlink that stays inside is followed, as the root's" {
	tree b
	rmdir b/rootfs/tmp
	mkdir -p "b/rootfs/real$here/host"
	ln -s ../../real b/rootfs/tmp
	bundle b 'grep -c " /real " /proc/self/mountinfo; true'
	run_inside
	[ "$output" = 1 ]
}

@test "a destination with .. does not climb out of the root" {
	tree b
	bundle b true "$first_mount" --arg where "/../../../../../../../../../..$here/host/made"
	spares srt run -b b x
	harms naive b
}

@test "a destination through magic links of /proc does not leave the root" {
	for to in /proc/self/cwd /proc/self/root"$here/host" /proc/1/root"$here/host" /proc/self/fd/9; do
		[[ $to != /proc/1/* ]] || as_root || continue
		tree b
		ln -s "$to" b/rootfs/link
		bundle b true "$first_mount" --arg where /link/made
		spares in_host srt run -b ../b x 9<host
		harms in_host naive b 9<host
		rm -rf b
	done
}
in_host() { (cd host && "$@"); }

@test "a file that is bound onto a dangling symlink is not made on the host" {
	tree b
	ln -s "$here/host/new" b/rootfs/etc/conf
	bundle b true 'def file: {destination: "/etc/conf", type: "bind", source: $from, options: ["bind", "ro"]};
		.mounts += [file]' --arg from "$here/host/marker"
	spares srt run -b b x
	harms naive b
}

@test "a device or a fifo is not made through a symlink" {
	tree b
	ln -s "$here/host/node" b/rootfs/etc/node
	ln -s "$here/host" b/rootfs/mnt/dir
	for path in /etc/node /mnt/dir/node; do
		bundle b true '.linux.devices = [{path: $path, type: "c", major: 1, minor: 5}]' --arg path "$path"
		spares srt run -b b x
		harms naive b
	done
	bundle b true '.linux.devices = [{path: "/etc/node", type: "p"}]'
	spares srt run -b b x
	grep -q 'something else is there' err
}

@test "/dev, and what is made in it, does not follow a hostile /dev" {
	for name in null zero; do
		tree b
		rm -r b/rootfs/dev
		mkdir b/rootfs/dev
		ln -s "$here/host/$name" "b/rootfs/dev/$name"
		# No mount on /dev: the runtime has to make it.
		bundle b 'test -c /dev/null && test -c /dev/zero && echo fine' '.mounts |= map(select(.destination | startswith("/dev") | not))'
		spares srt run -b b x
		[ "$(cat out)" = fine ]
		harms naive b
		rm -rf b
	done
}

@test "a /dev that is a symlink makes and removes nothing on the host, with and without a mount there" {
	for to in "$here/host" "../../../../../../../../../../..$here/host" "/proc/self/root$here/host"; do
		for mounts in . '.mounts |= map(select(.destination | startswith("/dev") | not))' \
			'.mounts |= map(select(.destination != "/dev"))'; do
			tree b
			rm -rf b/rootfs/dev
			ln -s "$to" b/rootfs/dev
			echo 'a file of that name' | tee host/ptmx >host/stdin
			bundle b true "$mounts | .root.readonly = false | .process.terminal = false |
				.linux.devices = [{path: \"/dev/made\", type: \"p\"}]"
			spares srt run -b b x
			rm -rf b
		done
	done
	tree b
	rm -rf b/rootfs/dev
	ln -s "$here/host" b/rootfs/dev
	bundle b true '.mounts |= map(select(.destination | startswith("/dev") | not))'
	harms naive b
}

# --- /proc and /sys (CVE-2019-16884, CVE-2019-19921, CVE-2023-27561, CVE-2025-52881) -----------------------------------

@test "no mount gets into /proc by a symlink" {
	for where in /link/sys /link/self/attr /link/sys/kernel; do
		tree b
		ln -s proc b/rootfs/link
		bundle b 'cat /proc/self/mountinfo' '.mounts += [{destination: $where, type: "tmpfs", source: "evil"}]' \
			--arg where "$where"
		hides evil srt run -b b x
		grep -q 'leads into /proc' err
		[[ $where == */attr ]] || says evil naive b
		rm -rf b
	done
}

@test "no mount is asked for below /proc, but for single files that may be covered" {
	for where in /proc/sys /proc/self/attr /proc/self/attr/exec /proc/sysrq-trigger /proc/../proc/sys /proc//sys \
		/proc/meminfo/x /proc/sys/kernel/core_pattern; do
		tree b
		bundle b 'cat /proc/self/mountinfo' '.mounts += [{destination: $where, type: "tmpfs", source: "evil"}]' \
			--arg where "$where"
		refused '*could mislead the runtime*' srt run -b b x
		rm -rf b
	done
	tree b
	says evil naive_mounts_proc_sys
	bundle b 'cat /proc/meminfo' '.mounts += [{destination: "/proc/meminfo", type: "bind", source: $from,
		options: ["bind", "ro"]}]' --arg from "$here/host/marker"
	says 'of the host' srt run -b b x
}
naive_mounts_proc_sys() {
	bundle b 'cat /proc/self/mountinfo' '.mounts += [{destination: "/proc/sys", type: "tmpfs", source: "evil"}]'
	naive b
}

@test "a symlink in place of /proc or /sys is refused" {
	for place in proc sys; do
		tree b
		rmdir "b/rootfs/$place"
		mkdir "b/rootfs/other"
		ln -s other "b/rootfs/$place"
		bundle b 'echo ran'
		refused "*mount on /$place: the root file system has a symlink there*" srt run -b b x
		says ran naive b
		rm -rf b
	done
}

@test "a kernel parameter is not written into a /proc that the container brings" {
	tree b
	mkdir -p b/fake/sys/kernel
	ln -s "$here/host/msgmax" b/fake/sys/kernel/msgmax
	bundle b true '.linux.sysctl = {"kernel.msgmax": "8000"} |
		.mounts |= map(if .destination == "/proc" then {destination: "/proc", type: "bind", source: $from,
			options: ["bind"]} else . end) | .linux.maskedPaths = [] | .linux.readonlyPaths = []' \
		--arg from "$here/b/fake"
	spares srt run -b b x
	harms naive b
}

# --- masked and read-only paths (CVE-2025-31133, CVE-2025-52565) -------------------------------------------------------

# Where $here has a double inside the tree, no tmpfs may lie over it.
no_tmp='.mounts |= map(select(.destination != "/tmp"))'
bring_dev='.mounts |= [{destination: "/dev", type: "bind", source: $dev, options: ["rbind"]}] +
	map(select(.destination | startswith("/dev") | not))'

@test "a file is masked by the null device, not by what the container calls /dev/null" {
	tree b
	mkdir b/dev
	echo secret >b/rootfs/mnt/secret
	echo 'not masked' >b/rootfs/mnt/own
	ln -s ../mnt/own b/dev/null
	bundle b 'cat /mnt/secret' "$bring_dev"' | .linux.maskedPaths = ["/mnt/secret"]' --arg dev "$here/b/dev"
	refused '*/linux/maskedPaths/0: mask /mnt/secret: the container?s /dev/null is not the null device' srt run -b b x
	says 'not masked' naive b
}

@test "a masked path that is a symlink masks what it leads to in the container" {
	tree b
	mkdir -p "b/rootfs$here/host"
	echo secret >"b/rootfs$here/host/marker"
	ln -s "$here/host/marker" b/rootfs/mnt/link
	bundle b 'cat /mnt/link' "$no_tmp"' | .linux.maskedPaths = ["/mnt/link"]'
	hides secret srt run -b b x
	[ ! -s err ]
	says secret naive b
}

@test "a read-only path that is a symlink protects what it leads to in the container" {
	tree b
	mkdir -p "b/rootfs$here/host"
	ln -s "$here/host" b/rootfs/mnt/link
	bundle b 'touch /mnt/link/new && echo written' "$no_tmp"' | .root.readonly = false | .linux.readonlyPaths = ["/mnt/link"]'
	hides written srt run -b b x
	grep -q 'Read-only file system' err
	says written naive b
}

@test "masked and read-only paths hold: they cannot be unmounted or remounted from inside" {
	tree b
	mkdir b/rootfs/mnt/dir
	echo secret >b/rootfs/mnt/secret
	echo secret >b/rootfs/mnt/dir/file
	bundle b 'for p in /mnt/secret /mnt/dir; do umount $p; umount -l $p; mount -o remount,rw $p; mount -o bind,remount,rw $p
		done; cat /mnt/secret /mnt/dir/file; touch /mnt/dir/x && echo written' \
		'.root.readonly = false | .linux.maskedPaths = ["/mnt/secret", "/mnt/dir"]'
	hides secret srt run -b b x
	hides written srt run -b b x
}

@test "the root is read-only, and stays so" {
	tree b
	bundle b 'mount -o remount,rw /; mount -o remount,bind,rw /; touch /etc/x && echo written'
	hides written srt run -b b x
	[ ! -e b/rootfs/etc/x ]
	says written naive b
}

@test "/sys and /proc/sys cannot be written" {
	tree b
	tree_writes='for f in /sys/module/kernel/parameters/* /proc/sys/kernel/msgmax; do ( : >>$f ) 2>/tmp/err && echo opened $f; done'
	bundle b "mount -o remount,rw /sys; $tree_writes; echo done"
	hides opened srt run -b b x
	grep -q 'done' out
	bundle b "$tree_writes" '.linux.readonlyPaths = []'
	says opened naive b
}

# --- the terminal ------------------------------------------------------------------------------------------------------

# with_terminal DIR: runs it with a console socket, and says what the terminal says.
with_terminal() {
	rm -f socket
	python3 "$SRT_TOP/tests/integration/lib/receiver" socket pty >said 2>&1 3>&- &
	local receiver=$!
	eventually test -S socket
	# It ends by itself where it has got a terminal, and may still be reading when the container has ended.
	srt run --console-socket socket -b "$1" x || kill "$receiver" 2>/dev/null || true
	wait "$receiver" || true
	cat said
}

@test "the console is a terminal of the container's own devpts" {
	tree b
	bundle b 'tty; stat -c "%t:%T" /dev/console; test "$(stat -c %d:%i /dev/console)" = "$(stat -c %d:%i /dev/pts/0)" &&
		echo same' '.process.terminal = true'
	with_terminal b >out
	grep -q '^/dev/' out
	grep -qx '88:0' out
	grep -qx same out
}

@test "the console is not made through a symlink of the container's" {
	tree b
	mkdir b/dev
	echo kept >b/rootfs/etc/target
	for to in "$here/host/console" /etc/target /proc/self/fd/9; do
		ln -sfn "$to" b/dev/console
		bundle b 'cat /proc/self/mountinfo /etc/target' "$bring_dev | .process.terminal = true | .linux.maskedPaths = []" \
			--arg dev "$here/b/dev"
		spares with_terminal b
		without ' /etc/target ' out
		[ -s err ] || grep -q kept out
	done
	ln -sfn "$here/host/console" b/dev/console
	harms naive b
}

@test "a terminal is not taken from what the container calls a multiplexer" {
	for to in /etc/fifo /etc/passwd /bin /proc/self/exe; do
		tree b
		mkdir -p b/dev/pts
		ln -s "$to" b/dev/pts/ptmx
		ln -s "$to" b/dev/ptmx
		mkfifo b/rootfs/etc/fifo
		bundle b 'echo ran' "$bring_dev | .process.terminal = true | .linux.maskedPaths = []" --arg dev "$here/b/dev"
		spares with_terminal b
		without ran out
		grep -q terminal err || { echo "$to"; cat out err; false; }
		rm -rf b
	done
}

# --- devices of the host -----------------------------------------------------------------------------------------------

@test "a file of the host that is not the device of its name is not bound for it" {
	# In a namespace of ours, somebody has covered the host's /dev/zero.
	tree b
	bundle b 'head -c 11 /dev/zero' "$jq_defs"' with("user") |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	naive_lines b
	covered() { unshare -Urm sh -c 'mount --bind "$1" /dev/zero && shift && exec "$@"' sh "$here/host/marker" "$@"; }
	hides 'of the host' covered timeout 10 "$SRT_OCI" --root "$state" run -b b x
	grep -q "the host's /dev/zero is not device 1:5" err
	says 'of the host' covered timeout 10 "$naive_program" run "$here/b"
}

@test "a root file system that is a symlink or a file is refused" {
	tree real
	mkdir b
	ln -s ../real/rootfs b/rootfs
	bundle b 'echo ran'
	refused '*is a symlink; name the directory itself' srt run -b b x
	says ran naive b
	rm b/rootfs
	echo >b/rootfs
	bundle b 'echo ran'
	refused '*is not a directory' srt run -b b x
}
