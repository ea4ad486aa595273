# SPDX-License-Identifier: Apache-2.0
# change_mounts.bats - mounts that are added to a running container, and taken off again.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/container

setup_here() {
	mkdir -p src/sub
	echo word >src/file
	echo host >secret
	bundle b "$SLEEP"
}
mounts() { jq -n "$@" >mounts.json; }
inside_x() { srt exec x sh -c "$1"; }

@test "a tmpfs comes and goes" {
	detached x b
	mounts '[{destination: "/tmp/new/place", type: "tmpfs", source: "tmpfs", options: ["size=1m", "ro", "nosuid"]}]'
	srt mounts add x mounts.json
	[[ $(inside_x 'grep " /tmp/new/place " /proc/self/mountinfo') == *' ro,nosuid'*'size=1024k'* ]]
	srt mounts remove x mounts.json
	[ -z "$(inside_x 'grep " /tmp/new/place " /proc/self/mountinfo')" ]
	run --separate-stderr srt mounts remove x mounts.json
	[ "$status" -eq 1 ] && [[ $stderr == */mounts/0*'unmount /tmp/new/place'* ]] || said
}

@test "directories and files of the host, by root" {
	only root
	for filter in . 'with("user") | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'; do
		bundle b "$SLEEP" "$jq_defs $filter"
		detached x b
		mounts --arg src "$PWD/src" '{mounts: [{destination: "/tmp/dir", type: "bind", source: $src, options: ["rbind", "ro"]},
			{destination: "/tmp/file", source: ($src + "/file"), options: ["bind"]}]}'
		srt mounts add x mounts.json
		[ "$(inside_x 'cat /tmp/dir/file /tmp/file; touch /tmp/dir/x 2>/dev/null || echo refused')" = $'word\nword\nrefused' ]
		srt mounts remove x mounts.json
		[ "$(inside_x 'ls /tmp/dir; cat /tmp/file')" = '' ]
		srt delete -f x
	done
}

@test "a symlink inside leads nowhere outside" {
	rootfs b/rootfs
	bundle b "$SLEEP" '.root.readonly = false'
	detached x b
	inside_x "ln -s $PWD /tmp/link; ln -s /proc /tmp/proc"
	mounts '[{destination: "/tmp/link/made", type: "tmpfs", source: "tmpfs"}]'
	run srt mounts add x mounts.json
	[ ! -e made ]
	mounts '[{destination: "/tmp/proc/self", type: "tmpfs", source: "tmpfs"}]'
	run --separate-stderr srt mounts add x mounts.json
	[ "$status" -eq 1 ] && [[ $stderr == *'leads into /proc'* ]] || said
	mounts '[{destination: "/proc/self", type: "tmpfs", source: "tmpfs"}]'
	run --separate-stderr srt mounts add x mounts.json
	[ "$status" -eq 1 ] && [[ $stderr == *'inside /proc'* ]] || said
}

@test "an ordinary user is refused binds, with the reason; words are checked" {
	detached x b
	if [ "$SRT_HALF" = user ]; then
		mounts --arg src "$PWD/src" '[{destination: "/tmp/dir", type: "bind", source: $src, options: ["bind"]}]'
		run --separate-stderr srt mounts add x mounts.json
		[ "$status" -eq 1 ] && [[ $stderr == */mounts/0*CAP_SYS_ADMIN* ]] || said
	fi
	run --separate-stderr srt mounts move x mounts.json
	[ "$status" -eq 2 ] || said
	echo '{"mounts": 7}' >mounts.json
	run --separate-stderr srt mounts add x mounts.json
	[ "$status" -eq 1 ] && [[ $stderr == */mounts* ]] || said
	run --separate-stderr srt mounts add none mounts.json
	[ "$status" -eq 1 ] && [[ $stderr == *'does not exist'* ]] || said
}
