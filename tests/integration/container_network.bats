# SPDX-License-Identifier: Apache-2.0
# container_network.bats - the key "srt" of a bundle's config.json: its modes, and the network helper's life beside the container's.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/container

# in_world SCRIPT: in a host with a network of its own (lib/world.py); as an ordinary user that host is a user namespace's.
in_world() {
	local user=()
	[ "$(id -u)" -eq 0 ] || user=(-Ur)
	printf '%s\n' "$1" >script
	export -f srt
	run --separate-stderr env "state=$state" timeout -k 1 60 unshare "${user[@]}" -nm python3 "$SRT_TOP/tests/integration/lib/world.py" bash -eu script
}
# filtered COMMAND MEMBERS [FILTER]: a bundle with those members of srt.network; its user is whoever runs it in the world.
filtered() {
	bundle b "$1" ".srt.network = {mode: \"filtered\", $2} | (.linux | .uidMappings[]?, .gidMappings[]?) |= (.hostID = 0) | ${3:-.}"
}
is_gone() { ! kill -0 "$1" 2>/dev/null || grep -q ') Z ' "/proc/$1/stat"; }
helper_of() { jq .networkHelper "$state/$1/state.json"; }
GET='get() { printf "GET / HTTP/1.0\\r\\n\\r\\n" | timeout 2 busybox nc -w 2 "$1" "${2:-80}" 2>/dev/null | grep "^[0-9.]*$" || echo "not $1 ${2:-80}"; }
	address() { busybox nslookup "$1" 8.8.8.8 2>/dev/null | sed -n "s/^Address[ 0-9]*: \(198[.].*\)/\1/p" | head -1; }'

@test "a bundle reaches by name what its config allows, whatever its resolv.conf says, and nothing else" {
	filtered "$GET"'; get "$(address good.test)"; get 203.0.113.10; get 203.0.113.11 8080; get 203.0.113.11
		[ -n "$(address other.test)" ] || echo unknown' 'allow: ["good.test", "203.0.113.11:8080"]'
	in_world 'srt run -b b x'
	[ "$output" = $'203.0.113.10\nnot 203.0.113.10 80\n203.0.113.11\nnot 203.0.113.11 80\nunknown' ] || said
	[ "$status" -eq 0 ]
}

