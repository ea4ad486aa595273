# SPDX-License-Identifier: Apache-2.0
# lifecycle.bats - create, start, state, kill, delete, list, ps, pause, run: the states, statuses and files they promise.
# Filters and the scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2154

load lib/container

# created ID DIR [OPTION…]
created() {
	local id=$1 dir=$2
	shift 2
	srt create -b "$dir" "$@" "$id" >out 2>err 3>&- || { cat err; return 1; }
}

@test "create, start, end, delete, with the right status between" {
	bundle b 'echo started; exec timeout 20 sh -c "until [ -e /tmp/go ]; do sleep 0.05; done"'
	created x b --pid-file pid
	[ "$(status_of x)" = created ]
	pid=$(cat pid)
	[ "$pid" = "$(srt state x | jq .pid)" ]
	[ -d "/proc/$pid" ]
	[ ! -s out ]
	refused_now '*cannot exec*created*' srt exec x true
	srt start x
	eventually file_has out started
	[ "$(status_of x)" = running ]
	[ "$(srt state x | jq .pid)" = "$pid" ]
	refused_now '*cannot be started*running*' srt start x
	refused_now '*not stopped*running*--force*' srt delete x
	srt exec x sh -c ': >/tmp/go'
	eventually has_status x stopped
	[ "$(srt state x | jq .pid)" = 0 ]
	refused_now 'srt-oci: container not running: no such process' srt kill x
	refused_now 'srt-oci: container not running: no such process' srt exec x true
	refused_now '*cannot be started*stopped*' srt start x
	srt delete x
	refused_now 'srt-oci: container "x" does not exist' srt state x
}

# refused_now PATTERN COMMAND…: like refused, of a container that goes on.
refused_now() {
	local pattern=$1
	shift
	run --separate-stderr "$@"
	# shellcheck disable=SC2053
	[ "$status" -eq 1 ] && [ -z "$output" ] && [ "$(wc -l <<<"$stderr")" -eq 1 ] && [[ $stderr == $pattern ]] || said
}

@test "a created container that is never started can be deleted" {
	bundle b 'echo never'
	created x b
	srt delete x
	[ ! -s out ]
}

@test "the payload does not run before start, and the creator's death does not matter" {
	bundle b "echo ran; $SLEEP"
	sh -c 'timeout 10 "$0" --root "$1" create -b b x >out 2>err' "$SRT_OCI" "$state" 3>&-
	sleep 0.2
	[ ! -s out ]
	srt start x
	eventually file_has out ran
}

@test "the state is what the schema says" {
	bundle b "$SLEEP" '.annotations = {"org.example.key": "value"}'
	created x b
	for wanted in created running stopped; do
		[ "$wanted" != running ] || srt start x
		[ "$wanted" != stopped ] || { srt kill x KILL; eventually has_status x stopped; }
		srt state x >state.json
		[ "$(jq -r .status state.json)" = $wanted ]
		# Debian's python3-jsonschema; another python3 may be first in PATH.
		/usr/bin/python3 - state.json "$SRT_TOP/tests/integration/lib/state-schema.json" <<-'PY'
			import json, jsonschema, pathlib, sys
			state = json.load(open(sys.argv[1]))
			schema = json.load(open(sys.argv[2]))
			root = pathlib.Path(sys.argv[2]).absolute().as_uri()
			check = jsonschema.Draft4Validator(schema, resolver=jsonschema.RefResolver(root, schema)).validate
			check(state)
			for broken in ("ociVersion", "id", "status", "bundle"):
			    less = {k: v for k, v in state.items() if k != broken}
			    try:
			        check(less)
			    except jsonschema.ValidationError:
			        continue
			    sys.exit("the schema does not want " + broken)
		PY
	done
	[ "$(jq -r '.annotations["org.example.key"] + " " + .bundle + " " + .id' state.json)" = "value $PWD/b x" ]
}

