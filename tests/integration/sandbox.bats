# SPDX-License-Identifier: Apache-2.0
# sandbox.bats - what a program finds in a sandbox, and how its end is told.
# The scripts in single quotes expand what they are given themselves.
# stderr and json are set by bats and by the library; each test is a subshell of its own.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031,SC2015

load lib/sandbox

@test "the documented first commands pass as written" {
	in_sandbox 0 echo "Hello, sandbox!"
	[ "$output" = "Hello, sandbox!" ]
	in_sandbox 0 python3 -c "print('Python works!')"
	[ "$output" = "Python works!" ]
	in_sandbox 124 --timeout 1s --memory 128M python3 -c "import time; time.sleep(10)"
	[[ $stderr == *"Execution timeout after 1s"* ]]
	in_sandbox 0 ls /
	has usr
	lacks root
	lacks var
	mkdir input output
	echo 'open("/output/result", "w").write(open("/input/data").read().upper())' >input/script.py
	echo data >input/data
	in_sandbox 0 --mount "$PWD/input:/input:ro" --mount "$PWD/output:/output:rw" python3 /input/script.py
	[ "$(cat output/result)" = DATA ]
	[ "$(stat -c %u output/result)" -eq "$(id -u)" ]
}

@test "strace sees through to the program" {
	run --separate-stderr strace -f -o trace "$SRT_BUILD/sandbox-runtime" exec echo traced
	[ "$status" -eq 0 ] || said
	[ "$output" = traced ]
	grep -q 'write(1, "traced' trace
}

@test "standard input is the caller's, here documents included" {
	run sandbox exec cat <<<'from here'
	[ "$output" = 'from here' ]
	run sandbox exec python3 - <<-'EOF'
		print(6 * 7)
	EOF
	[ "$output" = 42 ]
}

@test "what follows the program's name is its own" {
	in_sandbox 0 sh -c 'echo "$0 $*"' --timeout x --help
	[ "$output" = '--timeout x --help' ]
	in_sandbox 0 -- echo --json-output
	[ "$output" = --json-output ]
}

@test "the exit status is the program's, 128+N after a signal, 126 and 127 where it cannot run" {
	in_sandbox 7 sh -c 'exit 7'
	in_sandbox 255 sh -c 'exit 255'
	in_sandbox 143 sh -c 'kill -TERM $$'
	in_sandbox 137 sh -c 'kill -KILL $$'
	in_sandbox 134 python3 -c 'import os; os.abort()'
	in_sandbox 127 no-such-program
	[[ $stderr == *'"no-such-program": executable file not found'* ]]
	in_sandbox 126 /etc/passwd
	[[ $stderr == *'permission denied'* ]]
}

@test "the program is the user sandbox with a passwd entry" {
	in_sandbox 0 sh -c 'id -un; id -u; id -g; id -G; getent passwd 1000'
	[ "$output" = $'sandbox\n1000\n1000\n1000\nsandbox:x:1000:1000:sandbox:/home/sandbox:/bin/sh' ] || said
	in_sandbox 0 --user 42:43 sh -c 'id -u; id -g; id -un'
	[ "$output" = $'42\n43\nsandbox' ] || said
	in_sandbox 0 --user 0 sh -c 'id -u; grep CapEff /proc/self/status'
	[ "$output" = $'0\nCapEff:\t0000000000000000' ] || said
}

@test "a caller who is root is nobody of the host's inside" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	in_sandbox 0 cat /proc/self/uid_map
	[ "$(awk '{ print $2 }' <<<"$output")" -ne 0 ]
	mkdir -m 0700 closed
	echo mine >closed/file
	in_sandbox 0 --mount "$PWD/closed:/in:ro" --mount "$PWD/closed:/out:rw" sh -c 'cat /out/file; echo more >/out/new'
	[ "$output" = mine ] || said
	[ "$(stat -c %u:%g closed/new)" = 0:0 ]
}

