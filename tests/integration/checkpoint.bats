# SPDX-License-Identifier: Apache-2.0
# checkpoint.bats - what CRIU is asked for; a program that writes its command line down stands in for it, as Debian has none.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/container

setup_here() {
	mkdir src tools
	cat >tools/criu <<'CRIU'
#!/bin/sh
# Writes down what it is asked for; a restore is a sleep, which it leaves behind.
printf '%s\n' "$@" >"$CRIU_SAID"
[ ! -e "$CRIU_SAID.fails" ] || exit 3
while [ $# -gt 0 ]; do
	case $1 in --pidfile) pid_file=$2 ;; --tree) tree=$2 ;; --leave-running) stays=1 ;; pre-dump) stays=1 ;; esac
	shift
done
[ -z "$tree" ] || [ -n "$stays" ] || kill -KILL "$tree"
[ -z "$pid_file" ] || { sleep 20 </dev/null >/dev/null 2>&1 & echo $! >"$pid_file"; }
CRIU
	chmod +x tools/criu
	export CRIU_SAID=$PWD/said
	criu=$PWD/tools/criu
	bundle b "$SLEEP" '.mounts += [{destination: "/mnt/", type: "bind", source: $src, options: ["bind"]}]' --arg src "$PWD/src"
}
asked() { tr '\n' ' ' <said | grep -qF -- "$1" || { cat said; return 1; }; }

@test "help answers, whether there is a CRIU or not" {
	for command in checkpoint restore; do
		run -0 --separate-stderr srt $command --help
		[[ $output == *--image-path*--tcp-established* ]]
	done
}

@test "without CRIU the error says so and what to do" {
	detached x b
	for program in none-such /nowhere/criu; do
		run --separate-stderr srt --criu $program checkpoint x
		[ "$status" -eq 1 ] && [[ $stderr == *CRIU*install*--criu* ]] || said
	done
	has_status x running
}

@test "a checkpoint with every flag, of a container that goes on" {
	detached x b
	srt --criu "$criu" checkpoint --image-path images --work-path work --parent-path ../before --leave-running --tcp-established \
		--ext-unix-sk --shell-job --file-locks --lazy-pages --status-fd 7 --page-server 127.0.0.1:999 \
		--manage-cgroups-mode full --empty-ns network --auto-dedup x
	asked "dump --tree $pid "
	for words in '--images-dir images' '--work-dir work' '--prev-images-dir ../before --track-mem' --leave-running --tcp-established \
		--ext-unix-sk --shell-job --file-locks --lazy-pages '--status-fd 7' '--page-server --address 127.0.0.1 --port 999' \
		--manage-cgroups=full '--empty-ns net' --auto-dedup '--external mnt[/mnt]:/mnt' '--external mnt[/proc/kcore]:/proc/kcore'; do
		asked "$words"
	done
	has_status x running
	srt --criu "$criu" checkpoint --image-path images --pre-dump x
	asked "pre-dump --tree $pid "
	has_status x running
}

@test "a checkpoint ends the container, found by PATH; a CRIU that fails is an error" {
	detached x b
	touch said.fails
	run --separate-stderr env PATH="$PWD/tools:$PATH" timeout 10 "$SRT_OCI" --root "$state" checkpoint x
	[ "$status" -eq 1 ] && [[ $stderr == *CRIU*dump*checkpoint/dump.log* ]] || said
	rm said.fails
	PATH="$PWD/tools:$PATH" srt checkpoint x
	eventually has_status x stopped
	run --separate-stderr srt --criu "$criu" checkpoint x
	[ "$status" -eq 1 ] && [[ $stderr == *'container not running'* ]] || said
}

@test "a restore makes a container that the other commands know" {
	only root
	mkdir images
	srt --criu "$criu" restore --detach -b b --image-path images --pid-file pid y 3>&-
	asked 'restore --restore-detached'
	asked "--root $BATS_FILE_TMPDIR/rootfs"
	asked "--external mnt[/mnt]:$PWD/src"
	asked '--external mnt[/proc/kcore]:/dev/null'
	has_status y running
	[ "$(cat pid)" = "$(srt state y | jq .pid)" ]
	srt kill y KILL
	eventually has_status y stopped
	srt delete y
}

@test "a restore in the foreground waits, forwards signals and removes the state" {
	only root
	mkdir images
	timeout 20 "$SRT_OCI" --root "$state" --criu "$criu" restore -b b --image-path images y 3>&- &
	eventually has_status y running
	srt kill y TERM
	status=0
	wait $! || status=$?
	[ "$status" -eq 143 ]
	eventually no_leftovers
}

@test "a restore that fails leaves nothing" {
	only root
	touch said.fails
	mkdir images
	refused '*CRIU*restore*' srt --criu "$criu" restore -b b --image-path images y
	refused '*images in none*' srt --criu "$criu" restore -b b --image-path none y
}

@test "options that CRIU's command line cannot serve are refused" {
	detached x b
	run --separate-stderr srt --criu "$criu" checkpoint --empty-ns ipc x
	[ "$status" -eq 1 ] && [[ $stderr == *--empty-ns*network* ]] || said
	run --separate-stderr srt --criu "$criu" checkpoint --page-server nowhere x
	[ "$status" -eq 1 ] && [[ $stderr == *ADDRESS:PORT* ]] || said
	run --separate-stderr srt --criu "$criu" restore --console-socket s -b b y
	[ "$status" -eq 1 ] && [[ $stderr == *--console-socket* ]] || said
}