@test "what a run was refused is told once it has ended, each thing once, and in JSON where the log is" {
	filtered "$GET"'; address other.test; get 203.0.113.10; get 203.0.113.10; get 203.0.113.11; echo over' 'allow: ["203.0.113.11"]'
	in_world 'srt run -b b x'
	[ "${lines[-1]}" = over ] || said
	[ "$stderr" = 'srt-oci: Network access denied: other.test: no rule allows it; "other.test" in /srt/network/allow opens it
srt-oci: Network access denied: 203.0.113.10 port 80: no rule allows it; "203.0.113.10:80" in /srt/network/allow opens it' ] || said
	in_world 'srt --log-format json run -b b x 2>&1 >out | jq -r .msg'
	[[ ${lines[0]} == 'Network access denied: other.test: '* && ${#lines[@]} -eq 2 ]] || said
	filtered "$GET"'; for i in 1 2 3 4 5 6 7 8 9 10; do get 203.0.113.10 $i; done >/dev/null' 'allow: []'
	in_world 'srt run -b b x'
	[[ $(wc -l <<<"$stderr") -eq 9 && $stderr == *'Network access denied: 2 times more' ]] || said
}

@test "with CAP_NET_ADMIN a container can end its network, and gains none" {
	local all='.process.capabilities |= map_values(. + ["CAP_NET_ADMIN", "CAP_NET_RAW"])'
	filtered "$GET"'; get 203.0.113.11:8080; busybox ip route del local default dev lo table local; get 203.0.113.11 8080
		busybox ip link add v type veth peer name w 2>/dev/null; busybox ip link set w netns 1 2>/dev/null || echo held
		busybox ip route add default dev lo; get 203.0.113.10' 'allow: ["203.0.113.11:8080"]' "$all"
	in_world 'srt run -b b x'
	[ "$output" = $'203.0.113.11\nnot 203.0.113.11 8080\nheld\nnot 203.0.113.10 80' ] || said
}

@test "a published port of the host leads to the container's loopback" {
	filtered 'while :; do echo inside | busybox nc -l -p 8000; done' 'allow: [], publish: ["127.0.0.1:7090:8000"]'
	in_world 'srt run -d -b b x 3>&-
		for i in $(seq 1 50); do timeout 2 busybox nc -w 2 127.0.0.1 7090 </dev/null | grep inside && break; sleep 0.1; done
		srt delete --force x'
	[ "$output" = inside ] || said
}

@test "the helper lives beside a created container, is named in its state, and ends with it" {
	bundle b "$SLEEP" '.srt.network = {mode: "filtered", allow: ["example.org"]}'
	srt create -b b x
	local helper
	helper=$(helper_of x)
	[ "$(cat "/proc/$helper/comm")" = srt-egress ]
	grep -q '^CapEff:	0*$' "/proc/$helper/status"
	srt start x
	has_status x running
	srt kill x KILL
	eventually is_gone "$helper"
	srt delete x
}

@test "delete ends a helper that was stopped" {
	bundle b "$SLEEP" '.srt.network = {mode: "filtered"}'
	srt run -d -b b x 3>&-
	local helper
	helper=$(helper_of x)
	kill -STOP "$helper"
	srt delete --force x
	eventually is_gone "$helper"
}

@test "a run in the foreground leaves no helper" {
	bundle b 'true' '.srt.network = {mode: "filtered"}'
	srt run -b b x
	eventually sh -c '! pgrep -P $$ -x srt-egress'
	inside 'cat /proc/net/dev | grep -c :' '.srt.network = {mode: "filtered"}'
	[ "$output" = 1 ]
}

@test "exec joins the network, and the calls that lead round it are refused there, too" {
	bundle b "$SLEEP" '.srt.network = {mode: "filtered"}'
	srt run -d -b b x 3>&-
	run srt exec x sh -c 'grep -c " 0100007F:0C39 " /proc/net/tcp; grep Seccomp_filters /proc/self/status'
	[[ $output == $'0\n'* || $output == $'1\n'* ]] || said
	[[ $output == *'Seccomp_filters:'*1 ]] || said
	srt delete --force x
}

@test "none leaves not even a loopback, loopback and host are what they say" {
	inside 'cat /sys/class/net/lo/operstate /sys/class/net/lo/flags' '.srt.network = {mode: "none"}'
	has 0x8
	inside 'cat /sys/class/net/lo/flags' '.srt.network = {mode: "loopback"}'
	has 0x9
	inside 'readlink /proc/self/ns/net' ".srt.network = {mode: \"host\"} | $jq_defs without(\"network\") | .mounts |= map(select(.type != \"sysfs\"))"
	has "$(readlink /proc/self/ns/net)"
}

@test "what the key says wrong is refused with its place" {
	refused_inside '*/srt/network/mode: filtered needs a new network namespace*' "$jq_defs without(\"network\") | .srt.network.mode = \"filtered\""
	refused_inside '*/srt/network: unknown key "denny"; did you mean "deny"?' '.srt.network = {mode: "filtered", denny: []}'
	refused_inside '*/srt/network/deny/0: *' '.srt.network = {mode: "filtered", deny: ["a..b"]}'
	refused_inside '*/srt/network/hosts: *' '.srt.network = {mode: "filtered", hosts: "/none"}'
	mkfifo pipe
	refused_inside '*/srt/network/hosts: * is no file*' ".srt.network = {mode: \"filtered\", hosts: \"$PWD/pipe\"}"
	refused_inside '*/srt/network/mode: *"filterd"*filtered*' '.srt.network = {mode: "filterd"}'
}

@test "crun runs the same bundle and ignores the key" {
	command -v crun >/dev/null || skip 'crun is not installed'
	bundle b 'echo ran' '.ociVersion = "1.0.2" | .srt.network = {mode: "filtered", allow: ["example.org"]}'
	run timeout 10 crun --root "$PWD/crun" run -b b "srt-$$-crun"
	[[ $output != *cgroup* ]] || skip "crun makes no cgroup here"
	[ "$output" = ran ] || said
}

@test "where nf_tables is not there, the ports that the rules name are still reached" {
	cc -O1 -o no-netfilter "$SRT_TOP/tests/integration/lib/no_netfilter.c"
	filtered "$GET"'; get 203.0.113.11 8080; get 203.0.113.10; get 203.0.113.10 81' 'allow: ["203.0.113.11:8080"]'
	in_world './no-netfilter "$SRT_OCI" --root "$state" run -b b x'
	[ "$output" = $'203.0.113.11\nnot 203.0.113.10 80\nnot 203.0.113.10 81' ] || said
}

@test "what is refused to a container that nobody waits for is written down, and said by events" {
	filtered "$GET"'; (get 203.0.113.10; get 203.0.113.10; get 203.0.113.10 81) >/dev/null; exec sleep 3' 'allow: ["203.0.113.11"]'
	in_world 'srt run -d --violations seen -b b x 3>&-; sleep 1; srt events x; srt events x; srt delete x; ls -A "$state"'
	local want='["network","high","203.0.113.10",80]
["network","high","203.0.113.10",81]'
	[ "$(jq -c 'select(.type == "violation" and .id == "x").data | [.type, .severity, .context.host, .context.port]' <<<"$output")" = "$want"$'\n'"$want" ] || said
	[ "$(jq -c '[.type, .severity, .context.host, .context.port]' seen)" = "$want" ] || { cat seen; false; }
	rm seen
	in_world 'srt create --violations seen -b b x 3>&-; srt start x 3>&-; sleep 1; srt delete --force x'
	[ "$(wc -l <seen)" -eq 2 ] || said
	eventually nobody_records
}
nobody_records() { ! pgrep -x srt-recorder >/dev/null; }

@test "of a flood of refusals a hundred are written down" {
	filtered 'for i in $(busybox seq 1 150); do busybox nc -w 1 203.0.113.10 $i </dev/null; done 2>/dev/null; exec sleep 1' 'allow: []'
	in_world 'srt run -d -b b x 3>&-; srt events --interval 1h x | wc -l; wc -l <"$state/x/violations"; srt delete --force x'
	[ "$output" = $'100\n100' ] || said
}
