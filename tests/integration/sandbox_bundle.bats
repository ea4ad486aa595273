# SPDX-License-Identifier: Apache-2.0
# sandbox_bundle.bats - limits and network that a bundle's config.json has under "srt", in a sandbox: what they are where nobody says
# anything, that nothing said goes beyond them, and that explain says from where each is.
# shellcheck disable=SC2016,SC2154

load lib/container

# sandboxed SRT: a bundle with that under its key, whose root file system the sandbox takes.
sandboxed() {
	rm -rf b
	bundle b 'echo own' ".srt = $1 | .root.path = \$root" --arg root "$BATS_FILE_TMPDIR/rootfs"
}
sandbox() { timeout -k 1 20 "$SRT_BUILD/sandbox-runtime" "$@"; }
# explained NAME [FLAG…]: value and origin of what explain calls so, a line each; several have their order.
explained() {
	local name=$1
	shift
	sandbox explain --bundle b "$@" 2>err | awk -v name="$name" '$1 == name { $1 = ""; print substr($0, 2) }'
}
# is WORDS NAME [FLAG…]
is() {
	local words=$1 got
	shift
	got=$(explained "$@")
	[ "$got" = "$words" ] || { printf '%s\n' "$got"; cat err; return 1; }
}
# refused PATTERN FLAG…: with status 125 and that line, and nothing ran.
refused() {
	local pattern=$1
	shift
	run -125 --separate-stderr sandbox exec --bundle b "$@" /bin/busybox echo ran
	# shellcheck disable=SC2053 # a pattern it is
	[[ -z $output && $stderr == $pattern ]] || said
}

@test "a bundle's limits are there where nobody says more, wider than a default or not" {
	sandboxed '{limits: {timeout: "700ms", "kill-after": "100ms", memory: "1G", cpu: "0.5", "max-processes": "20", "max-open-files": "64",
		"max-file-size": "1M", disk: "2M", "max-files": "50", "max-output": "1K"}}'
	is '700ms bundle (/srt/limits/timeout)' timeout
	is '100ms bundle (/srt/limits/kill-after)' kill-after
	is '1G bundle (/srt/limits/memory)' memory
	is '0.5 bundle (/srt/limits/cpu)' cpu
	is '20 bundle (/srt/limits/max-processes)' max-processes
	is '64 bundle (/srt/limits/max-open-files)' max-open-files
	is '1M bundle (/srt/limits/max-file-size)' max-file-size
	is '2M bundle (/srt/limits/disk)' disk
	is '50 bundle (/srt/limits/max-files)' max-files
	is '1K bundle (/srt/limits/max-output)' max-output
	[ "$(sandbox explain --bundle b --json | jq -c '.values.timeout | [.value, .origin, .from]')" = '[700,"bundle","/srt/limits/timeout"]' ]
	run -124 --separate-stderr sandbox exec --bundle b /bin/busybox sleep 20
	[ "$stderr" = 'sandbox-runtime: Execution timeout after 700ms' ] || said
	run -137 --separate-stderr sandbox exec --bundle b /bin/busybox yes
	[ "$stderr" = 'sandbox-runtime: Output limit exceeded: 1K' ] || said
	run --separate-stderr sandbox exec --bundle b /bin/busybox dd if=/dev/zero of=/tmp/f bs=64k count=64
	[[ $status -ne 0 && $stderr == *'limit exceeded: '* ]] || said
}

@test "of a limit and what is asked for the stricter one counts, and who asked for more is told" {
	sandboxed '{limits: {timeout: "10s", memory: "64M"}}'
	is '500ms flag (--timeout)' timeout --timeout 500ms
	is '10s bundle (/srt/limits/timeout)' timeout --timeout 1m
	grep -qx 'sandbox-runtime: warning: --timeout: 1m is more than the bundle has: 10s (/srt/limits/timeout)' err
	SANDBOX_TIMEOUT=5 is '5 environment (SANDBOX_TIMEOUT)' timeout
	SANDBOX_MEMORY_LIMIT=1G is '64M bundle (/srt/limits/memory)' memory
	echo '{"version":"1.0","resource_limits":{"timeout_seconds":60,"max_memory_mb":32},"filesystem":{},"network":{}}' >settings
	is '10s bundle (/srt/limits/timeout)' timeout --settings settings
	is '32M settings (/resource_limits/max_memory_mb)' memory --settings settings || is '33554432 settings (/resource_limits/max_memory_mb)' memory --settings settings
	run -124 --separate-stderr sandbox exec --bundle b --timeout 300ms /bin/busybox sleep 20
	[ "$stderr" = 'sandbox-runtime: Execution timeout after 300ms' ] || said
}