@test "the environment is clean and every directory it names is writable" {
	export SECRET_OF_MINE=hidden
	in_sandbox 0 env
	lacks SECRET_OF_MINE=hidden
	for line in HOME=/home/sandbox USER=sandbox LANG=C.UTF-8 TMPDIR=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
		OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1; do
		has "$line"
	done
	in_sandbox 0 sh -c 'touch "$HOME/a" "$TMPDIR/b" /dev/shm/c ./d && pwd'
	[ "$output" = /home/sandbox ]
	in_sandbox 0 --cpu 2.5 --env A=1=2 --pass-env SECRET_OF_MINE --pass-env NOT_SET env
	has OMP_NUM_THREADS=3
	has A=1=2
	has SECRET_OF_MINE=hidden
}

@test "the private space is gone with the run, and Python's multiprocessing works in it" {
	in_sandbox 0 sh -c 'echo x >/tmp/left'
	in_sandbox 1 test -e /tmp/left
	[ ! -e /tmp/left ]
	in_sandbox 0 python3 -c '
import multiprocessing as m
def square(x): return x * x
if __name__ == "__main__":
	with m.Pool(2) as p: print(sum(p.map(square, range(10))))
	with m.Lock(): pass'
	[ "$output" = 285 ] || said
}

@test "the system is read-only and nothing of homes and state is there" {
	in_sandbox 0 sh -c 'for p in /usr/x /etc/x /x /proc/sys/kernel/hostname; do ( : >"$p" ) 2>/dev/null && echo "$p"; done; true'
	[ -z "$output" ] || said
	in_sandbox 0 sh -c 'for p in /root /var /run /sys /boot /opt/* /home/* /etc/shadow; do [ ! -e "$p" ] || echo "$p"; done'
	[ "$output" = /home/sandbox ] || said
}

@test "no capability, no new privileges, a filter, and no core file" {
	in_sandbox 0 sh -c 'grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status; ulimit -c'
	[ "$(grep -c '0000000000000000$' <<<"$output")" -eq 5 ] || said
	has $'NoNewPrivs:\t1'
	has $'Seccomp:\t2'
	has 0
}

@test "there is no network but the loopback, and --allow-network is the host's" {
	in_sandbox 0 sh -c 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "'
	[ "$output" = lo ] || said
	in_sandbox 6 --no-network curl -sS https://example.com
	[[ $stderr == *'curl: (6) '*'Network access denied: '*'; --allow-network opens all, --allow-domain NAME a part' ]] || said
	for host in 192.0.2.1 '[2001:db8::1]'; do
		in_sandbox 7 curl -sS "http://$host/"
		[[ $stderr == *'Network access denied: '* ]] || said
	done
	# Its own loopback is its own affair, and so is what it copes with.
	in_sandbox 7 curl -sS http://127.0.0.1:99/
	[[ $stderr != *'Network access denied'* ]] || said
	in_sandbox 0 sh -c 'curl -sS https://example.com || true'
	[[ $stderr != *'Network access denied'* ]] || said
	in_sandbox 0 python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); print("connected")'
	[ "$output" = connected ] || said
	in_sandbox 0 --allow-network readlink /proc/self/ns/net
	[ "$output" = "$(readlink /proc/self/ns/net)" ]
	# Made beside all else, and entered before anything of the program's runs.
	in_sandbox 0 sh -c 'readlink /proc/self/ns/net; cat /proc/net/dev'
	[[ $output != *"$(readlink /proc/self/ns/net)"* && $output == *lo:* ]] || said
	refused '*--no-network and --allow-network exclude each other' --no-network --allow-network true
}

@test "rules for the network that cannot be read are refused with the flag that they stand in" {
	refused '*--allow-domain: "https://pypi.org"*' --allow-domain https://pypi.org true
	refused '*--deny-domain: *the port is not a number*' --allow-network --deny-domain pypi.org:0 true
	refused '*--publish: "8080:80" is not HOST:PORT:PORT*' --publish 8080:80 true
	refused '*--hosts-file*' --hosts-file /none --allow-domain pypi.org true
	in_sandbox 0 --deny-domain pypi.org true
}

