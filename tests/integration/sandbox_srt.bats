# SPDX-License-Identifier: Apache-2.0
# sandbox_srt.bats - srt and the dialects of its settings: told by their keys, and closed where they are wrong.
# stderr and json are set by bats and by the library; each test is a subshell of its own.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031,SC2015

load lib/sandbox

setup_here() {
	export HOME=$PWD/home PATH=/usr/local/bin:/usr/bin:/bin
	mkdir -p home/.ssh work/ro work/keys
	echo key >home/.ssh/id
	echo k >work/keys/k
	cd work || return
}

settings() { jq -n "$@" >"$HOME/.srt-settings.json"; }
npm() { settings "{network: {allowedDomains: [], deniedDomains: []}, filesystem: {denyRead: [], allowWrite: [], denyWrite: []}} | ${1:-.}"; }

in_srt() {
	local wanted=$1
	shift
	run "-$wanted" --separate-stderr srt "$@" || said
}
closed() {
	run --separate-stderr srt "$@"
	[ "$status" -eq 125 ] && [ -z "$output" ] && [ -n "$stderr" ] || said
}

@test "without a whole settings file nothing runs" {
	closed echo ran
	: >"$HOME/.srt-settings.json"
	closed echo ran
	echo '{}' >"$HOME/.srt-settings.json"
	closed echo ran
	echo '{"network":' >"$HOME/.srt-settings.json"
	closed echo ran
	npm '.more = 1'
	closed echo ran
	npm '.filesystem.denyRaed = []'
	closed echo ran
	[[ $stderr == *'did you mean "denyRead"?'* ]] || said
	npm 'del(.filesystem)'
	closed echo ran
	closed --settings /nowhere echo ran
	npm
	in_srt 0 echo ran
	[ "$output" = ran ]
}

@test "npm settings: the host is readable, and written only where allowed" {
	npm '.filesystem.allowWrite = ["."] | .filesystem.denyWrite = ["./ro"] | .filesystem.denyRead = ["~/.ssh", "./keys"]'
	in_srt 0 sh -c 'pwd; id -u; cat /etc/hostname >/dev/null && echo read; : >made && echo written
		( : >ro/x ) 2>/dev/null || echo held; ( : >../x ) 2>/dev/null || echo held; ( : >/usr/x ) 2>/dev/null || echo held
		cat ~/.ssh/id 2>&1; cat keys/k 2>&1; true'
	[ "${lines[0]}" = "$PWD" ] && [ "${lines[1]}" = "$(id -u)" ] || said
	[ "$(grep -c '^held$' <<<"$output")" -eq 3 ] || said
	has read
	has written
	lacks key
	lacks k
	[ -e made ] && [ ! -e ro/x ] && [ ! -e ../x ]
	[ "$(stat -c %u made)" -eq "$(id -u)" ]
}

@test "npm settings: what is always protected stays as it is, and nothing of ours stays on the host" {
	mkdir -p .git/hooks
	echo mine >.gitconfig
	echo hook >.git/hooks/pre-commit
	find . | sort >../before
	npm '.filesystem.allowWrite = ["."]'
	in_srt 0 sh -c '( echo x >.gitconfig ) 2>/dev/null || echo held; ( echo x >.git/hooks/pre-commit ) 2>/dev/null || echo held
		( : >.git/hooks/new ) 2>/dev/null || echo held; mv .gitconfig moved 2>/dev/null || echo held'
	[ "$(grep -c '^held$' <<<"$output")" -eq 4 ] || said
	find . | sort >../after
	cmp ../before ../after
}

@test "npm settings: allowRead shows what lies below a denied path" {
	mkdir keys/public
	echo p >keys/public/p
	npm '.filesystem.denyRead = ["./keys"] | .filesystem.allowRead = ["./keys/public"]'
	in_srt 0 sh -c 'cat keys/public/p; ls keys 2>&1; cat keys/k 2>&1; true'
	[ "${lines[0]}" = p ] || said
	lacks k
}

@test "npm settings: no network, no unix sockets but pairs, no limits of ours" {
	npm
	in_srt 0 python3 -c '
import socket
socket.socketpair()
try: socket.socket(socket.AF_UNIX); print("open")
except PermissionError: print("closed")
try: socket.create_connection(("192.0.2.1", 80), 1); print("open")
except OSError: print("closed")'
	[ "$output" = $'closed\nclosed' ] || said
	npm '.network.allowAllUnixSockets = true'
	in_srt 0 python3 -c 'import socket; socket.socket(socket.AF_UNIX); print("open")'
	[ "$output" = open ] || said
	npm '.network.allowedDomains = ["https://example.org"]'
	closed echo ran
	[[ $stderr == *'/network/allowedDomains/0: '* ]]
	npm '.enableWeakerNestedSandbox = true'
	closed echo ran
}

@test "the caller's environment goes along, and -c runs a string" {
	npm
	MINE=1 in_srt 0 -c 'echo $MINE $0'
	[[ $output == '1 '* ]] || said
	in_srt 3 -c 'exit 3'
	in_srt 5 -- sh -c 'exit 5'
	in_srt 127 -- no-such-program
	closed -c 'true' true
}

