# SPDX-License-Identifier: Apache-2.0
# mounts.bats - mounts of every kind with their options, as /proc/self/mountinfo inside shows them.
# Filters and the scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2154

load lib/container

setup_here() {
	mkdir -p src/sub
	echo word >src/file
	bind='mounts({destination: "/mnt", type: "bind", source: $src, options: $options})'
}

# MNT: prints options, optional fields, type and superblock options of the mounts at or below a place.
MNT='mnt() { while read -r id parent dev root place options rest; do
	case $place in $1 | $1/*) echo "$place $options ${rest%%- *}:${rest#*- }" ;; esac; done </proc/self/mountinfo; }; '

# bound COMMAND OPTION…: inside, with src bound to /mnt.
bound() {
	local command=$1
	shift
	inside "$MNT$command" "$jq_defs $bind" --arg src "$PWD/src" --argjson options \
		"$(printf '%s\n' "$@" | jq -R . | jq -sc .)"
}
# mounted COMMAND MOUNT [FILTER]: inside, with one more mount, given as JSON.
mounted() { inside "$MNT$1" "$jq_defs mounts($2) | ${3:-.}"; }

@test "bind of a directory and of a file" {
	bound 'cat /mnt/file; echo new >/mnt/made' bind
	[ "$output" = word ]
	[ "$(cat src/made)" = new ]
	rootfs b/rootfs
	inside 'cat /etc/given; cat /fresh/dir/file' '.mounts += [
		{destination: "/etc/given", type: "bind", source: $src, options: ["bind"]},
		{destination: "/fresh/dir/file", source: $src, options: ["bind", "ro"]}]' --arg src "$PWD/src/file"
	[ "$output" = $'word\nword' ]
	[ -f b/rootfs/fresh/dir/file ]
}

@test "a relative source is beneath the bundle" {
	mkdir -p b/data
	echo here >b/data/x
	mounted 'cat /mnt/x' '{destination: "/mnt", type: "bind", source: "data", options: ["bind"]}'
	[ "$output" = here ]
}

# in_tree COMMAND…: in a mount namespace in which src/sub is a mount of its own.
in_tree() {
	unshare -rm true 2>/dev/null || skip 'no user namespaces for this user'
	unshare -m "$([ "$(id -u)" -eq 0 ] && echo --propagation=private || echo -r)" sh -ec 'mount -t tmpfs inner src/sub
		echo deep >src/sub/deep; exec "$@"' sh "$@"
}

@test "rbind takes the mounts below along, bind does not" {
	# In a user namespace of its own the caller's ids are root's.
	own='if .linux.uidMappings then .linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0 else . end'
	for kind in rbind bind; do
		bundle b "${MNT}ls /mnt/sub; mnt /mnt | wc -l" "$jq_defs $bind | $own" --arg src "$PWD/src" \
			--argjson options "[\"$kind\"]"
		[ $kind = rbind ] || [ "$SRT_HALF" = root ] || continue # the kernel forbids uncovering what lies below
		run --separate-stderr in_tree timeout 10 "$SRT_OCI" --root "$state" run -b b x
		[ "$status" -eq 0 ] || said
		[ $kind = bind ] || [ "$output" = $'deep\n2' ]
		[ $kind = rbind ] || [ "$output" = 1 ]
	done
}

@test "ro is the mount alone, rro all below it" {
	own='if .linux.uidMappings then .linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0 else . end'
	for kind in ro rro; do
		bundle b "touch /mnt/x 2>/dev/null || echo top; touch /mnt/sub/x 2>/dev/null || echo sub" "$jq_defs $bind | $own" \
			--arg src "$PWD/src" --argjson options "[\"rbind\", \"$kind\"]"
		run --separate-stderr in_tree timeout 10 "$SRT_OCI" --root "$state" run -b b x
		[ "$status" -eq 0 ] || said
		[ $kind = rro ] || [ "$output" = top ]
		[ $kind = ro ] || [ "$output" = $'top\nsub' ]
	done
}

@test "each attribute of a bind mount, and its recursive form" {
	# Times of access are locked on what belongs to the host: there they are a warning, for an ordinary user.
	for option in ro nosuid nodev noexec nosymfollow $([ "$SRT_HALF" = user ] || echo noatime nodiratime); do
		for form in "$option" "r$option"; do
			bound 'mnt /mnt' bind "$form"
			[[ ,$(cut -d' ' -f2 <<<"$output"), == *",$option,"* ]] || said
		done
	done
	bound 'mnt /mnt' bind ro nosuid rw
	[[ $output == '/mnt rw,nosuid'* ]] || said
	[ "$SRT_HALF" = root ] || return 0
	bound 'mnt /mnt' bind strictatime
	[[ $output != *noatime* && $output != *relatime* ]] || said
	bound 'mnt /mnt' bind noatime relatime
	[[ $output == *relatime* && $output != *noatime* ]] || said
}

@test "times of access that the host has locked are a warning" {
	only user
	bundle b "$SLEEP" "$jq_defs $bind" --arg src "$PWD/src" --argjson options '["bind", "noatime"]'
	detached x b
	[[ $(srt state x | jq -r '.warnings[]') == *'/mounts/6'*/mnt* ]]
	srt delete --force x
	refused '*/mounts/6*/mnt*locks*' srt --strict run -b b x
}

