# SPDX-License-Identifier: Apache-2.0
# terminal.bats - terminals by --console-socket and in the foreground.
# Filters and the scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2154

load lib/container

receiver() {
	"$SRT_TOP/tests/integration/lib/receiver" "$@" >got 2>&1 3>&- &
	receiver=$!
	eventually test -S "$1"
}

TTY='tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo "all three"; stat -c %t:%T /dev/console; [ -e /dev/tty ] &&
	echo on-tty >/dev/tty; read line; echo "read $line"'

terminal_was_good() {
	wait $receiver
	tr -d '\r' <got >text
	[ "$(sed -n 1,2p text)" = $'fds 1\nname /dev/ptmx' ]
	[ "$(sed -n 3p text)" = "${1:-size 0 0}" ]
	grep -q '^/dev/\(pts/0\|console\)$' text
	grep -qx 'all three' text
	grep -qx 'on-tty' text
	grep -qx 'read hello' text
}

@test "create hands the terminal to --console-socket" {
	receiver sock pty hello
	bundle b "$TTY" '.process.terminal = true'
	srt create --console-socket sock -b b x 3>&- >out 2>&1
	srt start x
	terminal_was_good || { cat got; return 1; }
	[ ! -s out ]
}

@test "a detached run does, with the size of config.json" {
	receiver sock pty hello
	bundle b "$TTY" '.process.terminal = true | .process.consoleSize = {height: 33, width: 99}'
	srt run -d --console-socket sock -b b x 3>&- >out 2>&1
	terminal_was_good 'size 33 99' || { cat got; return 1; }
	grep -qx '33 99' text
}

@test "a foreground run does" {
	receiver sock pty hello
	bundle b "$TTY; exit 3" '.process.terminal = true'
	run -3 srt run --console-socket sock -b b x
	terminal_was_good || { cat got; return 1; }
}

@test "exec does" {
	bundle b "$SLEEP"
	detached x b
	receiver sock pty hello
	srt exec -d -t --console-socket sock x sh -c "$TTY" 3>&- >out 2>&1
	terminal_was_good || { cat got; return 1; }
	[ ! -s out ]
}

@test "a terminal needs somebody who takes it" {
	bundle b "$TTY" '.process.terminal = true'
	refused '*--console-socket*' srt create -b b x
	refused '*--console-socket*' srt run -d -b b x
	refused '*--console-socket*/no/such/socket*' srt run -d --console-socket /no/such/socket -b b x
	bundle b "$TTY"
	refused '*--console-socket*' srt create --console-socket /no/such/socket -b b x
}

# on_terminal INPUT COMMAND…: on a terminal of its own, 44 lines by 111 columns; what it says is $output.
on_terminal() {
	local input=$1
	shift
	run env INPUT="$input" /usr/bin/python3 - "$@" <<-'PY'
		import fcntl, os, pty, struct, sys, termios, time
		pid, fd = pty.fork()
		if pid == 0:
		    os.execvp(sys.argv[1], sys.argv[1:])
		fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 111, 0, 0))
		text, sent = b"", False
		try:
		    while data := os.read(fd, 4096):
		        text += data
		        if b"ready" in text and not sent:
		            sent = True
		            fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 111, 0, 0))
		            os.kill(pid, 28)
		            time.sleep(0.2)
		            os.write(fd, os.environ["INPUT"].encode())
		except OSError:
		    pass
		sys.stdout.write(text.decode().replace("\r", ""))
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)
	PY
}

@test "a foreground terminal: input, output, size, status" {
	bundle b 'tty; echo ready; read line; stty size; echo "read $line"; exit 42' '.process.terminal = true'
	on_terminal $'hello\n' timeout --foreground 10 "$SRT_OCI" --root "$state" run -b b x
	[ "$status" -eq 42 ] || said
	has ready
	has '44 111' || { echo "$output"; return 1; }
	has 'read hello'
}

@test "the terminal's signals reach the payload, and the caller's terminal is put back" {
	bundle b 'trap "echo got-INT; exit 5" INT; echo ready; i=0; while [ $i -lt 100 ]; do sleep 0.05; i=$((i+1)); done' '.process.terminal = true'
	on_terminal $'\003' sh -c 'before=$(stty -g); timeout --foreground 10 "$0" --root "$1" run -b b x; echo "status $?"
		[ "$before" = "$(stty -g)" ] && echo restored' "$SRT_OCI" "$state"
	[[ $output == *got-INT* ]]
	has 'status 5'
	has restored
}

@test "exec -t in the foreground" {
	bundle b "$SLEEP"
	detached x b
	on_terminal $'hello\n' timeout --foreground 10 "$SRT_OCI" --root "$state" exec -t x sh -c 'tty; echo ready; read l; echo "read $l"; exit 6'
	[ "$status" -eq 6 ] || said
	has 'read hello'
	[[ $output == */dev/pts/* ]]
}

@test "script(1) runs a container with a terminal" {
	bundle b 'test -t 1 && echo yes' '.process.terminal = true'
	run -0 timeout 10 script -qec "$SRT_OCI --root $state run -b b x" /dev/null
	[[ $output == *yes* ]]
}
