# SPDX-License-Identifier: Apache-2.0
# cli.bats - the command line: what it takes, what it says, how it ends.
# bats file_tags=quick
# The scripts in single quotes expand what they are given themselves.
# shellcheck disable=SC2016

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	state=$PWD/state
}

teardown() {
	srt delete --force --regex .
}

srt() { "$SRT_OCI" --root "$state" "$@"; }

# refused STATUS LINE COMMAND…: it ends so, says exactly that one line on stderr, and nothing on stdout.
refused() {
	local status_wanted=$1 line=$2
	shift 2
	# shellcheck disable=SC2154
	if ! run "-$status_wanted" --separate-stderr "$@" || [ -n "$output" ] || [ "$stderr" != "$line" ]; then
		echo "status $status, stdout: $output, stderr: $stderr"
		return 1
	fi
}

@test "--version has the lines that engines read" {
	for words in --version -v version; do
		run --separate-stderr "$SRT_OCI" "$words"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[[ ${lines[0]} =~ ^srt-oci\ version\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
		[[ ${lines[1]} =~ ^commit:\ .+$ ]]
		[ "${lines[2]}" = 'spec: 1.3.0' ]
		[[ ${lines[3]} == +* ]]
	done
}

@test "--help lists commands, options and exit statuses on stdout" {
	for words in --help -h help; do
		run --separate-stderr "$SRT_OCI" "$words"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[[ $output == *'  create '* && $output == *'--root DIR'* && $output == *'  127 '* ]]
	done
}

@test "every listed command has help, by both ways" {
	run "$SRT_OCI" --help
	names=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' <<<"$output")
	[ "$(wc -l <<<"$names")" -ge 20 ]
	for name in $names; do
		[ "$name" != bundle ] || continue
		run --separate-stderr "$SRT_OCI" "$name" --help
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[[ ${lines[0]} == "Usage: srt-oci $name [OPTION...]"* ]]
		by_option=$output
		run "$SRT_OCI" help "$name"
		[ "$output" = "$by_option" ]
	done
}

@test "a wrong command line is status 2 and one line that helps" {
	refused 2 'srt-oci: no command; see srt-oci --help' "$SRT_OCI"
	refused 2 'srt-oci: unknown command "rnu"; did you mean run?' "$SRT_OCI" rnu
	refused 2 'srt-oci: unknown option --rot; did you mean --root?' "$SRT_OCI" --rot x
	refused 2 'srt-oci: create: unknown option --bundel; did you mean --bundle?' srt create --bundel x
	refused 2 'srt-oci: start: too few arguments; usage: srt-oci start [OPTION...] ID' srt start
	refused 2 'srt-oci: state: what is "b" for?; usage: srt-oci state [OPTION...] ID' srt state a b
	refused 2 'srt-oci: kill: "NOSUCH" is no signal' srt kill x NOSUCH
	refused 2 'srt-oci: list: --format=xml: not a FORMAT' srt list --format xml
	refused 2 'srt-oci: exec: no program to run; give one, or --process FILE' srt exec x
	refused 2 'srt-oci: unknown command "nope"' "$SRT_OCI" help nope
}

@test "exec takes uids and gids strictly" {
	refused 2 'srt-oci: exec: --user: "-1" is not a number' srt exec -u -1 x true
	refused 2 'srt-oci: exec: --user: 4294967297 is more than 4294967294' srt exec -u 4294967297 x true
	refused 2 'srt-oci: exec: --user: 4294967295 is more than 4294967294' srt exec -u 0:4294967295 x true
	refused 2 'srt-oci: exec: --user: "0x1" is not a number' srt exec -u 0x1 x true
	refused 2 'srt-oci: exec: --user: "1:2" is not a number' srt exec -u 0:1:2 x true
	refused 2 'srt-oci: exec: --additional-gids: "+1" is not a number' srt exec -g +1 x true
}

@test "an unknown container is status 1 and named" {
	for words in 'state x' 'start x' 'kill x' 'delete x' 'pause x' 'resume x' 'ps x' 'exec x true'; do
		# The words are meant to be split.
		# shellcheck disable=SC2086
		refused 1 'srt-oci: container "x" does not exist' srt $words
	done
}

@test "delete --force and kill --all of an unknown container succeed in silence" {
	for words in 'delete --force x' 'delete x -f' 'kill --all x' 'kill -a x SIGTERM' 'kill x 9 --all'; do
		# shellcheck disable=SC2086
		refused 0 '' srt $words
	done
}

@test "ids that are paths are refused" {
	for id in ../x /etc . .. a/b ''; do
		run --separate-stderr srt state "$id"
		[ "$status" -eq 1 ]
		[ -z "$output" ]
		[ "$(wc -l <<<"$stderr")" -eq 1 ]
	done
}

@test "a log gets exactly one record of an error, in its format" {
	refused 1 'srt-oci: container "x" does not exist' srt --log j --log-format json state x
	[ "$(wc -l <j)" -eq 1 ]
	[ "$(jq -r '.level + " " + .msg' j)" = 'error container "x" does not exist' ]
	jq -e '.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$")' j
	refused 1 'srt-oci: container "x" does not exist' srt --log=file:t --log-format=text state x
	[ "$(wc -l <t)" -eq 1 ]
	[[ $(cat t) == *'srt-oci: container "x" does not exist' ]]
	refused 2 'srt-oci: unknown command "rnu"; did you mean run?' srt --log j --log-format json rnu
	[ "$(wc -l <j)" -eq 2 ]
}

@test "without a log a JSON record goes to stderr" {
	run --separate-stderr srt --log-format json state x
	[ "$status" -eq 1 ]
	[ "$(jq -r .msg <<<"$stderr")" = 'container "x" does not exist' ]
}

@test "a log can be the journal or syslog, by their sockets" {
	for service in journald syslog; do
		python3 - "$service" <<'PY' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1] + ".sock")
s.settimeout(10)
open(sys.argv[1] + ".got", "wb").write(s.recv(4096))
PY
		for _ in {1..100}; do [ -S $service.sock ] && break; sleep 0.05; done
		SRT_OCI_JOURNAL_SOCKET=$PWD/journald.sock SRT_OCI_SYSLOG_SOCKET=$PWD/syslog.sock \
			refused 1 'srt-oci: container "x" does not exist' srt --log $service:box state x
		wait
	done
	grep -qx 'PRIORITY=3' journald.got
	grep -qx 'SYSLOG_IDENTIFIER=box' journald.got
	grep -qx 'MESSAGE=container "x" does not exist' journald.got
	grep -qE '^<27>box\[[0-9]+\]: container "x" does not exist$' syslog.got
	SRT_OCI_SYSLOG_SOCKET=$PWD/none refused 1 "srt-oci: reach the log service at $PWD/none: No such file or directory" \
		srt --log syslog: list
}