@test "a flag that the host has locked stays, and lifting it is a warning" {
	only user
	unshare -rm true 2>/dev/null || skip 'no user namespaces for this user'
	own='.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	bundle b "${MNT}mnt /mnt" "$jq_defs $own | mounts({destination: \"/mnt\", type: \"bind\", source: \$src, options: [\"bind\", \"suid\"]})" \
		--arg src "$PWD/src/sub"
	locked() { unshare -rm sh -ec 'mount -t tmpfs -o nosuid inner src/sub; exec "$@"' sh timeout 10 "$SRT_OCI" --root "$state" --log log "$@"; }
	run --separate-stderr locked run -b b x
	[ "$status" -eq 0 ] && [[ ,$(cut -d' ' -f2 <<<"$output"), == *,nosuid,* ]] || said
	grep -q 'warning: /mounts/6: change the attributes of /mnt: the host locks them' log
}

@test "each attribute of a new mount" {
	for option in ro nosuid nodev noexec nosymfollow noatime nodiratime; do
		mounted 'mnt /mnt' "{destination: \"/mnt\", type: \"tmpfs\", source: \"mine\", options: [\"$option\"]}"
		[[ ,$(cut -d' ' -f2 <<<"$output"), == *",$option,"* ]] || said
		[[ $output == *'tmpfs mine '* ]]
	done
}

@test "propagation of one mount" {
	bound 'mnt /mnt' bind shared
	[[ $output == *shared:* ]] || said
	bound 'mnt /mnt' bind private
	[[ $output != *shared:* && $output != *master:* ]] || said
	bound 'mnt /mnt' bind unbindable
	[[ $output == *unbindable* ]] || said
	bound 'mnt /mnt' rbind rslave
	[[ $output != *shared:* ]] || said
}

@test "rootfsPropagation, and nothing of the container's reaches the host" {
	inside "${MNT}mnt / | grep '^/ '" '.linux.rootfsPropagation = "shared"'
	[[ $output == *shared:* ]] || said
	inside "${MNT}mnt / | grep '^/ '" '.linux.rootfsPropagation = "unbindable"'
	[[ $output == *unbindable* ]] || said
	inside "${MNT}mnt / | grep '^/ '"
	[[ $output != *shared:* ]] || said
}

@test "options of tmpfs" {
	mounted 'mnt /mnt; stat -c %a /mnt' '{destination: "/mnt", type: "tmpfs", source: "t", options: ["size=1m", "mode=0711", "nr_inodes=77"]}'
	[[ ${lines[0]} == *'size=1024k'*'nr_inodes=77'*'mode=711'* ]] || said
	[ "${lines[1]}" = 711 ]
}

@test "tmpcopyup begins with what was there" {
	rootfs b/rootfs
	mkdir -p b/rootfs/data/dir
	echo old >b/rootfs/data/dir/file
	ln -s dir b/rootfs/data/link
	chmod 750 b/rootfs/data/dir
	mounted 'cat /data/link/file; stat -c %a /data/dir; echo new >/data/dir/file; cat /data/dir/file; mnt /data' \
		'{destination: "/data", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}'
	[ "${lines[0]} ${lines[1]} ${lines[2]}" = 'old 750 new' ]
	[[ ${lines[3]} == *tmpfs* ]]
	[ "$(cat b/rootfs/data/dir/file)" = old ]
}

@test "proc is the container's, sysfs shows its network" {
	inside "${MNT}ls -d /proc/[0-9]* | wc -l; ls /sys/class/net; mnt /proc | head -1; mnt /sys | head -1"
	[ "${lines[0]}" -le 4 ]
	[ "${lines[1]}" = lo ]
	[[ ${lines[2]} == *'proc proc'* ]]
	[[ ${lines[3]} == '/sys ro,nosuid,nodev,noexec'*'sysfs sysfs'* ]]
}