@test "exit statuses of the payload are those of run" {
	bundle b :
	for n in 0 1 2 77 125 126 128 200 254 255; do
		jq --arg n $n '.process.args[2] = "exit " + $n' b/config.json >"$n.json"
		run --separate-stderr srt run -f "$PWD/$n.json" -b b x
		[ "$status" -eq "$n" ] || said
		[ -z "$stderr" ]
	done
}

@test "128 and the signal's number where a signal ended it" {
	# A signal from inside does not end the first process of a pid namespace: without one of its own it does.
	for n in 1 2 6 9 11 15; do
		bundle b "kill -$n \$\$; sleep 5" "$jq_defs"' without("pid")'
		run --separate-stderr srt run -b b x
		[ "$status" -eq $((128 + n)) ] || { echo "signal $n"; said; }
	done
	bundle b "$SLEEP"
	srt run -b b x 3>&- &
	runner=$!
	eventually has_status x running
	srt kill x KILL
	status=0
	wait $runner || status=$?
	[ "$status" -eq 137 ]
}

TRAP='for s in HUP INT QUIT USR1 USR2 TERM CONT WINCH; do trap "echo got-$s" $s; done; echo ready
	i=0; while [ $i -lt 400 ]; do sleep 0.05; i=$((i + 1)); done'

@test "kill takes names and numbers of signals, TERM without" {
	bundle b "$TRAP"
	detached x b
	eventually file_has out ready
	for pair in HUP:HUP SIGINT:INT 3:QUIT usr1:USR1 12:USR2 :TERM; do
		# shellcheck disable=SC2086
		srt kill x ${pair%:*}
		eventually file_has out "got-${pair#*:}"
	done
	srt kill x KILL
	eventually has_status x stopped
}

@test "signal 0 asks whether there is somebody" {
	bundle b "$SLEEP"
	detached x b
	srt kill x 0
	srt kill --all x 0
	[ "$(status_of x)" = running ]
	srt kill x KILL
	eventually has_status x stopped
	refused_now 'srt-oci: container not running: no such process' srt kill x 0
}

@test "signals that the caller ignores are not ignored inside" {
	bundle b 'grep -E "Sig(Ign|Blk)" /proc/1/status' '.process.args = ["/bin/cat", "/proc/self/status"]'
	# nohup, and the & of a shell, leave such.
	run -0 --separate-stderr sh -c 'trap "" HUP INT QUIT USR1; exec "$0" --root "$1" run -b b x' "$SRT_OCI" "$state"
	[ "$(grep -E 'Sig(Ign|Blk)' <<<"$output" | cut -f2 | tr '\n' ' ')" = '0000000000000000 0000000000000000 ' ] || said
}

@test "a foreground run forwards signals" {
	bundle b "$TRAP"
	# Without timeout, which would be in between.
	"$SRT_OCI" --root "$state" run -b b x >out 3>&- &
	runner=$!
	eventually file_has out ready
	for s in HUP QUIT USR1 USR2 TERM; do
		kill -$s $runner
		eventually file_has out got-$s
	done
	srt kill x KILL
	wait $runner || status=$?
	[ "$status" -eq 137 ]
}

@test "a foreground run that is killed takes its container along" {
	bundle b "echo ready; $SLEEP"
	"$SRT_OCI" --root "$state" run -b b x >out 3>&- &
	runner=$!
	eventually file_has out ready
	pid=$(srt state x | jq .pid)
	kill -KILL $runner
	wait $runner || :
	eventually test ! -d "/proc/$pid"
	[ "$(status_of x)" = stopped ]
	srt delete x
}

@test "kill --all reaches every process" {
	bundle b "(trap '' TERM; $SLEEP) & $SLEEP"
	detached x b
	eventually sh -c '[ "$("$0" --root "$1" ps -f json x | jq length)" -ge 3 ]' "$SRT_OCI" "$state"
	srt kill --all x KILL
	eventually has_status x stopped
	run -0 srt kill --all x
}

@test "a payload that was killed behind our back is stopped, and can be deleted" {
	bundle b "$SLEEP"
	detached x b
	kill -KILL "$pid"
	eventually has_status x stopped
	srt delete x
	created y b
	kill -KILL "$(srt state y | jq .pid)"
	eventually has_status y stopped
	srt delete y
}

