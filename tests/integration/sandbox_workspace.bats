# SPDX-License-Identifier: Apache-2.0
# sandbox_workspace.bats - a directory as a copy: what changed is listed, taken over or not, and picked from.
# shellcheck disable=SC2016

load lib/sandbox

setup_here() {
	mkdir -p w/dir w/gone art
	echo a >w/a
	echo b >w/dir/b
	echo c >w/gone/c
	ln -s a w/link
	printf '#!/bin/sh\necho script\n' >w/run
	chmod 755 w/run
}

CHANGE='echo A >a; echo n >dir/new; rm -r gone; mkdir -p deep/er; echo x >deep/er/x; chmod 700 run; ln -sf /etc/passwd link'

@test "changes are listed and nothing is taken over unless asked" {
	find w -type f -exec md5sum {} + | sort >before
	verdict 0 ok --workspace w sh -c "pwd; $CHANGE"
	[ "$(fact .stdout)" = /workspace ]
	[ "$(fact '.changes | map(.kind + " " + .path) | join("|")')" = \
		'M a|A deep|A deep/er|A deep/er/x|A dir/new|D gone|M link|M run' ] || said
	find w -type f -exec md5sum {} + | sort >after
	cmp before after
}

@test "commit takes them over, files whole, directories and links too" {
	verdict 0 ok --workspace w --commit on-success sh -c "$CHANGE"
	[ "$(cat w/a)" = A ] && [ "$(cat w/dir/new)" = n ] && [ "$(cat w/deep/er/x)" = x ]
	[ ! -e w/gone ] && [ "$(readlink w/link)" = /etc/passwd ] && [ "$(stat -c %a w/run)" = 700 ]
	[ "$(stat -c %u w/a)" -eq "$(id -u)" ]
	[ -z "$(find w -name '*.tmp')" ]
}

@test "on-success takes nothing over from a failure, always does" {
	verdict 1 exit --workspace w --commit on-success sh -c 'echo A >a; exit 1'
	[ "$(cat w/a)" = a ]
	[ "$(fact '.changes | length')" = 1 ]
	verdict 124 timeout --workspace w --commit on-success --timeout 300ms sh -c 'echo A >a; sleep 9'
	[ "$(cat w/a)" = a ]
	verdict 1 exit --workspace w --commit always sh -c 'echo A >a; exit 1'
	[ "$(cat w/a)" = A ]
}

@test "kinds that change places are taken over" {
	verdict 0 ok --workspace w --commit always sh -c 'rm -r dir; echo f >dir; rm a; mkdir a; echo i >a/i; rm link; mkdir link; echo j >link/j'
	[ "$(cat w/dir)" = f ] && [ "$(cat w/a/i)" = i ] && [ "$(cat w/link/j)" = j ] && [ ! -L w/link ]
}

@test "a directory made anew loses what it held" {
	verdict 0 ok --workspace w --commit always sh -c 'rm -r dir; mkdir dir; echo n >dir/n'
	[ "$(fact '.changes | map(.kind + " " + .path) | join("|")')" = 'D dir/b|A dir/n' ] || said
	[ ! -e w/dir/b ] && [ "$(cat w/dir/n)" = n ]
}

@test "no link leads the commit out of the workspace" {
	mkdir outside
	echo kept >outside/file
	verdict 0 ok --workspace w --commit always sh -c "rm -r dir; ln -s $PWD/outside dir; rm a; ln -s $PWD/outside/file a; mkfifo pipe"
	[ "$(cat outside/file)" = kept ] && [ "$(ls outside)" = file ]
	[ "$(readlink w/dir)" = "$PWD/outside" ]
	[ ! -e w/pipe ]
	verdict 0 ok --workspace w --commit always sh -c 'rm dir; mkdir dir; echo x >dir/x'
	[ "$(ls outside)" = file ] && [ "$(cat w/dir/x)" = x ]
	# Set-user-id does not come over.
	verdict 0 ok --workspace w --commit always sh -c 'cp /bin/true t; chmod 4755 t'
	[ "$(stat -c %a w/t)" = 755 ]
}

@test "the copy counts as disk and files of the run" {
	verdict 1 disk --workspace w --disk 1M sh -c 'head -c 3M /dev/zero >big'
	[ ! -e w/big ]
}

@test "artifacts are picked by pattern, from the workspace or the home" {
	verdict 0 ok --workspace w --artifacts '*.txt' --artifacts 'out/**' --artifacts-dir art sh -c \
		'echo 1 >one.txt; mkdir -p out/deep; echo 2 >out/deep/two; echo 3 >three.md; mkdir d; echo 4 >d/four.txt; ln -s /etc/passwd l.txt'
	[ "$(cd art && find . -type f | sort | paste -sd' ')" = './one.txt ./out/deep/two' ] || said
	verdict 0 ok --artifacts '*.log' --artifacts-dir art sh -c 'echo l >my.log'
	[ "$(cat art/my.log)" = l ]
	refused '*--artifacts needs --artifacts-dir' --artifacts x true
	refused '*--commit needs --workspace' --commit always true
	refused '*--workspace: */missing*' --workspace missing true
}

@test "what the program closes to its own user is its own fault, and where artifacts go is looked for before it runs" {
	[ "$(id -u)" -ne 0 ] || skip "nothing is closed to root"
	local by closes
	for by in overlay copy; do
		for closes in 'mkdir d; chmod 000 d' 'mkdir d; echo >d/f; chmod 400 d' 'chmod 000 .'; do
			verdict 125 setup_error --workspace-by "$by" --workspace w sh -c "$closes"
			[ "$(fact .infra_error)" = false ] && [[ $(fact .reason) == *'the program has closed '*' to its own user'* ]] || said
		done
		verdict 125 setup_error --workspace-by "$by" --workspace w --commit always sh -c 'echo x >f; chmod 000 f'
		[ "$(fact .infra_error)" = false ] || said
	done
	[ ! -e w/f ]
	# Nor is it the host's that the caller may not write to his own directory.
	chmod 555 w
	for closes in 'echo x >new' 'echo x >a' 'mkdir new' 'rm a' 'ln -s a new'; do
		verdict 125 setup_error --workspace w --commit always sh -c "$closes"
		[ "$(fact .infra_error)" = false ] && [[ $(fact .reason) == '--commit: '*': Permission denied' ]] || said
	done
	chmod 755 w
	verdict 125 setup_error --workspace w --artifacts '*' --artifacts-dir nowhere sh -c 'echo ran'
	[ "$(fact '[.infra_error, .stdout] | @json')" = '[false,""]' ] || said
}