@test "a full disk under stdout is an error" {
	[ -c /dev/full ] || skip 'no /dev/full'
	for words in 'list' '--version' '--help' 'features' 'completion bash'; do
		# shellcheck disable=SC2086
		run ! sh -c '"$0" "$@" >/dev/full' "$SRT_OCI" --root "$state" $words
		[ "$status" -eq 1 ]
		[[ $output == 'srt-oci: write to standard output: '* ]]
	done
}

@test "closed standard descriptors do no harm" {
	run -0 sh -c '"$0" --root "$1" list -q <&- >&- 2>&-' "$SRT_OCI" "$state"
	run -1 sh -c '"$0" --root "$1" --log l state x <&- >&- 2>&-' "$SRT_OCI" "$state"
	[ "$(wc -l <l)" -eq 1 ]
}

@test "list of no containers" {
	refused 0 '' srt list -q
	run -0 --separate-stderr srt list -f json
	[ "$(jq length <<<"$output")" -eq 0 ]
	[ -z "$stderr" ]
	run -0 srt list
	[[ $output == 'ID          PID         STATUS      BUNDLE      CREATED     OWNER' ]]
}

# in_userns SCRIPT: as the root of a user namespace who sees an empty /tmp and may not write to /run,
# with the program as $srt_oci.
in_userns() {
	unshare -Urm true 2>/dev/null || skip 'no user namespaces for this user'
	XDG_RUNTIME_DIR='' run --separate-stderr unshare -Urm sh -ec 'exec 9<"$1"
		srt_oci=/proc/self/fd/9
		mount -t tmpfs none /tmp
		mount -t tmpfs -o ro none /run
		eval "$2"' sh "$SRT_OCI" "$1"
}