@test "mounts: read-only by default, writable and not executable where asked, also of files and with colons" {
	mkdir d 'a:b'
	printf '#!/bin/sh\necho ran\n' >d/script
	chmod +x d/script
	echo c >'a:b/f'
	in_sandbox 0 --mount "$PWD/d:/d" --mount "$PWD/d:/n:rw,noexec" --mount "${PWD}/a\\:b:/ab" --mount "$PWD/d/script:/one/two/file" sh -c '
		/d/script; ( : >/d/x ) 2>/dev/null || echo ro; : >/n/y && echo rw; /n/script 2>/dev/null || echo noexec
		cat /ab/f; test -f /one/two/file && echo file'
	[ "$output" = $'ran\nro\nrw\nnoexec\nc\nfile' ] || said
	[ -e d/y ]
	in_sandbox 0 --mount d:/d ls /d
	has script
	refused '*--mount: */missing: No such file or directory' --mount /missing:/m true
	refused '*--mount: *destination*' --mount /usr:relative true
}

@test "no set-user-id and no device on what is mounted" {
	in_sandbox 0 --mount "$PWD:/m:rw" sh -c 'grep -E " (/m|/usr|/tmp|/) " /proc/self/mounts | grep -vE "nosuid,nodev"; true'
	[ -z "$output" ] || said
}

@test "paths are shown where they are, and the most specific rule counts" {
	mkdir -p a/b/c
	echo 1 >a/one
	echo 2 >a/b/two
	echo 3 >a/b/c/three
	in_sandbox 0 --allow-path "$PWD/a" --deny-path "$PWD/a/b" --allow-path "$PWD/a/b/c" --deny-path "$PWD/a/one" sh -c '
		cd "$0"; cat one 2>&1; ls b 2>&1; cat b/two 2>&1; cat b/c/three; : >b/c/x' "$PWD/a" || true
	[[ $output == *'one: Permission denied'* && $output == *"'b': Permission denied"* && $output == *$'\n3'* ]] || said
	[ ! -e a/b/c/x ]
	# What is not shown need not be hidden.
	in_sandbox 0 --deny-path /root --deny-path /proc --deny-path /etc/shadow cat /proc/self/status
}

@test "a link does not show what its own name is not allowed to" {
	mkdir open closed
	echo secret >closed/f
	ln -s "$PWD/closed" open/link
	refused '*is a link to */closed, which is not allowed itself' --allow-path "$PWD/open/link" true
	in_sandbox 1 --allow-path "$PWD/open" cat "$PWD/open/link/f"
	in_sandbox 0 --allow-path "$PWD/open/link" --allow-path "$PWD/closed" cat "$PWD/open/link/f"
	[ "$output" = secret ]
}

@test "SANDBOX_ALLOW_FS_WRITE makes the working directory writable, and only that" {
	export SANDBOX_ALLOW_FS_WRITE=true
	in_sandbox 0 sh -c 'pwd; echo x >made; : >../outside || true'
	[ "$output" = "$PWD" ] || said
	[ -e made ]
	[ ! -e ../outside ]
}

@test "variables of the environment count, flags count more, malformed ones are named" {
	SANDBOX_TIMEOUT=300ms in_sandbox 124 sleep 5
	SANDBOX_TIMEOUT=300ms in_sandbox 0 --timeout 5s sleep 0.5
	SANDBOX_MEMORY_LIMIT=lots refused '*SANDBOX_MEMORY_LIMIT: "lots" is not a size*' true
	SANDBOX_TIMEOUT=soon refused '*SANDBOX_TIMEOUT: *' --timeout 5s true
	refused '*--memory: "x" is not a size*' --memory x true
	refused '*unknown option --memroy; did you mean --memory?' --memroy 5 true
	run --separate-stderr env SANDBOX_CPU_LIMIT=2 "$SRT_BUILD/sandbox-runtime" explain --timeout 3s
	grep -qE '^timeout +3s +flag \(--timeout\)$' <<<"$output" || said
	grep -qE '^cpu +2 +environment \(SANDBOX_CPU_LIMIT\)$' <<<"$output" || said
	grep -qE '^memory +512M +default$' <<<"$output" || said
}

