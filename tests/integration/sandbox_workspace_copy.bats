# SPDX-License-Identifier: Apache-2.0
# sandbox_workspace_copy.bats - a workspace where no overlay is to be had: a copy of every file, with the same list of changes.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031,SC2034,SC2015

load lib/sandbox

setup_here() {
	mkdir -p w/dir w/gone art
	echo a >w/a
	echo b >w/dir/b
	echo c >w/gone/c
	echo same >w/touched
	echo open >w/open
	chmod 666 w/open
	ln -s a w/link
	mkfifo w/pipe
	printf '#!/bin/sh\necho script\n' >w/run
	chmod 755 w/run
	chmod 777 w
}

# copied STATUS WORD ARGUMENT…: as verdict, with the workspace w copied.
copied() {
	local wanted=$1 word=$2
	shift 2
	verdict "$wanted" "$word" --workspace w --workspace-by copy "$@"
}
changes() { fact '.changes | map(.kind + " " + .path) | join("|")'; }

CHANGE='echo A >a; echo n >dir/new; rm -r gone; mkdir -p deep/er; echo x >deep/er/x; chmod 700 run; ln -sf /etc/passwd link; touch touched'

@test "changes are listed and nothing is taken over unless asked" {
	find w -type f -exec md5sum {} + | sort >before
	copied 0 ok sh -c "pwd; ./run; ls; $CHANGE"
	[ "$(fact .stdout)" = $'/workspace\nscript\na\ndir\ngone\nlink\nopen\nrun\ntouched' ] || said
	[ "$(changes)" = 'M a|A deep|A deep/er|A deep/er/x|A dir/new|D gone|M link|M run' ] || said
	find w -type f -exec md5sum {} + | sort >after
	cmp before after
	copied 0 ok true
	[ -z "$(changes)" ] || said
	grep -qE 'copy +/workspace' < <(sandbox explain --plan --workspace w --workspace-by copy)
}

@test "commit takes them over, and on-success nothing from a failure" {
	copied 1 exit --commit on-success sh -c "$CHANGE; exit 1"
	[ "$(cat w/a)" = a ]
	copied 0 ok --commit on-success sh -c "$CHANGE"
	[ "$(cat w/a)" = A ] && [ "$(cat w/dir/new)" = n ] && [ "$(cat w/deep/er/x)" = x ]
	[ ! -e w/gone ] && [ "$(readlink w/link)" = /etc/passwd ] && [ "$(stat -c %a w/run)" = 700 ]
	[ "$(stat -c %u w/a)" -eq "$(id -u)" ] && [ -p w/pipe ] && [ -z "$(find w -name '*.tmp')" ]
}

@test "kinds that change places are taken over, and a file of the same size and time is a change" {
	copied 0 ok --commit always sh -c 'rm -r dir; echo f >dir; rm a; mkdir a; echo i >a/i; rm link; mkdir link; echo j >link/j
		t=$(stat -c %Y touched); echo emas >touched; touch -d "@$t" touched'
	[ "$(cat w/dir)" = f ] && [ "$(cat w/a/i)" = i ] && [ "$(cat w/link/j)" = j ] && [ ! -L w/link ] && [ "$(cat w/touched)" = emas ]
}

@test "two directories that change names are changes" {
	mkdir w/one w/two
	echo 1 >w/one/f
	echo 2 >w/two/f
	copied 0 ok --commit always sh -c 'mv one x; mv two one; mv x two'
	[ "$(changes)" = 'M one/f|M two/f' ] && [ "$(cat w/one/f)$(cat w/two/f)" = 21 ] || said
}

@test "what others change in the directory meanwhile stays as they made it" {
	"$SRT_BUILD/sandbox-runtime" exec --workspace w --workspace-by copy --commit always --result r.json sh -c \
		'echo ours >a; echo up >made; until [ -e /home/sandbox/no ] || [ "$((n += 1))" -gt 20 ]; do sleep 0.1; done' &
	sleep 1
	echo theirs >w/dir/b
	echo new >w/fresh
	rm w/touched
	wait $!
	json=$(cat r.json)
	[ "$(cat w/dir/b)" = theirs ] && [ "$(cat w/fresh)" = new ] && [ "$(cat w/a)" = ours ] || said
	[[ "|$(changes)|" != *'dir/b'* && "|$(changes)|" != *fresh* ]] || said
}

@test "artifacts are of what has changed, and the disk is the payload's own" {
	head -c 2M /dev/zero >w/large
	copied 0 ok --artifacts '**' --artifacts-dir art --disk 1M sh -c 'echo n >dir/new; head -c 500K /dev/zero >part'
	[ "$(cd art && find . -type f | sort | tr '\n' ' ')" = './dir/new ./part ' ] || said
	copied 1 disk --disk 1M sh -c 'head -c 3M /dev/zero >more'
	copied 1 files --max-files 5 sh -c 'for i in 1 2 3 4 5 6 7; do echo >n$i || exit 1; done'
}

@test "overlay or copy, by name" {
	verdict 0 ok --workspace w --workspace-by overlay sh -c 'echo A >a'
	[ "$(changes)" = 'M a' ] || said
	refused '*--workspace-by: "link" is unknown; known are auto, overlay, copy' --workspace w --workspace-by link true
}
