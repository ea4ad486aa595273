# SPDX-License-Identifier: Apache-2.0
# network_nat.bats - a network by pasta or slirp4netns: what it reaches, what it does not, and how long that program lives. In a
# network of the test's own.
# The scripts in single quotes expand what they are given themselves; stderr is bats's.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031

load lib/container
said() {
	printf 'status %s\nstdout: %s\nstderr: %s\n' "$status" "$output" "$stderr"
	return 1
}

sandbox() { timeout -k 1 20 "$SRT_BUILD/sandbox-runtime" "$@"; }
setup_here() {
	command -v pasta slirp4netns >/dev/null || skip 'pasta or slirp4netns is not installed'
	[ -w /dev/net/tun ] || skip '/dev/net/tun is not writable for this user'
	mkdir lib
	cp "$SRT_TOP"/tests/integration/lib/reach.py lib
}
# in_world SCRIPT: in a host with a network of its own (lib/world.py); as an ordinary user that host is a user namespace's.
in_world() {
	local user=()
	[ "$(id -u)" -eq 0 ] || user=(-Ur)
	printf '%s\n' "$1" >script
	export -f srt sandbox reach
	run --separate-stderr env "state=$state" timeout -k 1 60 unshare "${user[@]}" -nm python3 "$SRT_TOP/tests/integration/lib/world.py" bash -eu script
}
# reach MODE WHAT…: by lib/reach.py in a sandbox with that network.
reach() {
	local mode=$1
	shift
	sandbox exec --network "$mode" --mount "$PWD/lib:/reach" python3 /reach/reach.py "$@"
}
# Ours and theirs: none of this test's is left.
# shellcheck disable=SC2009 # by its words, too
beside() { ps -eo pid,comm,args | grep -E '[s]rt-nat|[-]-dns-forward 169|[-]-disable-host-loopback'; }
nobody_beside() { [ -z "$(beside)" ]; }
export -f beside nobody_beside

@test "every name, address and port of the network's, with pasta and with slirp4netns" {
	for mode in pasta slirp4netns; do
		in_world "reach $mode urllib:http://good.test/ tcp:other.test:8080 tcp:203.0.113.10:80"
		[ "$output" = $'203.0.113.10\n203.0.113.11\n203.0.113.10' ] || said
		[ -z "$stderr" ] || said
	done
	nobody_beside || beside
}

@test "the host's loopback is out of reach, and no port inside is one of the host's" {
	for mode in pasta slirp4netns; do
		in_world 'python3 -m http.server -b 127.0.0.1 7070 >/dev/null 2>server & sleep 0.5
			timeout -k 1 20 "$SRT_BUILD/sandbox-runtime" exec --network '"$mode"' --mount "$PWD/lib:/reach" sh -c \
				"python3 -m http.server 7071 >/dev/null 2>&1 & sleep 1; python3 /reach/reach.py tcp:127.0.0.1:7070
				for gate in 10.0.2.2 203.0.113.10; do python3 /reach/reach.py tcp:\$gate:7070; done; echo asked; sleep 1" &
			sleep 2; curl -sS -m 1 http://127.0.0.1:7071/ >/dev/null 2>&1 && echo leads in
			wait %2; kill %1'
		[[ $output == *asked* && $output != *'leads in'* ]] || said
		[ ! -s server ] || { cat server; said; }
	done
}

@test "a bundle says so under its own key, and its names are asked for there, whatever its resolv.conf says" {
	for mode in pasta slirp4netns; do
		rm -rf b
		bundle b 'cat /etc/resolv.conf; printf "GET / HTTP/1.0\r\n\r\n" | timeout 5 busybox nc good.test 80 | tail -1' \
			".srt.network.mode = \"$mode\" | $with_user"
		in_world 'srt run -b b x'
		[[ $output == 'nameserver '* && ${lines[1]} == 203.0.113.10 ]] || said
	done
	nobody_beside || beside
}
# A container of root's has a user namespace, too: pasta needs one.
with_user='(.linux.namespaces |= (map(select(.type != "user")) + [{type: "user"}])) |
	.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = [{containerID: 0, hostID: 0, size: 1}]'

@test "a sandbox of a bundle that has no resolv.conf asks for names all the same" {
	cp -r "$BATS_FILE_TMPDIR/rootfs" rootfs
	rm -f rootfs/etc/resolv.conf # where a container of another test had its place
	echo kept >rootfs/etc/kept
	bundle b true '.root.path = $root' --arg root "$PWD/rootfs"
	in_world 'sandbox exec --bundle "$PWD/b" --network pasta /bin/sh -c "cat /etc/kept; grep -c sandbox /etc/passwd
		printf \"GET / HTTP/1.0\r\n\r\n\" | timeout 5 /bin/busybox nc good.test 80 | busybox tail -1"'
	[ "$output" = $'kept\n1\n203.0.113.10' ] && [[ $stderr != *warning* ]] || said
	[ ! -e rootfs/etc/resolv.conf ]
}