@test "SANDBOX_WORK_DIR is made, private, and left empty" {
	SANDBOX_WORK_DIR=$PWD/scratch in_sandbox 3 sh -c 'exit 3'
	[ "$(stat -c %a scratch)" = 700 ]
	[ -z "$(ls -A scratch)" ]
	SANDBOX_WORK_DIR=/nowhere/scratch refused '*SANDBOX_WORK_DIR: make /nowhere/scratch*' true
}

@test "a program that may start no other is told so" {
	SANDBOX_ALLOW_EXEC=false in_sandbox 0 python3 -c '
import subprocess
try: subprocess.run(["true"])
except PermissionError as e: print(e.errno)'
	[ "$output" = 1 ] || said
}

# store_image: a bundle of the store, called "box"; $id is its digest.
store_image() {
	mkdir -p tree/bin tree/data tree/etc
	cp "$(command -v busybox)" tree/bin/busybox
	ln -s busybox tree/bin/sh
	echo inside >tree/data/f
	chmod -R a+rX tree
	tar -cf tree.tar -C tree .
	export XDG_DATA_HOME=$PWD/data
	"$SRT_BUILD/srt-oci-bundle" build --arg=/bin/sh --arg=-c --arg='busybox cat /data/f' -q tree.tar -o box
	id=$("$SRT_BUILD/srt-oci-bundle" ls --json | jq -r '.[0].id')
}

@test "with an image the root file system is that bundle's of the store, by name or digest" {
	local id way
	for way in overlay hardlink copy; do
		export SRT_OCI_STORE=$way
		rm -rf data tree
		store_image || continue # overlay is not there for everybody
		verdict 0 ok --image box
		[ "$(fact .stdout)" = inside ] && [ "$(fact .image_digest)" = "sha256:$id" ] || said
		in_sandbox 3 --image "sha256:$id" sh -c 'busybox cat /data/f; busybox id -u; busybox env; exit 3'
		has inside
		has 1000
		! grep -q SRT_OCI <<<"$output" || said
		SANDBOX_IMAGE=${id:0:14} verdict 0 ok sh -c 'echo x >/data/x || busybox ls /data'
		[ "$(fact .stdout)" = f ] || said
		echo text >input
		in_sandbox 0 --image box --mount "$PWD/input:/input:rw" sh -c 'busybox cat /input; echo more >>/input'
		[ "$output" = text ] && [ "$(tail -1 input)" = more ] && [ "$(stat -c %u input)" -eq "$(id -u)" ] || said
		# A pool has the bundle's programs, too, of which none is an interpreter.
		run -125 --separate-stderr sandbox serve --socket pool --image box
		[[ $stderr == *'"python3": executable file not found'* ]] || said
	done
	unset SRT_OCI_STORE
	# The bundle of the environment that we happen to be in is not taken for another.
	run "$SRT_BUILD/srt-oci-bundle" enter box "$SRT_BUILD/sandbox-runtime" exec --image other true
	[ "$status" -eq 125 ] || said
	run --separate-stderr sandbox explain --plan --image box
	[[ $output == *"/bundles/$id/rootfs/data"* ]] || said
}

@test "an image that is not there is said with a way out, and nothing runs" {
	export XDG_DATA_HOME=$PWD/data
	refused '*--image: no bundle is called "box"; srt-oci bundle ls lists them, srt-oci bundle build makes one' --image box echo ran
	SANDBOX_IMAGE=box refused '*SANDBOX_IMAGE: no bundle is called *' echo ran
	SANDBOX_IMAGE=box run -125 --separate-stderr sandbox serve --socket pool
	[[ $stderr == *'SANDBOX_IMAGE: no bundle is called "box"'* ]] || said
	refused '*--image*' --image --help echo ran
	refused '*exclude each other*' --image box --bundle x echo ran
	run --separate-stderr sandbox exec --json-output --image box echo ran
	[ "$status" -eq 125 ] || said
	jq -e '.status == "setup_error" and .image_digest == null and (.infra_error | not) and (.reason | test("no bundle"))' <<<"$output"
	echo '{"network":{"allowedDomains":[],"deniedDomains":[]},"filesystem":{"denyRead":[],"allowWrite":[],"denyWrite":[]}}' >s.json
	refused "*--image: these settings show the host's files*" --settings s.json --image box echo ran
	SANDBOX_IMAGE=box in_sandbox 0 --settings s.json echo ran
	[ "$output" = ran ] || said
}