@test "sysfs without a network namespace is there too, read-only" {
	inside "${MNT}test -d /sys/class/net/lo; mnt /sys | head -1; touch /sys/x" "$jq_defs"' without("network") |
		.process.args[2] += " 2>/dev/null || echo refused"'
	[[ ${lines[0]} == '/sys ro'*'sysfs'* ]] || said
	[ "${output##*$'\n'}" = refused ]
}

@test "mqueue and devpts" {
	mounted 'mnt /dev/mqueue; mnt /dev/pts; ls -l /dev/pts/ptmx' \
		'{destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]}'
	[[ ${lines[0]} == '/dev/mqueue rw,nosuid,nodev,noexec'*'mqueue mqueue'* ]]
	[[ ${lines[1]} == '/dev/pts rw,nosuid,noexec'*'devpts devpts'*'mode=620,ptmxmode=666'* ]]
	[[ ${lines[2]} == crw-rw-rw-* ]]
}

@test "an id of devpts that is not mapped is left out with a warning" {
	only user
	bundle b "$SLEEP" '(.mounts[] | select(.type == "devpts")).options += ["gid=5"]'
	detached x b
	[[ $(srt state x | jq -r '.warnings[]') == *'/mounts/2/options'*'gid=5'* ]]
}

@test "cgroup" {
	mounted 'mnt /sys/fs/cgroup | head -1' \
		'{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", "nosuid", "noexec", "nodev"]}'
	[[ $output == '/sys/fs/cgroup ro'*nosuid*nodev*noexec* ]] || said
}

@test "overlay" {
	mkdir low up work
	echo low >low/file
	mounted 'cat /mnt/file; echo up >/mnt/file; mnt /mnt' "{destination: \"/mnt\", type: \"overlay\", source: \"overlay\",
		options: [\"lowerdir=$PWD/low\", \"upperdir=$PWD/up\", \"workdir=$PWD/work\", \"userxattr\"]}"
	[ "${lines[0]}" = low ]
	[[ ${lines[1]} == *'overlay overlay'* ]]
	[ "$(cat low/file up/file)" = $'low\nup' ]
	chmod -R u+rwx work
}

@test "an overlay of many layers, whose option is longer than 255 bytes" {
	layers='' long=$(printf 'x%.0s' $(seq 100))
	for i in 1 2 3 4 5; do
		mkdir -p "$long/$i"
		echo $i >"$long/$i/f$i"
		layers+=${layers:+:}$PWD/$long/$i
	done
	[ "${#layers}" -gt 600 ]
	mounted 'cat /mnt/*' "{destination: \"/mnt\", type: \"overlay\", source: \"overlay\", options: [\"lowerdir=$layers\", \"userxattr\"]}"
	[ "$output" = $'1\n2\n3\n4\n5' ]
}

@test "an id-mapped bind mount of root's" {
	only root
	chown 5000:6000 src/file
	filter='.mounts += [{destination: "/mnt", type: "bind", source: $src, options: ["bind"],
		uidMappings: [{containerID: 5000, hostID: 7, size: 1}], gidMappings: [{containerID: 6000, hostID: 8, size: 1}]}]'
	inside 'stat -c "%u %g" /mnt/file' "$filter" --arg src "$PWD/src"
	[ "$output" = '7 8' ]
}

# RANGES: root's container in a user namespace whose ids are nobody's outside.
RANGES='with("user") | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
	.linux.gidMappings = .linux.uidMappings'

@test "an id-mapped bind mount in a user namespace: by idmap, by its own mappings, and by a map in the option" {
	only root
	chown -R 5000:6000 src
	chmod 700 src
	for how in 'options: ["bind", "idmap=uids=5000-100000-1;gids=6000-100000-1"]' \
		'options: ["bind", "idmap=uids=@5000-0-1;gids=@6000-0-1"]' \
		'options: ["rbind", "ridmap=gids=6000-100000-1#7-100001-3;uids=5000-100000-1"]' \
		'options: ["bind"], uidMappings: [{containerID: 5000, hostID: 100000, size: 1}],
			gidMappings: [{containerID: 6000, hostID: 100000, size: 1}]'; do
		inside 'stat -c "%u %g" /mnt/file; >/mnt/made' "$jq_defs $RANGES"' |
			mounts({destination: "/mnt", type: "bind", source: $src, '"$how"'})' --arg src "$PWD/src"
		[ "$output" = '0 0' ]
		[ "$(stat -c '%u %g' src/made)" = '5000 6000' ]
		rm src/made
	done
	chown -R 0:0 src
	inside 'stat -c "%u %g" /mnt/file' "$jq_defs $RANGES"' | mounts({destination: "/mnt", type: "bind", source: $src,
		options: ["rbind", "ridmap"]})' --arg src "$PWD/src"
	[ "$output" = '0 0' ]
}