@test "without a user namespace slirp4netns does, and pasta is refused" {
	[ "$(id -u)" -eq 0 ] || skip 'an ordinary user has no container without one'
	bundle b 'printf "GET / HTTP/1.0\r\n\r\n" | timeout 5 busybox nc good.test 80 | tail -1' '.srt.network.mode = "slirp4netns"'
	in_world 'srt run -b b x'
	[ "$output" = 203.0.113.10 ] || said
	run srt run -b b y -f <(jq '.srt.network.mode = "pasta"' b/config.json)
	[[ $output == *'/srt/network/mode: pasta needs a user namespace'* ]] || said
}

@test "the program ends with the container, with delete, and when we or its keeper are killed" {
	bundle b "$SLEEP" ".srt.network.mode = \"pasta\" | $with_user"
	local script='srt create -b b x; beside | wc -l; srt start x; srt kill x KILL
		for i in {1..50}; do beside >/dev/null || break; sleep 0.1; done; beside; srt delete x
		srt run -d -b b y 3>&-; kill -KILL "$(jq .networkHelper "$state/y/state.json")"
		for i in {1..50}; do beside >/dev/null || break; sleep 0.1; done; beside; srt delete --force y
		srt run -d -b b z 3>&-; srt delete --force z; sleep 0.5; beside
		"$SRT_OCI" --root "$state" run -b b k 3>&- & sleep 1.5; beside | wc -l; kill -KILL $!
		for i in {1..50}; do beside >/dev/null || break; sleep 0.1; done; beside; srt delete --force k; echo end'
	in_world "set +e; $script"
	[ "$output" = $'2\n2\nend' ] || said
	jq '.srt.network.mode = "slirp4netns"' b/config.json >c && mv c b/config.json
	in_world "set +e; $script"
	[ "$output" = $'2\n2\nend' ] || said
	in_world 'set +e; for mode in pasta slirp4netns; do "$SRT_BUILD/sandbox-runtime" exec --network $mode sleep 50 & sleep 1.5
		beside | wc -l; kill -KILL $!; for i in {1..50}; do beside >/dev/null || break; sleep 0.1; done; beside; done; echo end'
	[ "$output" = $'2\n2\nend' ] || said
}

