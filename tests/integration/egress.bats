# SPDX-License-Identifier: Apache-2.0
# egress.bats - what leaves a container whose network is filtered, and what does not; in a network of the test's own.
# The scripts in single quotes expand what they are given themselves; stderr and json are the library's.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031,SC2015

load lib/sandbox

setup_here() {
	mkdir lib
	cp "$SRT_TOP"/tests/integration/lib/{world,reach}.py lib
	: >asked
}

# in_world SCRIPT: in a host with a network of its own; as an ordinary user that host is a user namespace's.
in_world() {
	local user=()
	[ "$(id -u)" -eq 0 ] || user=(-Ur)
	printf '%s\n' "$1" >script
	export -f sandbox srt reach
	run --separate-stderr timeout -k 1 60 unshare "${user[@]}" -nm python3 lib/world.py bash -eu script
}
# reach FLAG… -- WHAT…: by lib/reach.py in a sandbox; its lines, then each violation as HOST PORT.
reach() {
	local flags=()
	while [ "$1" != -- ]; do flags+=("$1") && shift; done
	shift
	sandbox exec --json-output --env "SANDBOX_TEST=$SRT_TEST_MARK" --mount "$PWD/lib:/reach" "${flags[@]}" \
		python3 /reach/reach.py "$@" >json 2>told
	jq -r '.stdout + .stderr + ([.violation_events[] | "! \(.context.host) \(.context.port)"] | unique | join("\n"))' json
}
# are LINE…: the output is these lines.
are() {
	local wanted
	wanted=$(printf '%s\n' "$@")
	[ "$status" -eq 0 ] && [ "$output" = "$wanted" ] || { printf 'wanted: %s\n' "$wanted" && cat told json 2>/dev/null; said; }
}

@test "what is allowed is reached by name at any port: urllib, curl, raw sockets, a proxy or none" {
	in_world 'reach --allow-domain good.test -- urllib:http://good.test/ urllib:http://good.test:8080/ curl:http://good.test/ \
		direct:http://good.test:8080/ socks:http://good.test/ tcp:good.test:80 tcp:good.test:8080 tcp:GOOD.test.:80'
	are 203.0.113.10 203.0.113.10 203.0.113.10 203.0.113.10 203.0.113.10 203.0.113.10 203.0.113.10 203.0.113.10
}

@test "a rule's port, a domain's names, an address, a network; and what denies wins" {
	in_world 'reach --allow-domain "*.test:8080" --allow-domain 203.0.113.11 --deny-domain other.test -- \
		tcp:good.test:8080 tcp:good.test:80 tcp:203.0.113.11:80 tcp:203.0.113.10:8080 tcp:other.test:8080'
	are 203.0.113.10 ECONNRESET 203.0.113.11 ECONNRESET 'unknown name' '! 203.0.113.10 8080' '! good.test 80' '! other.test null'
	in_world 'reach --allow-domain "*" --deny-domain 203.0.113.11/32 -- tcp:good.test:80 tcp:other.test:80 tcp:203.0.113.10:80'
	are 203.0.113.10 ECONNRESET 203.0.113.10 '! other.test 80'
	in_world 'reach --allow-network --deny-domain other.test -- tcp:good.test:80 tcp:other.test:80'
	are 203.0.113.10 'unknown name' '! other.test null'
}

@test "a raw address, another name, and a relay inside are refused, each with its violation" {
	in_world 'reach --allow-domain good.test -- tcp:203.0.113.10:80 tcp:other.test:80 tcp:2001:db8:1::10:80 \
		curl:http://other.test/ direct:http://203.0.113.11/ relay:203.0.113.11:8080'
	are ECONNRESET 'unknown name' ECONNRESET \
		'Network access denied: other.test:80: no rule allows it; --allow-domain other.test allows it' \
		'not reached' nothing \
		'! 2001:db8:1::10 80' '! 203.0.113.10 80' '! 203.0.113.11 80' '! 203.0.113.11 8080' '! other.test 80' '! other.test null'
	grep -q 'warning: Network access denied: 203.0.113.10 port 80: no rule allows it; --allow-domain 203.0.113.10:80 opens it' told
}

@test "a name that leads to the host, to its loopback or to metadata is refused, at the second look, too" {
	in_world 'python3 -m http.server -b 203.0.113.1 80 >/dev/null 2>server & sleep 0.5
		reach --allow-domain "*.test" -- tcp:rebind.test:80 tcp:rebind.test:80 tcp:meta.test:80 tcp:home.test:80
		kill $!'
	are 203.0.113.10 ECONNRESET ECONNRESET ECONNRESET '! home.test 80' '! meta.test 80' '! rebind.test 80'
	[ ! -s server ]
}

@test "IPv6 by name and by address" {
	in_world 'reach --allow-domain six.test --allow-domain "[2001:db8:1::10]:8080" -- tcp:six.test:80 tcp:2001:db8:1::10:8080 tcp:2001:db8:1::10:80'
	are 2001:db8:1::10 2001:db8:1::10 ECONNRESET '! 2001:db8:1::10 80'
}

@test "UDP, packets, raw sockets, machines' sockets and netlink lead nowhere" {
	in_world 'reach --allow-domain "*" -- udp:203.0.113.10:123 udp:2001:db8:1::10:443 socket:17:3:0 socket:2:3:1 socket:40:1:0 \
		socket:16:3:12 socket:16:3:0 socket:38:5:0'
	are ECONNREFUSED ECONNREFUSED EAFNOSUPPORT EPERM EAFNOSUPPORT EPROTONOSUPPORT made EAFNOSUPPORT
	in_world 'sandbox exec --allow-domain "*" sh -c "ip route del local default dev lo table local || ip link set lo down || nft flush ruleset || unshare -Ur true"'
	[ "$status" -ne 0 ] || said
}

