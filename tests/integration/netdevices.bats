# SPDX-License-Identifier: Apache-2.0
# netdevices.bats - network devices of the host that a configuration moves into the container.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/container

setup_here() {
	a=srta$$ b=srtb$$
}
teardown_here() {
	[ "$SRT_HALF" != root ] || ip link del "$a" 2>/dev/null || ip link del "$b" 2>/dev/null || true
}

# pair: two devices that are one cable; the first is to be moved.
pair() {
	only root
	command -v ip >/dev/null || skip 'iproute2 is not installed'
	# The kernel takes its time to end a namespace and the devices in it.
	eventually ip link add "$a" type veth peer name "$b" || skip 'the kernel makes no veth devices'
}
device() { printf '.linux.netDevices = {"%s": {%s}}' "$a" "$1"; }
IP='ip -o addr show | while read -r _ name family address rest; do [ "$name" = lo ] || echo "$name $address"; done'

@test "a device moves, is renamed, keeps its lasting addresses, and is up" {
	pair
	ip addr add 10.91.7.3/24 dev "$a"
	ip addr add 10.91.8.3/24 dev "$a" valid_lft 1000 preferred_lft 1000
	ip -6 addr add fd91::3/64 dev "$a" nodad
	ip link set "$a" mtu 1400 address 02:00:00:00:91:03
	ip link set "$b" up
	inside "$IP; cat /sys/class/net/eth0/mtu /sys/class/net/eth0/address /sys/class/net/eth0/flags" "$(device 'name: "eth0"')"
	has 'eth0 10.91.7.3/24'
	has 'eth0 fd91::3/64'
	[[ $output != *10.91.8.3* ]] || said
	has 1400
	has 02:00:00:00:91:03
	[ $((${lines[${#lines[@]} - 1]} & 1)) -eq 1 ]
	run ! ip link show "$a" # it ended with the namespace
}

@test "without a name it keeps its own, and a template is numbered" {
	pair
	inside 'ls /sys/class/net' "$(device '')"
	has "$a"
	pair
	inside 'ls /sys/class/net' "$(device 'name: "port%d"')"
	has port0
}

@test "in a user namespace, and into a namespace that is joined" {
	pair
	inside 'ls /sys/class/net' "$jq_defs"' with("user") | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings | '"$(device 'name: "eth0"')"
	has eth0
	pair
	unshare -n timeout 20 sleep 20 &
	sleeper=$!
	eventually test "$(readlink /proc/self/ns/net)" != "$(readlink /proc/$sleeper/ns/net)"
	inside 'ls /sys/class/net' "$jq_defs joins(\"network\"; \"/proc/$sleeper/ns/net\") | $(device 'name: "eth0"')"
	kill "$sleeper"
	has eth0
}

@test "a start that fails gives the device back as it was" {
	pair
	ip addr add 10.91.7.3/24 dev "$a"
	ip link set "$a" up
	bundle b 'true' "$(device 'name: "eth0"') | .process.args = [\"/nope\"]"
	run --separate-stderr srt run -b b x
	[ "$status" -eq 127 ]
	ip -o addr show "$a" | grep -q 10.91.7.3/24
	ip -o link show "$a" | grep -q '[<,]UP[,>]'
}

@test "a device that is not there, a name that is taken, and one that cannot be are refused" {
	pair
	refused_inside "*/linux/netDevices/none7*no device none7*" '.linux.netDevices = {"none7": {}}'
	refused_inside "*/linux/netDevices/$a*called lo already*" "$(device 'name: "lo"')"
	refused_inside '*/linux/netDevices*' "$(device 'name: "a/b"')"
	ip link show "$a" >/dev/null
}

@test "an ordinary user is refused at plan time" {
	only user
	refused_inside '*/linux/netDevices/eth0*CAP_NET_ADMIN*' '.linux.netDevices = {"eth0": {}}'
}