@test "a map in the option that is none, or of ids that the container does not have, is refused" {
	only root
	for map in uids=0-1 'uids=0-1-1' 'uids=0-1-1;gids=0-1-0' 'uids=0-1-1;gids=0-1-1;' 'uids=0-1-1;gids=0-1-1x' \
		'uids=0-1-1;gids=0-99999999999-1' 'uids=0-1-1;uids=0-1-1' 'uids=@0-70000-1;gids=0-1-1'; do
		refused_inside '*/mounts/6*idmap=*' "$jq_defs $RANGES"' | mounts({destination: "/mnt", type: "bind", source: $src,
			options: ["bind", "idmap=" + $map]})' --arg src "$PWD/src" --arg map "$map"
	done
}

@test "a source below a directory that only root may enter, where root maps a range" {
	only root
	mkdir -p closed/in
	echo deep >closed/in/file
	chown 1234 closed
	chmod 700 closed
	inside 'cat /mnt/file; touch /mnt/x 2>/dev/null || echo refused' "$jq_defs $RANGES"' | mounts({destination: "/mnt",
		type: "bind", source: $src, options: ["rbind", "ro", "rprivate"]})' --arg src "$PWD/closed/in"
	[ "$output" = $'deep\nrefused' ]
	refused_inside '*/mounts/6*bind */closed/nothing*' "$jq_defs $RANGES"' | mounts({destination: "/mnt", type: "bind",
		source: $src, options: ["bind"]})' --arg src "$PWD/closed/nothing"
}

@test "a root file system below a directory that only root may enter, where root maps a range" {
	only root
	rootfs closed/rootfs
	chown 1234 closed
	chmod 700 closed
	inside 'echo in' "$jq_defs $RANGES | .root.path = \$root" --arg root "$PWD/closed/rootfs"
	[ "$output" = in ]
}

@test "a mount of the host's that is read-only stays so in a container whose source the parent opened" {
	only root
	mkdir -p closed/in
	chown 1234 closed
	chmod 700 closed
	caps='["CAP_SYS_ADMIN"]'
	bundle b 'mount -o remount,bind,rw /mnt 2>/dev/null; touch /mnt/x 2>/dev/null || echo refused' "$jq_defs $RANGES |
		.process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}"' | mounts({destination: "/mnt",
		type: "bind", source: $src, options: ["rbind"]})' --arg src "$PWD/closed/in"
	run --separate-stderr unshare -m --propagation private sh -ec 'mount -t tmpfs t closed/in; mount -o remount,bind,ro closed/in
		exec "$@"' sh timeout 10 "$SRT_OCI" --root "$state" run -b b x
	[ "$output" = refused ] || said
}

@test "an id-mapped mount is refused to an ordinary user at plan time" {
	only user
	refused_inside '*/mounts/6*CAP_SYS_ADMIN*' "$jq_defs"' mounts({destination: "/mnt", type: "bind", source: "/tmp",
		options: ["bind"], uidMappings: [{containerID: 0, hostID: 1, size: 1}], gidMappings: [{containerID: 0, hostID: 1, size: 1}]})'
}

@test "a relative destination is taken from the root, with a warning" {
	rootfs b/rootfs
	bundle b "mount | grep -c ' /some/where '; $SLEEP" "$jq_defs"' mounts({destination: "some/where", type: "tmpfs", source: "tmpfs"})'
	detached x b
	eventually file_has out 1
	[[ $(srt state x | jq -r '.warnings[]') == *'/mounts/6/destination'*relative* ]]
}

@test "missing mount points are made, in a read-only tmpfs too" {
	inside 'cat /data/deep/file; cat /data/dir/file; touch /data/x 2>/dev/null || echo refused' "$jq_defs"'
		mounts({destination: "/mnt", type: "tmpfs", source: "tmpfs"}) | .mounts |= map(if .destination == "/mnt" then
			.destination = "/run" else . end) | .mounts += [
		{destination: "/run/data", type: "tmpfs", source: "tmpfs", options: ["ro"]},
		{destination: "/run/data/deep/file", type: "bind", source: ($src + "/file"), options: ["bind"]},
		{destination: "/run/data/dir", type: "bind", source: $src, options: ["bind"]}] |
		.process.args[2] |= gsub("/data"; "/run/data")' --arg src "$PWD/src"
	[ "$output" = $'word\nword\nrefused' ]
}