@test "the default root of a user is below XDG_RUNTIME_DIR" {
	in_userns 'mkdir -p -m 0700 /tmp/xdg/srt-oci/here
		XDG_RUNTIME_DIR=/tmp/xdg exec $srt_oci list -q'
	[ "$status" -eq 0 ]
	[ "$output" = here ]
}

@test "without it, a directory in /tmp that nobody else may enter" {
	in_userns '$srt_oci list -q; stat -c "%a %u" /tmp/srt-oci-0'
	[ "$status" -eq 0 ]
	[ "$output" = '700 0' ]
}

@test "a directory in /tmp that others may enter, or a symlink, is refused" {
	said='srt-oci: /tmp/srt-oci-0 is not a directory that only uid 0 may enter; set XDG_RUNTIME_DIR or give --root'
	in_userns 'mkdir /tmp/srt-oci-0; chmod 0777 /tmp/srt-oci-0; exec $srt_oci list -q'
	[ "$status" -eq 1 ]
	[ "$stderr" = "$said" ]
	in_userns 'mkdir -m 0700 /tmp/x; ln -s x /tmp/srt-oci-0; exec $srt_oci list -q'
	[ "$status" -eq 1 ]
	[ "$stderr" = "$said" ]
}

@test "spec writes a config.json once, which check and other runtimes' tools can read" {
	refused 0 '' srt spec
	jq -e '.ociVersion and .process.args' config.json
	refused 1 'srt-oci: make config.json: File exists' srt spec
	mkdir b
	refused 0 '' srt spec --rootless -b b
	jq -e '[.linux.namespaces[].type] | index("user")' b/config.json
	run -0 --separate-stderr srt spec -f -
	jq -e .ociVersion <<<"$output"
	refused 1 'srt-oci: make none/config.json: No such file or directory' srt spec -b none
}

@test "features is JSON on stdout alone" {
	run -0 --separate-stderr "$SRT_OCI" features
	[ -z "$stderr" ]
	jq -e '.ociVersionMin == "1.0.0" and .ociVersionMax == "1.3.0"' <<<"$output"
	jq -e '.mountOptions | index("rro") and index("idmap")' <<<"$output"
	jq -e '.linux.seccomp.enabled and (.linux.seccomp.knownFlags | length > 0)' <<<"$output"
}

@test "facts is JSON" {
	run -0 --separate-stderr "$SRT_OCI" facts
	[ "$(jq .uid <<<"$output")" -eq "$(id -u)" ]
}

@test "bundle runs the other half, and says where it looked for it" {
	mkdir libexec
	printf '#!/bin/sh\nprintf "[%%s]" "$@"\nexit 9\n' >libexec/srt-oci-bundle
	chmod +x libexec/srt-oci-bundle
	SRT_OCI_LIBEXEC=$PWD/libexec run -9 "$SRT_OCI" bundle --help -x -- 'a b'
	[ "$output" = '[--help][-x][--][a b]' ]
	SRT_OCI_LIBEXEC=$PWD/nowhere run -1 --separate-stderr "$SRT_OCI" bundle x
	[[ $stderr == *"$PWD/nowhere/srt-oci-bundle"* ]]
}

@test "completions are sound for their shell" {
	for shell in bash zsh fish; do
		run -0 --separate-stderr "$SRT_OCI" completion "$shell"
		printf '%s\n' "$output" >"c.$shell"
	done
	bash -n c.bash
	! command -v zsh >/dev/null || zsh -n c.zsh
	! command -v fish >/dev/null || fish -n c.fish
	refused 2 'srt-oci: completion: "tcsh" is none of bash, zsh, fish' "$SRT_OCI" completion tcsh
}

# completed WORD…: what bash offers for the last word.
completed() {
	PATH=$SRT_BUILD:$PATH bash -c '. ./c.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "_${1//-/_}"
		echo "${COMPREPLY[*]}"' bash "$@"
}

