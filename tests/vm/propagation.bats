# SPDX-License-Identifier: Apache-2.0
# propagation.bats - mounts of the host that are shared, and which way mounts go between it and a container.
# vm guests: uml-plain cloud-plain
# shellcheck disable=SC2016,SC2154

load lib/vm

# Two places of the host's, each a mount that is shared, as all are where systemd is the first process.
setup_here() {
	mkdir -p host/later
	[ "$SRT_HALF" = root ] || return 0
	mount -t tmpfs host-dir host
	mount --make-shared host
	mkdir host/early host/later host/inside
}
teardown_here() {
	srt delete --force --regex .
	[ "$SRT_HALF" = root ] || return 0
	umount -R host
}

ADMIN='.process.capabilities = {bounding: ["CAP_SYS_ADMIN"], permitted: ["CAP_SYS_ADMIN"], effective: ["CAP_SYS_ADMIN"]}'

# between PROPAGATION FILTER: a container with ./host on /mnt that mounts on /mnt/inside once the host has mounted on
# ./host/later. What it saw is in ./out.
between() {
	bundle b 'while [ ! -e /mnt/later/of-the-host ] && [ ! -e /mnt/go ]; do sleep 0.1; done
		[ ! -e /mnt/later/of-the-host ] || echo "sees the host'"'"'s"
		mount -t tmpfs inside /mnt/inside && touch /mnt/inside/of-the-container && echo mounted; touch /mnt/done
		'"$SLEEP" "$ADMIN"' | .mounts += [{destination: "/mnt", type: "none", source: $from, options: ["rbind", $how]}] | '"$2" \
		--arg from "$PWD/host" --arg how "$1"
	detached x b
	mount -t tmpfs later host/later
	touch host/later/of-the-host host/go
	eventually [ -e host/done ]
	grep -qx mounted out
	ls host/inside >seen
	srt delete --force x
	umount host/later
	! mountpoint -q host/inside || umount host/inside
	rm -f host/go host/done
}

@test "a shared mount hands mounts both ways, a slave only in, a private none" {
	only root
	between rshared '.linux.rootfsPropagation = "shared"'
	grep -qx "sees the host's" out
	grep -qx of-the-container seen
	between rslave '.linux.rootfsPropagation = "slave"'
	grep -qx "sees the host's" out
	[ ! -s seen ]
	between rprivate '.linux.rootfsPropagation = "private"'
	! grep -q "sees the host's" out || return 1
	[ ! -s seen ]
}

@test "nothing of a container's reaches the host, whatever the propagation of its root" {
	for how in private slave shared; do
		[ "$SRT_HALF" = root ] && [ "$how" = shared ] && continue # that is what shared is for
		sort /proc/self/mountinfo >before
		inside 'mount -t tmpfs inside /tmp && mount -t tmpfs inside /run && echo mounted' \
			"$ADMIN"' | .linux.rootfsPropagation = $how' --arg how "$how"
		has mounted
		sort /proc/self/mountinfo | diff before -
	done
}