@test "sockets of the host's in the file system and without a name are not there" {
	in_world 'python3 -c "
import socket, time
a = socket.socket(socket.AF_UNIX); a.bind(chr(0) + \"hosts-own\"); a.listen()
b = socket.socket(socket.AF_UNIX); b.bind(\"sock\"); b.listen()
time.sleep(20)" & sleep 0.5
		reach --allow-domain "*" -- unix:@hosts-own "unix:$PWD/sock"
		kill $!'
	are ECONNREFUSED ENOENT
}

@test "names that are not allowed are asked of nobody" {
	in_world 'reach --allow-domain good.test -- tcp:secret.evil.test:80 direct:http://c2VjcmV0.other.test/ curl:http://good.test/'
	[ "${lines[2]}" = 203.0.113.10 ] || said
	[ "$(sort -u asked)" = good.test ]
}

@test "many connections at once" {
	in_world 'reach --max-processes 400 --allow-domain good.test -- many:200:good.test:80'
	are '200 203.0.113.10'
}

@test "when the helper is killed there is no network, and the run says so" {
	in_world 'mkfifo go
		descend() { local p; for p in $(pgrep -P "$1"); do echo "$p"; descend "$p"; done; }
		helper() { for p in $(descend $$); do [ "$(cat "/proc/$p/comm")" != srt-egress ] || echo "$p"; done; }
		sandbox exec --env "SANDBOX_TEST=$SRT_TEST_MARK" --mount "$PWD/lib:/reach" --mount "$PWD/go:/go" --allow-domain good.test sh -c \
			"python3 /reach/reach.py tcp:good.test:80; cat /go; python3 /reach/reach.py tcp:good.test:80 tcp:203.0.113.10:80" >out 2>told &
		until [ -s out ]; do sleep 0.1; done
		kill -KILL "$(helper)"
		echo killed >go
		wait
		cat out'
	[ "$output" = $'203.0.113.10\nkilled\nunknown name\nECONNREFUSED' ] || { cat told; said; }
	grep -q 'the network helper has ended' told
}

@test "a published port leads to the loopback inside, and one that is taken is refused" {
	in_world 'timeout -k 1 20 "$SRT_BUILD/sandbox-runtime" exec --env "SANDBOX_TEST=$SRT_TEST_MARK" --publish 127.0.0.1:7080:8000 --publish "[::1]:7081:8000" \
			python3 -m http.server -b 127.0.0.1 -d /etc 8000 >server 2>&1 &
		until curl -sS -m 2 http://127.0.0.1:7080/passwd >got 2>/dev/null && grep -c sandbox: got; do sleep 0.2; done
		curl -sS -m 2 "http://[::1]:7081/passwd" | grep -c sandbox:
		sandbox exec --publish 127.0.0.1:7080:8000 true || echo $?
		kill $!; wait'
	[[ $output == *$'1\n1\n125'* ]] || said
	[[ $stderr == *'--publish: publish 127.0.0.1:7080:8000: listen there: Address'* ]] || said
}

@test "settings: the npm package's, an executor's, a saved policy's with ports" {
	printf '%s' '{"network":{"allowedDomains":["*.test"],"deniedDomains":["other.test"]},"filesystem":{"denyRead":[],"allowWrite":[],"denyWrite":[]}}' >npm
	in_world 'srt --settings npm python3 lib/reach.py tcp:good.test:80 tcp:other.test:80'
	are 203.0.113.10 'unknown name'
	printf '%s' '{"version":"1","network":{"allow":false,"allow_http":true,"blocked_domains":["other.test"]}}' >executor
	in_world 'reach --settings executor -- tcp:good.test:80 tcp:good.test:8080 tcp:other.test:80'
	are 203.0.113.10 ECONNRESET 'unknown name' '! good.test 8080' '! other.test null'
	printf '%s' '{"name":"p","network_mode":"restricted","network":{"rules":[{"domain":"good.test","mode":"allow","ports":[8080]}]}}' >saved
	in_world 'reach --settings saved -- tcp:good.test:80 tcp:good.test:8080'
	are ECONNRESET 203.0.113.10 '! good.test 80'
	in_world 'sandbox explain --allow-domain good.test:80 --publish 127.0.0.1:7080:80 | grep -E "good|7080"'
	[[ $output == *'allow good.test:80'*7080* ]] || said
}

@test "a file of names stands in for the host's, for the helper alone" {
	echo '203.0.113.11 good.test' >hosts
	in_world 'reach --hosts-file hosts --allow-domain good.test -- tcp:good.test:80 tcp:203.0.113.11:80'
	are 203.0.113.11 ECONNRESET '! 203.0.113.11 80'
}

@test "without nf_tables the ports that rules name are reached, names included, and a warning says so" {
	cc -O1 -o no-netfilter "$SRT_TOP/tests/integration/lib/no_netfilter.c"
	in_world 'sandbox() { timeout -k 1 20 ./no-netfilter "$SRT_BUILD/sandbox-runtime" "$@"; }
		reach --allow-domain good.test:8080 --allow-domain other.test -- tcp:good.test:8080 tcp:other.test:80 tcp:other.test:81 tcp:203.0.113.10:80'
	[[ $output == $'203.0.113.10\n203.0.113.11\nECONNREFUSED\nECONNRESET\n'*'/srt/network: this kernel cannot redirect by nf_tables'*$'\n! 203.0.113.10 80' ]] || said
}


@test "a run that is over says nothing of its helper's end" {
	for _ in {1..40}; do
		run --separate-stderr sandbox exec --allow-domain good.test true
		[ "$status" -eq 0 ] && [ -z "$output$stderr" ] || said
	done
}