@test "bash completes commands, options and their words" {
	"$SRT_OCI" completion bash >c.bash
	[ "$(completed srt-oci --root /x st)" = 'start state' ]
	[ "$(completed srt-oci exec --cw)" = --cwd ]
	[ "$(completed srt-oci list -f j)" = json ]
	[ "$(completed srt-oci --log-format t)" = text ]
	[ "$(completed srt-oci mounts '')" = 'add remove' ]
	[ "$(completed srt-oci completion z)" = zsh ]
	[ "$(completed srt-oci help chec)" = 'checkpoint check' ]
	[ "$(completed srt-oci kill x TER)" = TERM ]
	[ "$(completed srt-oci exec --cap CAP_SYS_PT)" = CAP_SYS_PTRACE ]
	[ "$(completed srt-oci checkpoint --manage-cgroups-mode s)" = 'soft strict' ]
	[ "$(completed srt-oci update --cpu-idle '')" = '0 1' ]
	mkdir bundles
	[ "$(completed srt-oci check bun)" = bundles ]
}

@test "the completions of sandbox-runtime and srt are sound for their shell, and complete" {
	local program shell
	for program in sandbox-runtime srt; do
		for shell in bash zsh fish; do
			run -0 --separate-stderr "$SRT_BUILD/sandbox-runtime" completion "$shell" "$program"
			printf '%s\n' "$output" >"c.$shell"
		done
		bash -n c.bash
		! command -v zsh >/dev/null || zsh -n c.zsh
		! command -v fish >/dev/null || fish -n c.fish
	done
	mkdir bundles
	: >settings.json
	[ "$(completed srt --sett)" = --settings ]
	[ "$(completed srt --settings set)" = settings.json ]
	[[ " $(completed srt bas) " == *' bash '* ]]
	"$SRT_BUILD/sandbox-runtime" completion bash >c.bash
	[ "$(completed sandbox-runtime ex)" = 'exec explain' ]
	[ "$(completed sandbox-runtime exec --max-f)" = '--max-files --max-file-size' ]
	[ "$(completed sandbox-runtime exec --bundle bun)" = bundles ]
	[ "$(completed sandbox-runtime doctor --req)" = --require ]
	[[ " $(completed sandbox-runtime exec --timeout 3 bas) " == *' bash '* ]]
	run -125 --separate-stderr "$SRT_BUILD/sandbox-runtime" completion tcsh
	[[ $stderr == *'"tcsh" is none of bash, zsh, fish' ]]
	run -125 --separate-stderr "$SRT_BUILD/sandbox-runtime" completion bash other
}

@test "the manual page is roff that man accepts" {
	command -v man >/dev/null || skip 'no man'
	"$SRT_OCI" man >m.1
	run -0 --separate-stderr man -l --warnings=w -E utf8 m.1
	[ -z "$stderr" ]
	[[ $output == *'EXIT STATUS'* ]]
	for name in $("$SRT_OCI" man --commands); do
		"$SRT_OCI" man "$name" >m.1
		run -0 --separate-stderr man -l --warnings=w -E utf8 m.1
		[ -z "$stderr" ]
		[[ $output == *SYNOPSIS*OPTIONS*'EXIT STATUS'* ]]
	done
}

# bundle DIR COMMAND: one that runs the shell command in a busybox.
bundle() {
	mkdir -p "$1/rootfs/bin"
	cp "$(command -v busybox)" "$1/rootfs/bin/sh"
	srt spec --rootless -f - |
		jq --arg c "$2" '.process.terminal = false | .process.args = ["/bin/sh", "-c", $c]' >"$1/config.json"
}

# detached PATH: runs it so; sets id. Not by `run`, which would wait for all who hold its pipe.
detached() {
	srt run --detach "$1" >id 2>err
	id=$(cat id)
	[ ! -s err ]
}

@test "run PATH runs a bundle and ends with its status" {
	bundle b 'echo hello; exit 5'
	for words in 'run ./b' 'run b' 'run -b b x' 'run x --bundle=b' "run $PWD/b/"; do
		# shellcheck disable=SC2086
		run -5 --separate-stderr srt $words
		[ "$output" = hello ]
		[ -z "$stderr" ]
	done
	cd b || return
	run -5 srt run .
	run -5 srt run x
	run -0 srt list -q
	[ -z "$output" ]
}