@test "a program that fails is an error with its words, and one that is missing names its package" {
	mkdir bin
	printf '#!/bin/sh\necho no such luck >&2\nexit 3\n' >bin/pasta
	printf '#!/bin/sh\necho tapping >&2\nkill -KILL $$\n' >bin/slirp4netns
	chmod +x bin/*
	run -125 --separate-stderr env "PATH=$PWD/bin:$PATH" "$SRT_BUILD/sandbox-runtime" exec --network pasta echo ran
	[[ -z $output && $stderr == *'/srt/network: pasta failed: no such luck' ]] || said
	run -125 --separate-stderr env "PATH=$PWD/bin:$PATH" "$SRT_BUILD/sandbox-runtime" exec --network slirp4netns echo ran
	[[ -z $output && $stderr == *'slirp4netns failed: tapping' ]] || said
	rm bin/*
	run -125 --separate-stderr env PATH="$PWD/bin" "$SRT_BUILD/sandbox-runtime" exec --network pasta /bin/echo ran
	[[ -z $output && $stderr == *'--network: pasta is not in PATH: install it (Debian: apt-get install passt)' ]] || said
	# A relative entry would find whatever lies here.
	cp "$(type -P true)" pasta
	run -125 --separate-stderr env PATH=.: "$SRT_BUILD/sandbox-runtime" exec --network pasta /bin/echo ran
	[[ $stderr == *'is not in PATH'* ]] || said
	nobody_beside || beside
}

@test "a program that never gets ready is waited for no longer than ten seconds, and ended" {
	mkdir bin
	printf '#!/bin/sh\nexec sleep 60\n' >bin/pasta
	chmod +x bin/pasta
	run -125 --separate-stderr env "PATH=$PWD/bin:$PATH" timeout 20 "$SRT_BUILD/sandbox-runtime" exec --network pasta echo ran
	[[ -z $output && $stderr == *'pasta was not ready in time' ]] || said
	run pgrep -P "$$" -x sleep
	[ -z "$output" ] || said
}

@test "what contradicts the mode is refused, and what is nearer to the command line counts" {
	local words
	for words in 'pasta --allow-network' 'pasta --no-network' 'none --allow-network' 'host --no-network' 'pasta --allow-domain a.test' \
		'slirp4netns --deny-domain a.test' 'none --publish 127.0.0.1:7000:7000' 'filtered'; do
		# shellcheck disable=SC2086 # several words
		run -125 --separate-stderr sandbox exec --network $words echo ran
		[[ -z $output && $stderr == *'--network: '* ]] || said
	done
	run -0 env SANDBOX_NETWORK=pasta "$SRT_BUILD/sandbox-runtime" exec --no-network sh -c 'grep -c : /proc/net/dev'
	[ "$output" = 1 ] || said
	run -0 env SANDBOX_NETWORK=pasta "$SRT_BUILD/sandbox-runtime" explain --allow-domain example.org
	[[ $output != *pasta* && $output == *example.org* ]] || said
	run -0 env SANDBOX_ALLOW_NETWORK=1 "$SRT_BUILD/sandbox-runtime" explain --plan --network none
	[[ $output == *clone*network* && $output != *loopback-up* ]] || said
	run -0 env SANDBOX_NETWORK=slirp4netns "$SRT_BUILD/sandbox-runtime" explain
	[[ $output == *'network          slirp4netns              environment (SANDBOX_NETWORK)'* ]] || said
	printf '{"version":"1.0","network":{"mode":"slirp4netns"}}' >settings
	run -0 sandbox explain --settings settings
	[[ $output == *'network          slirp4netns              settings (/network/mode)'* ]] || said
	printf '{"version":"1.0","network":{"mode":"pasta","allow":true}}' >settings
	run -125 --separate-stderr sandbox exec --settings settings echo ran
	[[ -z $output && $stderr == *'/network/mode: pasta contradicts /network/allow' ]] || said
	run -0 sandbox explain --plan --network pasta
	[[ $output == *'namespace nat'*'pasta [by-parent]'* ]] || said
}

@test "a pool refuses the mode" {
	run -125 --separate-stderr timeout 10 "$SRT_BUILD/sandbox-runtime" serve --socket "$PWD/s" --network pasta
	[[ $stderr == *"--network: a pool's tasks have no network"* ]] || said
}

# A program that takes the place of pasta or slirp4netns, is ready at once and gone a while later.
short_lived() {
	mkdir bin
	printf '#!/bin/sh\necho ready >&3\nsleep 1\necho out of luck >&2\nexit 3\n' >bin/pasta
	cp bin/pasta bin/slirp4netns
	chmod +x bin/*
}

@test "a program that ends while the container runs is told, and nothing else takes its place" {
	short_lived
	for mode in pasta slirp4netns; do
		run -7 --separate-stderr env "PATH=$PWD/bin:$PATH" timeout 20 "$SRT_BUILD/sandbox-runtime" exec --network "$mode" --result result \
			sh -c 'sleep 2.5; grep -c : /proc/net/dev; exit 7'
		[ "$output" -le 3 ] && [ "$stderr" = "sandbox-runtime: $mode has ended: there is no network any more: out of luck" ] || said
		[ "$(jq -c '[.status, .infra_error, .reason]' result)" = "[\"exit\",true,\"$mode has ended: there is no network any more: out of luck\"]" ]
		rm -rf b
		bundle b 'sleep 2.5; exit 7' ".srt.network.mode = \"$mode\" | $([ "$(id -u)" -ne 0 ] && echo . || echo "$with_user")"
		run -7 --separate-stderr env "PATH=$PWD/bin:$PATH" timeout 20 "$SRT_OCI" --root "$state" run -b b x
		[ "$stderr" = "srt-oci: $mode has ended: there is no network any more: out of luck" ] || said
	done
	run -0 --separate-stderr env "PATH=$PWD/bin:$PATH" timeout 20 "$SRT_BUILD/sandbox-runtime" exec --network pasta --result result true
	[ -z "$stderr" ] && [ "$(jq .infra_error result)" = false ] || said
	nobody_beside || beside
}

@test "so is one whose keeper is killed" {
	short_lived
	env "PATH=$PWD/bin:$PATH" timeout 20 "$SRT_BUILD/sandbox-runtime" exec --network pasta sleep 2 2>err 3>&- &
	sleep 0.7
	pkill -KILL -P "$(pgrep -P $!)" -x srt-nat
	wait $!
	[ "$(cat err)" = 'sandbox-runtime: pasta has ended: there is no network any more' ] || { cat err; false; }
	bundle b 'sleep 2' ".srt.network.mode = \"pasta\" | $([ "$(id -u)" -ne 0 ] && echo . || echo "$with_user")"
	env "PATH=$PWD/bin:$PATH" timeout 20 "$SRT_OCI" --root "$state" run -b b x 2>err 3>&- &
	sleep 0.7
	pkill -KILL -P "$(pgrep -P $!)" -x srt-nat
	wait $!
	[ "$(cat err)" = 'srt-oci: pasta has ended: there is no network any more' ] || { cat err; false; }
}

@test "where the host has name servers by IPv6 alone, that is told at the start" {
	for mode in pasta slirp4netns; do
		in_world "printf 'search a.test\nnameserver 2001:db8::53\n' >six; mount --bind six \"\$(realpath /etc/resolv.conf)\"
			sandbox exec --network $mode true"
		[[ $status -eq 0 && $stderr == *"the name servers of this host have IPv6 addresses alone (/etc/resolv.conf), and $mode passes"* ]] || said
	done
}
