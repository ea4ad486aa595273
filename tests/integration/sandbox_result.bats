# SPDX-License-Identifier: Apache-2.0
# sandbox_result.bats - the result document, the audit log, and what is reported as refused.
# stderr and json are set by bats and by the library; each test is a subshell of its own.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031,SC2015

load lib/sandbox

# valid: $json fits the schema that the program prints.
valid() {
	sandbox schema >schema.json
	python3 -c '
import json, sys, jsonschema
schema = json.load(open("schema.json"))
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.validate(json.loads(sys.argv[1]), schema)' "$json"
}

@test "the result is one line that fits its schema, whatever happened" {
	verdict 3 exit sh -c 'echo out; echo err >&2; exit 3'
	[ "$(wc -l <<<"$output")" -eq 1 ]
	valid
	[ "$(fact '[.stdout, .stderr, .returncode, .success] | @json')" = '["out\n","err\n",3,false]' ]
	verdict 0 ok true
	valid
	verdict 124 timeout --timeout 200ms sleep 9
	valid
	verdict 127 setup_error no-such-program
	valid
	[ "$(fact '[.error, .infra_error] | @json')" = '["NotFound",false]' ]
	verdict 126 setup_error /etc/passwd
	valid
	SANDBOX_WORK_DIR=/proc/none verdict 125 setup_error true
	valid
	[ "$(fact .infra_error)" = true ]
	# What is asked for and missing is the fault of who asked.
	local flag missing
	for flag in --mount=/missing:/x --allow-path=/missing --hosts-file=/missing; do
		missing=''
		[[ $flag != --hosts-file* ]] || missing='open '
		verdict 125 setup_error "$flag" true
		[ "$(fact '[.reason, .infra_error] | @json')" = "[\"${flag%%=*}: ${missing}/missing: No such file or directory\",false]" ] || said
	done
	verdict 125 setup_error --memory lots true
	valid
	[ "$(fact '[.error, .infra_error] | @json')" = '["SetupError",false]' ]
	[ "$(fact .sandbox_id)" != '' ]
}

@test "an overlay that the host cannot stack is our fault" {
	# The kernel stacks two, and the sandbox's would be the third.
	cat >stack <<'SH'
mkdir s && mount -t tmpfs t s && mkdir s/l s/u s/w s/m s/u2 s/w2 s/m2 &&
	mount -t overlay -o lowerdir=s/l,upperdir=s/u,workdir=s/w,userxattr o s/m &&
	mount -t overlay -o lowerdir=s/m,upperdir=s/u2,workdir=s/w2,userxattr o s/m2 || exit 1
timeout -k 1 20 "$SRT_BUILD/sandbox-runtime" exec --json-output --workspace-by overlay --workspace s/m2 true
SH
	local -a user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	run -125 --separate-stderr unshare "${user[@]}" --mount sh stack
	json=$output
	[ "$(fact '[.status, .error, .infra_error] | @json')" = '["setup_error","SetupError",true]' ] || said
	[[ $(fact .reason) == *'mount overlay on /workspace: '* ]] || said
}

@test "bytes that are no text come as base64" {
	verdict 0 ok python3 -c 'import os; os.write(1, b"\xff\x00x"); os.write(2, "gr\u00fc\u00df".encode())'
	[ "$(fact .stdout_encoding)" = base64 ]
	[ "$(fact .stdout | base64 -d | od -An -tx1)" = ' ff 00 78' ]
	[ "$(fact '[.stderr_encoding, .stderr] | @json')" = '["utf-8","grüß"]' ]
	valid
}

@test "every run has an id of its own" {
	verdict 0 ok true
	local first
	first=$(fact .sandbox_id)
	verdict 0 ok true
	[ "$first" != "$(fact .sandbox_id)" ]
}

@test "the audit log has a start and an end for each run" {
	export SANDBOX_AUDIT_LOG=$PWD/audit
	in_sandbox 3 sh -c 'exit 3'
	in_sandbox 124 --timeout 200ms sleep 9
	in_sandbox 127 no-such-program
	[ "$(jq -r .event audit | paste -sd' ')" = 'start end start end start end' ]
	[ "$(jq -r 'select(.event == "end") | .status' audit | paste -sd' ')" = 'exit timeout setup_error' ]
	[ "$(jq -sr 'map(.sandbox_id) | unique | length' audit)" = 3 ]
	[ "$(jq -sc '.[0].argv' audit)" = '["sh","-c","exit 3"]' ]
	[ "$(stat -c %a audit)" = 600 ]
	refused '*--audit-log: open /nowhere/audit*' --audit-log /nowhere/audit true
	SANDBOX_AUDIT_LOG=/nowhere/audit refused '*SANDBOX_AUDIT_LOG: open /nowhere/audit*' true
}