@test "run ends with 128 and the number of the signal that ended the payload" {
	bundle b 'while :; do sleep 1; done'
	srt run -b b x 3>&- &
	run=$!
	for _ in $(seq 100); do
		[ "$(srt state x 2>/dev/null | jq -r .status)" != running ] || break
		sleep 0.05
	done
	srt kill x KILL
	status=0
	wait $run || status=$?
	[ "$status" -eq 137 ]
}

@test "run and exec end with 127 or 126 where there is no such program or it is none" {
	bundle b 'exec sh -c "while :; do sleep 1; done"'
	detached b
	for words in 'run -b c x' "exec $id /nope"; do
		bundle c :
		jq '.process.args = ["/nope"]' b/config.json >c/config.json
		# shellcheck disable=SC2086
		refused 127 'srt-oci: exec: "/nope": executable file not found in $PATH: no such file or directory' srt $words
	done
	for words in 'run -b c x' "exec $id /proc"; do
		jq '.process.args = ["/proc"]' b/config.json >c/config.json
		# shellcheck disable=SC2086
		refused 126 'srt-oci: exec: "/proc": permission denied' srt $words
	done
	for words in 'run -b c x' "exec $id /bin/text"; do
		printf text | tee b/rootfs/bin/text >c/rootfs/bin/text
		chmod +x b/rootfs/bin/text c/rootfs/bin/text
		jq '.process.args = ["/bin/text"]' b/config.json >c/config.json
		# shellcheck disable=SC2086
		refused 126 'srt-oci: exec: "/bin/text": Exec format error' srt $words
	done
	run -0 srt delete --force "$id"
}

@test "a detached run of a path prints the id, by which state, list, ps, kill and delete know it" {
	bundle 'my bundle' 'exec sh -c "while :; do sleep 1; done"'
	detached './my bundle'
	[[ $id =~ ^my_bundle-[0-9a-f]{12}$ ]]
	run -0 --separate-stderr srt state "$id"
	[ "$(jq -r '.id + " " + .status' <<<"$output")" = "$id running" ]
	[ "$(jq -r 'keys_unsorted | join(" ")' <<<"$output")" = \
		'ociVersion id pid status bundle rootfs created owner annotations warnings' ]
	pid=$(jq .pid <<<"$output")
	run -0 srt list -q
	[ "$output" = "$id" ]
	run -0 srt list -f json
	[ "$(jq -r '.[0].pid' <<<"$output")" -eq "$pid" ]
	run -0 srt ps -f json "$id"
	jq -e --argjson pid "$pid" 'index($pid)' <<<"$output"
	run -0 srt ps "$id" -o pid,comm
	[[ ${lines[0]} == *PID* ]]
	[[ $output == *"$pid"* ]]
	refused 0 '' srt kill --regex '^my_b' KILL
	for _ in $(seq 100); do
		[ "$(srt state "$id" | jq -r .status)" != stopped ] || break
		sleep 0.05
	done
	refused 0 '' srt delete --regex '^my_b'
	refused 1 "srt-oci: container \"$id\" does not exist" srt state "$id"
}

@test "options of exec end at the program" {
	bundle b 'exec sh -c "while :; do sleep 1; done"'
	detached b
	run -3 --separate-stderr srt exec -e A=1 "$id" --env=B=2 /bin/sh -c 'echo "$A$B$1"; exit 3' -- -e
	[ "$output" = 12-e ]
	run -0 srt delete -f "$id"
}

@test "check and plan take a path, and name the place of a fault" {
	bundle b :
	run -0 --separate-stderr srt check b
	[ "$output" = 'b: no fault found' ]
	run -0 srt plan --json b
	jq -e '.ops | length > 10' <<<"$output"
	srt facts >facts.json
	run -0 srt plan --facts facts.json b
	[[ $output == *rootfs* ]]
	jq '.process.cwd = "relative"' b/config.json >b/bad.json
	run -1 --separate-stderr srt check -f b/bad.json b
	[[ $stderr == *'/process/cwd'* ]]
	[ -z "$output" ]
}