@test "a bundle's rules are the network where nobody says anything, and a part of them where somebody does" {
	sandboxed '{network: {mode: "filtered", allow: ["*.example.org:443", "192.0.2.0/24"], deny: ["bad.example.org"]}}'
	is $'allow *.example.org:443 /srt/network/allow/0\nallow 192.0.2.0/24 /srt/network/allow/1\ndeny bad.example.org /srt/network/deny/0' domain
	is $'allow www.example.org:443 --allow-domain, /srt/network/allow/0\ndeny bad.example.org /srt/network/deny/0' domain --allow-domain www.example.org
	is $'allow 192.0.2.7:80 --allow-domain, /srt/network/allow/1\ndeny bad.example.org /srt/network/deny/0' domain --allow-domain 192.0.2.7:80
	is $'allow *.example.org:443 --allow-domain, /srt/network/allow/0\nallow 192.0.2.0/24 --allow-domain, /srt/network/allow/1\ndeny bad.example.org /srt/network/deny/0' \
		domain --allow-domain '*'
	explained domain --deny-domain www.example.org | grep -qx 'deny www.example.org --deny-domain'
	refused '*--allow-domain: pypi.org is nothing that the bundle allows (/srt/network/allow*' --allow-domain pypi.org
	refused '*--allow-domain: www.example.org:80 is nothing*' --allow-domain www.example.org:80
	refused '*--publish: 127.0.0.1:7000:7000 is none of the ports*' --publish 127.0.0.1:7000:7000
	refused "*--network: the bundle's own network is filtered*" --network pasta
	run -0 --separate-stderr sandbox exec --bundle b --allow-network /bin/busybox true
	[[ $stderr == *'--allow-network: of the bundle'\''s network there is what /srt/network/allow'* ]] || said
	sandboxed '{network: {mode: "filtered", allow: ["192.0.2.0/24"], publish: ["127.0.0.1:7001:80"]}}'
	[ -z "$(explained publish)" ]
	grep -qx 'sandbox-runtime: warning: /srt/network/publish/0: 127.0.0.1:7001:80 is not opened by the bundle alone: say --publish 127.0.0.1:7001:80 to have it' err
	explained publish --publish 127.0.0.1:7001:80 | grep -q '127.0.0.1:7001:80'
	sandboxed '{network: {mode: "filtered", allow: ["*.example.org:443", "192.0.2.0/24"], deny: ["bad.example.org"]}}'
	# What was refused names what would open it.
	run --separate-stderr sandbox exec --bundle b /bin/busybox nc -w 2 198.51.100.1 80
	[[ $stderr == *'Network access denied: 198.51.100.1 port 80: no rule allows it; "198.51.100.1:80" in /srt/network/allow opens it'* ]] || said
	run --separate-stderr sandbox exec --bundle b --no-network /bin/busybox ip route
	[[ $output != *198.18* ]] || said
	is 'false flag (--no-network)' allow-network --no-network
	[ -z "$(explained domain --no-network)" ]
}

@test "without a network in the bundle none is opened, but by what speaks for all runs it stays closed in silence" {
	local mode
	for mode in none loopback; do
		sandboxed "{network: {mode: \"$mode\"}}"
		is "$mode bundle (/srt/network/mode)" network
		refused "*--allow-network: the bundle's own network is $mode (/srt/network/mode*" --allow-network
		refused "*--allow-domain: the bundle's own network is $mode*" --allow-domain a.test
		refused "*--network: the bundle's own network is $mode*" --network host
		SANDBOX_ALLOW_NETWORK=true is "$mode bundle (/srt/network/mode)" network
	done
	is 'none flag (--network)' network --network none
}

@test "the whole network is opened by who runs it, never by a bundle alone" {
	sandboxed '{network: {mode: "host"}}'
	jq '.linux.namespaces |= map(select(.type != "network"))' b/config.json >c && mv c b/config.json
	refused '*/srt/network/mode: host is the whole network of this host, and a bundle alone does not open it*--no-network'
	run -0 sandbox exec --bundle b --allow-network /bin/busybox true
	run -0 sandbox exec --bundle b --no-network /bin/busybox true
	is 'allow a.test --allow-domain' domain --allow-domain a.test
}

@test "a file of the host's that a bundle names is read by the filter alone, never shown" {
	echo '192.0.2.1 of.mine' >hosts
	local allow
	for allow in '[]' '["a.test"]'; do
		sandboxed "{network: {mode: \"filtered\", allow: $allow, hosts: \"$PWD/hosts\"}}"
		run --separate-stderr sandbox exec --bundle b /bin/busybox cat /etc/hosts
		[[ $output != *of.mine* ]] || said
	done
	is "$PWD/hosts bundle (/srt/network/hosts)" hosts-file
	refused '*--hosts-file: /etc/hosts is not the bundle*' --hosts-file /etc/hosts
}

@test "a request to a pool goes no further than the bundle, either" {
	mkdir -p b
	sandboxed '{limits: {timeout: "1s", memory: "64M"}}'
	local place mounts=()
	for place in /usr /bin /lib*; do mounts+=(--mount "$place:$place"); done
	run -0 timeout 30 python3 - "$SRT_BUILD/sandbox-runtime" serve --bundle b --socket "$PWD/pool" --size 1 --until-eof "${mounts[@]}" <<-'EOF'
		import json, socket, struct, subprocess, sys
		pool = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
		assert pool.stdout.readline() == b"ready\n"
		c = socket.socket(socket.AF_UNIX)
		c.connect("pool")
		def ask(**members):
		    frame = json.dumps({"version": 1, "op": "execute", **members}).encode()
		    c.sendall(struct.pack("!I", len(frame)) + frame)
		    return json.loads(c.recv(*struct.unpack("!I", c.recv(4)), socket.MSG_WAITALL))
		for more in ({"timeout_ms": 1001}, {"memory_bytes": (64 << 20) + 1}, {"timeout_ms": 0}, {"network": "host"}):
		    assert ask(code="1", **more)["error"]["kind"] == "request", more
		assert ask(code="import time; time.sleep(5)")["result"]["status"] == "timeout"
		assert ask(code="x = bytearray(200 << 20)")["result"]["status"] == "memory"
		assert ask(code="import time; time.sleep(5)", timeout_ms=200)["result"]["limits"]["timeout_ms"] == 200
		pool.stdin.close()
		assert pool.wait(10) == 0
	EOF
}
