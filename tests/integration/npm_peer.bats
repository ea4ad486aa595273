# SPDX-License-Identifier: Apache-2.0
# npm_peer.bats - srt beside the npm package @anthropic-ai/sandbox-runtime: the same settings, the same probes, one table of what
# is to come out, and a list of what the package does otherwise, with a reason each.
# stderr and json are set by bats and by the library; each test is a subshell of its own.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031,SC2015

load lib/sandbox

setup_file() {
	export NPM_SRT=$SRT_BUILD/npm/node_modules/.bin/srt
}
setup_here() {
	unset SRT_TEST_MARK
	export TMPDIR=$PWD
}

beside() {
	run "$SRT_TOP/tests/integration/npm/side_by_side" "$SRT_TOP/tests/integration/npm/cases.tsv" \
		"$SRT_TOP/tests/integration/npm/differences.tsv" "$SRT_BUILD/srt" "$@"
	[ "$status" -eq 0 ] || said
}

@test "each documented behaviour of the package is ours, without node, bwrap, socat and ripgrep" {
	beside
}

@test "the package itself does the same but where the list says otherwise" {
	[ -x "$NPM_SRT" ] || skip "the npm package is not installed: make deps-npm said why"
	timeout 30 "$NPM_SRT" true || skip "the npm package cannot make its sandbox here"
	beside "$NPM_SRT"
}

@test "what stands on the host for what is not there goes with the last run that needs it" {
	mkdir home work
	export HOME=$PWD/home
	cd work
	jq -n '{network: {}, filesystem: {allowWrite: ["."], denyWrite: ["no/file"]}}' >"$HOME/.srt-settings.json"
	srt sh -c 'while [ ! -e go ]; do sleep 0.05; done; ( : >.bashrc ) 2>/dev/null && echo made || echo refused' >said 3>&- &
	eventually [ -e .bashrc ]
	# A second run that begins later and ends earlier takes nothing away that the first one needs.
	srt sh -c '( : >.bashrc ) 2>/dev/null || echo refused' >said2
	[ -e .bashrc ]
	[ -d no ]
	: >go
	wait $!
	[ "$(cat said said2)" = $'refused\nrefused' ]
	[ "$(find . -mindepth 1 | sort | tr '\n' ' ')" = './go ./said ./said2 ' ]
	# What a killed run has left is the next one's.
	"$SRT_BUILD/srt" sleep 20 3>&- &
	eventually [ -e .bashrc ]
	kill -KILL $!
	wait $! || true
	[ -e .bashrc ]
	srt true
	[ ! -e .bashrc ]
	[ ! -e no ]
	# What is somebody's own is not.
	: >.zshrc
	srt true
	[ -e .zshrc ]
}