@test "violations come from the kernel, and only where they are asked for" {
	echo secret >secret
	chmod 600 secret
	mkdir ro
	cat >try.py <<'EOF'
import os, socket, sys
def attempt(f):
    try: f()
    except OSError: pass
attempt(lambda: open(sys.argv[1] + "/secret"))
attempt(lambda: open("/etc/shadow"))
attempt(lambda: open("/usr/made", "w"))
attempt(lambda: os.mkdir("/usr/made"))
s = socket.socket()
attempt(lambda: s.connect(("192.0.2.1", 443)))
print("Permission denied: only a word")
EOF
	verdict 0 ok --mount "$PWD/try.py:/try.py" python3 /try.py "$PWD"
	[ "$(fact '.violations | length')" = 0 ]
	verdict 0 ok --violations events --deny-path "$PWD/secret" --allow-path "$PWD" --mount "$PWD/try.py:/try.py" python3 /try.py "$PWD"
	valid
	[ "$(fact '.violation_events | map(.type) | sort | unique | join(" ")')" = 'fs_read fs_write network' ] || said
	[ "$(fact '.violation_events[] | select(.type == "network") | .context | [.host, .port] | @json')" = '["192.0.2.1",443]' ] || said
	[ "$(fact '.violation_events[] | select(.context.path == "/etc/shadow") | .context.syscall')" = openat ] || said
	[ "$(fact '[.violation_events[] | select(.context.path == "/usr/made")] | length')" -ge 1 ] || said
	[ "$(fact "[.violation_events[] | select(.context.path == \"$PWD/secret\")] | length")" = 1 ] || said
	[ "$(wc -l <events)" -eq "$(fact '.violation_events | length')" ]
	[[ $(fact '.violations | join(" ")') == *'Network access denied: 192.0.2.1 port 443; --allow-network'* ]]
}

@test "no more than a hundred violations are kept, the rest are counted" {
	verdict 0 ok --trace python3 -c '
for i in range(150):
	try: open(f"/usr/made{i}", "w")
	except OSError: pass'
	[ "$(fact '.violation_events | length')" = 100 ]
	[ "$(fact .violations_dropped)" -ge 50 ]
	valid
}

@test "another program where none may be started is a violation" {
	SANDBOX_ALLOW_EXEC=false verdict 0 ok python3 -c '
import os
try: os.execv("/bin/true", ["true"])
except PermissionError: pass'
	[ "$(fact '.violation_events[0] | [.type, .context.path] | @json')" = '["exec","/bin/true"]' ] || said
}

@test "--result has the verdict in a file, whole or not at all, and the streams go through" {
	in_sandbox 4 --result r.json sh -c 'echo out; echo err >&2; exit 4'
	[ "$output" = out ] && [ "$stderr" = err ] || said
	jq -e '.status == "exit" and .exit_code == 4 and .stdout == "" and .stderr == ""' r.json
	[ "$(ls)" = r.json ] || said
	in_sandbox 0 --result r.json --json-output echo both
	cmp r.json <(printf '%s\n' "$output") && [ "$(jq -r .stdout r.json)" = both ] || said
	# Also where nothing ran.
	refused '*--timeout*' --result r.json --timeout soon true
	jq -e '.status == "setup_error" and (.reason | test("soon"))' r.json
	in_sandbox 127 --result r.json no-such-program
	[ "$(jq -r .error r.json)" = NotFound ]
	# What cannot be written is refused before the program runs; a pipe is written to.
	refused '*--result: write into the directory of nowhere/r*' --result nowhere/r sh -c 'echo ran'
	refused '*--result: . is a directory' --result . sh -c 'echo ran'
	"$SRT_BUILD/sandbox-runtime" exec --result /dev/fd/9 echo hi 9>piped >/dev/null
	"$SRT_BUILD/sandbox-runtime" exec --result >(cat >piped) true
	eventually grep -q '"status":"ok"' piped
	[ ! -L piped ] && [ "$(ls)" = $'piped\nr.json' ] || said
}

@test "a record that cannot be written keeps no document back, and a limit of the caller's own files does not end us without a word" {
	run -125 --separate-stderr sandbox exec --json-output --audit-log nowhere/log echo ran
	jq -e '.status == "setup_error" and .stdout == "" and (.reason | test("nowhere/log"))' <<<"$output"
	# It goes while the program runs: the verdict is that of the run, and the status says that something is wrong.
	mkdir dir
	"$SRT_BUILD/sandbox-runtime" exec --json-output --result r.json --audit-log dir/log --env "SANDBOX_TEST=$SRT_TEST_MARK" \
		sh -c 'until [ -e /tmp/go ]; do sleep 0.02; [ $((i = ${i:-0} + 1)) -lt 20 ] || exit 4; done' >json 2>err &
	eventually test -s dir/log
	rm -r dir
	status=0
	wait $! || status=$?
	[ "$status" -eq 125 ] && grep -q 'dir/log' err || { cat err; return 1; }
	jq -e '.status == "exit" and .exit_code == 4' json && cmp json r.json
	# What it says goes through a pipe: where bats would put it is a file, too.
	run -125 bash -c 'set -o pipefail; (ulimit -f 0; exec timeout -k 1 20 "$1" exec echo ran) 2>&1 | cat' - "$SRT_BUILD/sandbox-runtime"
	[[ ${lines[*]} == *'File too large' ]] || said
}

@test "a working directory that is none is the caller's fault" {
	verdict 125 setup_error --cwd /etc/passwd echo ran
	[ "$(fact '[.infra_error, .stdout] | @json')" = '[false,""]' ] || said
}