@test "delete --force ends what runs, in any state" {
	bundle b "trap '' TERM; $SLEEP"
	created x b
	srt delete --force x
	detached x b
	srt delete --force x
	eventually test ! -d "/proc/$pid"
	detached x b
	srt pause x
	srt delete --force x
	eventually test ! -d "/proc/$pid"
	run -0 srt delete --force x
}

@test "run removes the container at its end, and keeps it with --keep" {
	bundle b 'exit 3'
	run -3 srt run -b b x
	[ -z "$(srt list -q)" ]
	run -3 srt run --keep -b b x
	[ "$(status_of x)" = stopped ]
	srt delete x
}

@test "a detached run writes the pid and leaves" {
	bundle b "echo ran; $SLEEP"
	detached x b --pid-file pid
	[ "$(cat pid)" = "$pid" ]
	[[ $(cat pid) =~ ^[0-9]+$ ]]
	[ "$(wc -c <pid)" -eq ${#pid} ]
	[ "$(stat -c %s err)" -eq 0 ]
	[ "$(status_of x)" = running ]
}

@test "pause stops all processes, resume lets them go on" {
	bundle b 'i=0; while [ $i -lt 500 ]; do echo $i; i=$((i + 1)); sleep 0.02; done'
	detached x b
	eventually file_has out 3
	srt pause x
	[ "$(status_of x)" = paused ]
	before=$(wc -l <out)
	sleep 0.3
	[ "$(wc -l <out)" -eq "$before" ]
	refused_now '*paused*' srt exec x true
	refused_now '*paused*' srt pause x
	srt resume x
	[ "$(status_of x)" = running ]
	eventually sh -c '[ "$(wc -l <out)" -gt "$0" ]' "$before"
	refused_now '*is not paused*' srt resume x
}

@test "ps and list know the processes" {
	bundle b "sleep 30 & $SLEEP"
	detached x b
	eventually sh -c '[ "$("$0" --root "$1" ps -f json x | jq length)" -ge 3 ]' "$SRT_OCI" "$state"
	for p in $(srt ps -f json x | jq '.[]'); do
		[ "$(readlink "/proc/$p/ns/pid")" = "$(readlink "/proc/$pid/ns/pid")" ]
	done
	[[ $(srt ps x) == *sleep* ]]
	created y b
	[ "$(srt list -f json | jq -r 'sort_by(.id)[] | .id + " " + .status')" = $'x running\ny created' ]
	[[ $(srt list) == *"$PWD/b"* ]]
}

@test "--preserve-fds hands on that many, and no other" {
	bundle b 'cat <&3; cat <&4; for n in 5 6 7 8 9; do [ ! -e /proc/self/fd/$n ] || echo leaked $n; done'
	echo three >three
	echo four >four
	run -0 --separate-stderr srt run --preserve-fds 2 -b b x 3<three 4<four 5<three 7<four
	[ "$output" = $'three\nfour' ] || said
	bundle b 'for n in 3 4 5 6 7 8 9; do [ ! -e /proc/self/fd/$n ] || echo leaked $n; done'
	run -0 --separate-stderr srt run -b b x 3<three 4<four 5<three 9<four
	[ -z "$output" ] || said
	run -1 --separate-stderr srt run --preserve-fds 40 -b b x 3<three
	[[ $stderr == *'not open'* ]]
}

@test "a pidfd goes to --pidfd-socket" {
	"$SRT_TOP/tests/integration/lib/receiver" sock pidfd >got 3>&- &
	receiver=$!
	eventually test -S sock
	bundle b "$SLEEP"
	detached x b --pidfd-socket sock
	wait $receiver
	grep -qx "pidfd $pid" got
}

@test "an id is used once" {
	bundle b "$SLEEP"
	detached x b
	refused_now '*"x"*exists*' srt create -b b x
	refused_now '*"x"*exists*' srt run -b b x
	[ "$(status_of x)" = running ]
}

@test "of many creates of one id exactly one wins" {
	bundle b :
	for i in 1 2 3 4 5 6 7 8 9 10; do
		srt create -b b x >"out$i" 2>"err$i" 3>&- && echo won >>won &
	done
	wait
	[ "$(wc -l <won)" -eq 1 ]
	[ "$(status_of x)" = created ]
	[ "$(cat err* | grep -c exists)" -eq 9 ] || { cat err*; return 1; }
}

@test "fifty containers at once" {
	bundle b "$SLEEP"
	for i in $(seq 50); do
		srt run -d -b b "c$i" >/dev/null 2>>err 3>&- &
	done
	wait
	[ ! -s err ]
	[ "$(srt list -q | wc -l)" -eq 50 ]
	[ "$(srt list -f json | jq -r '.[].status' | sort | uniq -c | tr -s ' ')" = ' 50 running' ]
	[ "$(srt list -f json | jq -r '.[].pid' | sort -u | wc -l)" -eq 50 ]
	srt delete --force --regex '^c[0-9]+$'
	[ -z "$(srt list -q)" ]
}

@test "--no-pivot moves the root in place" {
	bundle b 'ls / | tr "\n" " "; cut -d" " -f5 /proc/self/mountinfo | head -1; touch /x 2>/dev/null || echo read-only'
	run -0 --separate-stderr srt run --no-pivot -b b x
	[ "$output" = $'bin dev etc mnt proc root run sys tmp /\nread-only' ] || said
}

@test "a start that hangs in a hook can be ended, and leaves nothing" {
	bundle b 'true' '.hooks = {createRuntime: [{path: "/bin/sleep", args: ["sleep", "3"], timeout: 5}]}'
	"$SRT_OCI" --root "$state" run -b b x &
	local pid=$! status=0
	eventually has_status x creating
	kill -TERM "$pid"
	wait "$pid" || status=$?
	[ "$status" -eq 143 ]
	run -1 srt state x
	[ ! -e "$state/x" ]
	sleep 3 # the hook's own time: it is the host's, and nobody ends it
}

@test "a caller that ignores SIGCHLD gets the exit status all the same" {
	bundle b 'exit 7' '.hooks = {createRuntime: [{path: "/bin/true"}]}'
	run -7 timeout 10 env --ignore-signal=CHLD "$SRT_OCI" --root "$state" run -b b x
}

# text_kib PID: how much of its own program a process has mapped.
text_kib() { awk '$2 == "r-xp" && /srt-oci( \(deleted\))?$/ { own = 1; next } own && $1 == "Rss:" { print $2; exit }' "/proc/$1/smaps"; }

holds_little() { [ "$(text_kib "$1")" -le 8 ]; }

@test "a parent that waits holds one page of its text, and still forwards signals and statuses" {
	[ "$(uname -m)" = x86_64 ] || skip "not written for $(uname -m)"
	bundle b 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'
	"$SRT_OCI" --root "$state" run -b b x >out 2>err 3>&- &
	local parent=$!
	eventually file_has out ready
	eventually holds_little $parent || { text_kib $parent; return 1; }
	kill -TERM $parent
	wait $parent && false || [ $? -eq 7 ]
}

@test "a container is started once" {
	bundle b "$SLEEP"
	srt create -b b x >/dev/null 2>&1 3>&-
	srt start x
	pid=$(srt state x | jq .pid)
	run --separate-stderr srt start x
	[ "$status" -eq 1 ] && [[ $stderr == *'container "x" cannot be started: it is running'* ]] || said
	[ "$(srt state x | jq .pid)" = "$pid" ]
	kill -KILL "$pid"
	eventually has_status x stopped
	run --separate-stderr srt start x
	[ "$status" -eq 1 ] && [[ $stderr == *'it is stopped'* ]] || said
}

@test "changes of config.json after create change nothing" {
	bundle b 'echo first; exec timeout 60 sh -c "while :; do sleep 1; done"'
	srt create -b b x >out 2>&1 3>&-
	bundle b 'echo second' '.process.env += ["CHANGED=1"]'
	srt start x
	eventually file_has out first
	[ "$(srt exec x sh -c 'echo ${CHANGED-no}')" = no ]
}