@test "an executor's settings set limits and paths" {
	mkdir data
	echo d >data/d
	settings --arg here "$PWD" '{version: "1.0", sandbox_id: "s", resource_limits: {timeout_seconds: 1, max_memory_mb: 64, max_processes: 8},
		filesystem: {allow_read: true, allow_write: false, allowed_paths: [$here + "/data"], blocked_paths: [$here + "/data/no"]},
		network: {allow: false, allow_http: false, blocked_domains: []}}'
	in_srt 0 sh -c 'cat "$0/data/d"; ( : >"$0/data/x" ) 2>/dev/null || echo held' "$PWD"
	[ "$output" = $'d\nheld' ] || said
	in_srt 124 sleep 9
	settings '{resource_limits: {timeout_seconds: 1, memory: 3}}'
	closed echo ran
	settings '{version: "1.0", network: {allow_http: true, blocked_domains: ["a..b"]}}'
	closed echo ran
	[[ $stderr == *'/network/blocked_domains/0: '* ]]
}

@test "a saved policy shows what it says, takes masked values from the caller, and misses none" {
	mkdir -p data/deep
	echo d >data/d
	echo e >data/deep/e
	settings --arg here "$PWD" '{name: "p", network_mode: "none", filesystem: {rules: [{path: ($here + "/data"), mode: "read_only", recursive: false,
		description: ""}, {path: "/etc/passwd", mode: "deny", recursive: false, description: ""}]}, network: {mode: "none", rules: []},
		environment: {TOKEN: {name: "TOKEN", value: "***", sensitive: true, description: ""}, A: {name: "A", value: "b", sensitive: false, description: ""}}}'
	TOKEN=hunter2 in_srt 0 sh -c 'cat "$0/data/d"; ls "$0/data"; echo "$TOKEN$A"; id -un' "$PWD"
	[ "$output" = $'d\nd\nhunter2b\nsandbox' ] || said
	closed echo ran
	[[ $stderr == *'TOKEN is not set'* ]] || said
	run --separate-stderr env TOKEN=hunter2 "$SRT_BUILD/sandbox-runtime" explain --settings "$HOME/.srt-settings.json"
	[[ $output == *'TOKEN=***'* && $output != *hunter2* ]] || said
}

# own_tmp: the program sees, at /tmp and /dev/shm, nothing of the host's, and writes there.
own_tmp() {
	"$@" sh -c 'ls -A /tmp /dev/shm && : >/tmp/made-inside && : >/dev/shm/made-inside && echo private'
}

@test "a rule for /tmp or /dev/shm is met by the sandbox's own, in each dialect and as a flag; one for a path below is not" {
	local outside mode
	outside=$(mktemp /tmp/outside.XXXXXX)
	echo o >"$outside"
	for mode in allow read_only; do
		settings --arg mode "$mode" '{name: "strict", network_mode: "none", environment: {}, network: {mode: "none", rules: []},
			filesystem: {rules: [{path: "/tmp", mode: $mode, recursive: true, description: ""},
			{path: "/dev/shm/", mode: $mode, recursive: false, description: ""}]}}'
		own_tmp in_srt 0
		[ "$output" = $'/dev/shm:\n\n/tmp:\nprivate' ] || said
	done
	run --separate-stderr sandbox explain --settings "$HOME/.srt-settings.json"
	grep -qE "^path +read /tmp +/filesystem/rules/0 \(the sandbox's own\)$" <<<"$output" || said
	settings '{version: "1.0", filesystem: {allow_write: true, allowed_paths: ["/tmp/**", "/dev/shm"]}}'
	own_tmp in_srt 0
	[ "$output" = $'/dev/shm:\n\n/tmp:\nprivate' ] || said
	own_tmp in_sandbox 0 --allow-path /tmp --allow-path /dev/shm
	[ "$output" = $'/dev/shm:\n\n/tmp:\nprivate' ] || said
	in_sandbox 0 --allow-path /tmp --allow-path "$outside" cat "$outside"
	[ "$output" = o ] || said
	# A link shows the host's no more than the name does, and a denied path below is not made.
	ln -s "$outside" link
	refused '*is a link to*' --allow-path /tmp --allow-path "$PWD/link" true
	in_sandbox 0 --allow-path /tmp --deny-path "$outside" ls -A /tmp
	[ -z "$output" ] || said
	rm "$outside"
	[ ! -e /tmp/made-inside ] && [ ! -e /dev/shm/made-inside ]
}

@test "exec reads the same files, and its flags count more" {
	settings '{resource_limits: {timeout_seconds: 9}}'
	run --separate-stderr sandbox exec --settings "$HOME/.srt-settings.json" --timeout 300ms sleep 5
	[ "$status" -eq 124 ] || said
	SANDBOX_TIMEOUT=200ms run --separate-stderr sandbox explain --settings "$HOME/.srt-settings.json"
	grep -qE '^timeout +9s +settings \(/resource_limits/timeout_seconds\)$' <<<"$output" || said
	run --separate-stderr sandbox explain --preset strict --timeout 2s
	grep -qE '^memory +128M +preset' <<<"$output" || said
}