@test "with a bundle its root file system is used, its /etc gets our user, and nothing is written to it" {
	mkdir -p b/rootfs/{bin,etc,data,proc,tmp}
	cp "$(command -v busybox)" b/rootfs/bin/busybox
	for name in sh cat ls id env touch; do ln -s busybox "b/rootfs/bin/$name"; done
	echo 'root:x:0:0::/:/bin/sh' >b/rootfs/etc/passwd
	echo inside >b/rootfs/data/f
	jq -n '{ociVersion: "1.0.2", root: {path: "rootfs"}, process: {cwd: "/", args: ["cat", "/data/f"],
		env: ["PATH=/bin", "FROM=bundle"], user: {uid: 0, gid: 0}}}' >b/config.json
	find b | sort >before
	in_sandbox 0 --bundle b --mount "$PWD:/new/place" sh -c 'id -un; cat /data/f; ls /new/place; env; touch /data/x || true'
	[[ $output == $'sandbox\ninside\n'* ]] || said
	has FROM=bundle
	in_sandbox 0 --bundle b
	[ "$output" = inside ] || said
	find b | sort >after
	cmp before after
	SANDBOX_IMAGE=$PWD/b in_sandbox 0 cat /data/f
	refused '*nowhere/config.json: No such file*' --bundle nowhere true
}

@test "the plan of a sandbox is printed and masks secrets" {
	export TOKEN=hunter2
	run --separate-stderr sandbox explain --plan --secret KEY=env:TOKEN cat /proc/self/environ
	[ "$status" -eq 0 ] || said
	[[ $output == *root-new* && $output == *'KEY=***'* && $output != *hunter2* ]] || said
}

@test "a secret that the program puts into the name of a file is masked in events, changes and files" {
	export TOKEN=hunter2
	mkdir w
	chmod 777 w
	run -0 --separate-stderr sandbox exec --trace --violations v --audit-log a --workspace w --result r.json --secret KEY=env:TOKEN \
		sh -c '( : >"/usr/$KEY" ) 2>/dev/null; : >"$KEY"'
	jq -e '.changes == [{kind: "A", path: "***"}] and any(.violation_events[]; .context.path == "/usr/***")' r.json
	! grep -l hunter2 v a r.json || said
}

@test "a secret reaches the program by its environment, and nobody else" {
	export TOKEN=hunter2
	verdict 0 ok --secret KEY=env:TOKEN --audit-log audit sh -c 'echo "$KEY"; tr -d "\0" </proc/1/cmdline' hunter2
	[[ $output != *hunter2* ]] || said
	[ "$(fact .stdout)" = '***' ] || said
	run ! grep -q hunter2 audit
	grep -q '"\*\*\*"' audit
	refused '*a secret is given as NAME=env:VARIABLE*' --secret KEY=hunter3 true
	[[ $stderr != *hunter3* ]]
}

@test "--version, --help and unknown commands" {
	for program in sandbox-runtime srt; do
		run --separate-stderr "$SRT_BUILD/$program" --version
		[ "$status" -eq 0 ] && [ "${#lines[@]}" -eq 1 ] && [[ $output == "$program "* ]] || said
		run --separate-stderr "$SRT_BUILD/$program" --help
		[ "$status" -eq 0 ] && [[ $output == "Usage: $program"* ]] || said
	done
	run --separate-stderr sandbox exec --help
	[[ $output == *--memory* && $output == *'Exit status'* ]] || said
	run --separate-stderr sandbox nonsense
	[ "$status" -eq 125 ] || said
	refused '*no program to run*'
}

@test "doctor finds what every sandbox needs, and selftest holds" {
	run --separate-stderr sandbox doctor
	[ "$status" -eq 0 ] || said
	run --separate-stderr sandbox doctor --json --require userns,proc
	[ "$status" -eq 0 ] || said
	jq -e 'map(select(.name == "userns"))[0].ok' <<<"$output"
	run --separate-stderr sandbox doctor --require nonsense
	[ "$status" -eq 125 ] || said
	run --separate-stderr sandbox selftest
	[ "$status" -eq 0 ] || said
	run ! grep -v '^ok' <<<"$output"
}