@test "a read-only /dev has its devices" {
	inside 'touch /dev/x 2>/dev/null || echo refused; echo x >/dev/null && stat -c %t:%T /dev/null' \
		'(.mounts[] | select(.destination == "/dev")).options += ["ro"]'
	[ "$output" = $'refused\n1:3' ]
}

@test "copy-symlink makes the link again, src-nofollow and dest-nofollow follow none" {
	rootfs b/rootfs
	ln -s file src/link
	inside 'readlink /etc/link' "$jq_defs"' mounts({destination: "/etc/link", type: "bind", source: $src, options: ["bind", "copy-symlink"]})' \
		--arg src "$PWD/src/link"
	[ "$output" = file ]
	rm -f b/rootfs/etc/link
	inside 'cat /etc/link2' "$jq_defs"' mounts({destination: "/etc/link2", type: "bind", source: $src, options: ["bind"]})' \
		--arg src "$PWD/src/link"
	[ "$output" = word ]
	inside 'readlink /etc/link3' "$jq_defs"' mounts({destination: "/etc/link3", type: "bind", source: $src, options: ["bind", "src-nofollow"]})' \
		--arg src "$PWD/src/link"
	[ "$output" = file ]
	ln -s /tmp b/rootfs/way
	refused_inside '*/mounts/6*symlink*' "$jq_defs"' mounts({destination: "/way", type: "tmpfs", source: "t", options: ["dest-nofollow"]})'
	inside "${MNT}mnt /tmp | wc -l" "$jq_defs"' mounts({destination: "/way", type: "tmpfs", source: "t"})'
	[ "$output" = 2 ]
}

@test "a file on a directory, or a directory on a file, is told in the words that engines look for" {
	refused_inside '*/mounts/6*/src/file on /mnt: a file does not go on a directory*: Not a directory' \
		"$jq_defs"' mounts({destination: "/mnt", type: "bind", source: $src, options: ["bind"]})' --arg src "$PWD/src/file"
	refused_inside '*/mounts/6*/src on /etc/passwd:*: Not a directory' \
		"$jq_defs"' mounts({destination: "/etc/passwd", type: "bind", source: $src, options: ["bind"]})' --arg src "$PWD/src"
}

@test "runc's acl is the default, and noacl the file system's to take" {
	mounted 'mnt /mnt' '{destination: "/mnt", type: "tmpfs", source: "t", options: ["acl"]}'
	[[ $output == /mnt\ * ]] || said
	refused_inside '*/mounts/6*noacl*' "$jq_defs"' mounts({destination: "/mnt", type: "tmpfs", source: "t", options: ["noacl"]})'
}

@test "a refused option is told with the kernel's reason" {
	refused_inside '*/mounts/6*nosuchoption*' "$jq_defs"' mounts({destination: "/mnt", type: "tmpfs", source: "t", options: ["nosuchoption"]})'
	refused_inside '*/mounts/6*tmpfs*/mnt*size*' "$jq_defs"' mounts({destination: "/mnt", type: "tmpfs", source: "t", options: ["size=much"]})'
	refused_inside '*/mounts/6*nosuchfs*No such device*' "$jq_defs"' mounts({destination: "/mnt", type: "nosuchfs", source: "t"})'
	refused_inside '*/mounts/6*/no/such/source*No such file*' "$jq_defs"' mounts({destination: "/mnt", type: "bind", source: "/no/such/source", options: ["bind"]})'
	refused_inside '*/mounts/6*root itself*' "$jq_defs"' mounts({destination: "/", type: "tmpfs", source: "t"})'
}

@test "remount changes what is there" {
	bundle b "${MNT}mnt /mnt" "$jq_defs $bind"' | mounts({destination: "/mnt", source: "none", type: "none", options: ["remount", "ro", "noexec"]})' \
		--arg src "$PWD/src" --argjson options '["bind", "nosuid"]'
	run_inside
	[[ $output == '/mnt ro,nosuid,noexec'* ]] || said
}

@test "devices are made in what covers /dev in the end, by whatever name that was mounted" {
	rootfs b/rootfs
	ln -s dev b/rootfs/alias
	for destination in /dev /alias; do
		inside 'test -c /dev/null && test -c /dev/tty && readlink /dev/ptmx; test -e /dev/under || echo covered' \
			'.mounts |= map(select(.destination | startswith("/dev") | not)) | .mounts += [
				{destination: "/dev", type: "tmpfs", source: "first", options: ["mode=755"]},
				{destination: "/dev/under", type: "tmpfs", source: "under"},
				{destination: $destination, type: "tmpfs", source: "second", options: ["mode=755"]}]' \
			--arg destination "$destination"
		[ "$output" = $'pts/ptmx\ncovered' ] || said
	done
}