@test "a thousand runs in a row grow nothing: processes, mounts, files, cgroups, namespaces" {
	# An ordinary user may have only so many namespaces of each kind at one time here: what one run left would stop the others.
	local -a user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	cat >thousand <<'SH'
[ "$1" = 0 ] || for kind in user pid net mnt ipc uts cgroup; do echo 40 >/proc/sys/user/max_${kind}_namespaces; done
count() {
	set -- /proc/[0-9]*
	echo "processes $# mounts $(wc -l </proc/self/mountinfo) files $(find "$TMPDIR" "$XDG_RUNTIME_DIR" | wc -l)" \
		"fds $(ls /proc/$$/fd | wc -l)"
	find /sys/fs/cgroup -name 'srt-oci-sb-*' -exec sh -c '[ -z "$(cat "$1/cgroup.procs" 2>&1)" ]' sh {} ';' -print 2>/dev/null | sort >&2
}
count >before 2>cgroups-before
i=0
while [ $i -lt 1000 ]; do
	# The kernel takes namespaces of the network down later than all else.
	"$SRT_BUILD/sandbox-runtime" exec true || { sleep 1; "$SRT_BUILD/sandbox-runtime" exec true; } || exit 1
	i=$((i + 1))
done
sleep 0.2
count >after 2>cgroups-after
SH
	touch before after cgroups-before cgroups-after
	run timeout -k 1 200 unshare "${user[@]}" --pid --fork --mount-proc sh thousand "${#user[@]}"
	[ "$status" -eq 0 ] || said
	cat before after
	cmp before after
	# Those that a killed supervisor had left before may have gone.
	[ -z "$(comm -13 cgroups-before cgroups-after)" ]
}

@test "a signal to the supervisor at any time leaves nothing behind, and the verdict is told" {
	mkdir ws
	run timeout -k 1 50 python3 - "$SRT_BUILD/sandbox-runtime" <<-'EOF'
		import json, os, random, signal, subprocess, sys, time
		random.seed(7)
		env = {**os.environ, "SANDBOX_WORK_DIR": os.path.abspath("work")}
		program = ["sh", "-c", "for i in $(seq 60); do echo $i >f$i; done; sleep 0.01"]
		for i in range(60):
		    sig = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)[i % 3]
		    ways = (["--workspace", "ws", "--commit", "always"], ["--trace", "--allow-domain", "a.example"])[i % 2]
		    p = subprocess.Popen([sys.argv[1], "exec", "--audit-log", "audit", "--json-output",
		        "--env", "SANDBOX_TEST=" + os.environ["SRT_TEST_MARK"], *ways, *program],
		        env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
		    until = time.time() + 10
		    while not (os.path.exists("work") and os.listdir("work")) and time.time() < until:
		        pass # before that nothing is there that could be left
		    time.sleep(random.uniform(0, 0.04))
		    p.send_signal(sig)
		    out, _ = p.communicate(timeout=20)
		    said = (i, sig, p.returncode, out, os.listdir("work"), os.listdir("ws"))
		    assert p.returncode in (0, 128 + sig), said
		    assert json.loads(out)["status"] == ("killed" if p.returncode else "ok"), said
		    assert not os.listdir("work") and not [n for n in os.listdir("ws") if n[0] == "."], said
		# As soon as the program runs the signal is its own.
		for i in range(30):
		    p = subprocess.Popen([sys.argv[1], "exec", "sh", "-c", "trap 'exit 4' TERM; echo ready; while :; do :; done"],
		        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
		    p.stdout.read(1)
		    p.send_signal(signal.SIGTERM)
		    assert p.wait(20) == 4, (i, p.returncode)
		events = [json.loads(line)["event"] for line in open("audit")]
		assert events.count("start") == events.count("end") == 60, events
	EOF
	[ "$status" -eq 0 ] || said
}
