# SPDX-License-Identifier: Apache-2.0
# security.bash - attacks that succeed against a naive runtime, and what a test asks of ours. After lib/container.
# shellcheck shell=bash
# Each attack aims at ./host, a directory of the test's own that stands for the host's files.

# payload NAME…: static programs that the tests put into their trees, and the naive runtime, in $BATS_FILE_TMPDIR.
payload() {
	local name
	for name in naive "$@"; do
		gcc -O1 -D_GNU_SOURCE -static -o "$BATS_FILE_TMPDIR/${name#payload_}" \
			"$SRT_TOP/tests/integration/$name.c" || return
	done
}

setup_here() {
	mkdir host
	echo 'of the host' >host/marker
	here=$PWD
	naive_program=$BATS_FILE_TMPDIR/naive
}

as_root() { [ "$(id -u)" -eq 0 ]; }

# tree DIR: a bundle's directory with a root file system of its own.
tree() { rootfs "$1/rootfs"; }

# naive_lines DIR: what the naive runtime reads of a bundle.
naive_lines() {
	jq -r -f "$SRT_TOP/tests/integration/lib/security_naive.jq" "$here/$1/config.json" >"$here/$1/naive.txt"
}

# naive DIR: the bundle, run by the naive runtime. What root mounts there stays in a namespace of its own.
naive() {
	local own=()
	! as_root || own=(unshare --mount)
	naive_lines "$1"
	timeout -k 1 10 "${own[@]}" "$naive_program" run "$here/$1"
}

host_now() { find host -printf '%p %y %m %l ' -exec sh -c 'test ! -f "$0" || cat "$0"; echo' {} \; | sort; }

# spares COMMAND…: it leaves ./host as it was, and ends with 0 or 1; harms COMMAND…: it does not, and ./host is made new.
spares() {
	local before status=0
	before=$(host_now)
	"$@" >out 2>err </dev/null 3>&- || status=$?
	[ "$status" -le 1 ] || { printf 'status %s\n' "$status"; cat out err; return 1; }
	diff <(echo "$before") <(host_now)
}
harms() {
	local before
	before=$(host_now)
	"$@" >out 2>err </dev/null 3>&- || true
	[ "$before" != "$(host_now)" ] || { echo "no harm done by: $*"; cat out err; return 1; }
	rm -rf host
	mkdir host
	echo 'of the host' >host/marker
}

# says TEXT COMMAND…, hides TEXT COMMAND…: whether its output holds that text.
says() {
	local text=$1
	shift
	"$@" >out 2>err </dev/null 3>&- || true
	grep -qF -- "$text" out || { echo "does not say $text: $*"; cat out err; return 1; }
}
hides() {
	local text=$1 status=0
	shift
	"$@" >out 2>err </dev/null 3>&- || status=$?
	[ "$status" -lt 124 ] || { echo "status $status: $*"; return 1; }
	without "$text" out || { cat err; return 1; }
}

# without TEXT FILE: it does not hold that text. (bats does not see a failing "! grep".)
without() {
	if grep -F -- "$1" "$2"; then
		return 1
	fi
}

# only_root, only_user: where an attack needs, or means, one kind of caller.
only_root() { as_root || skip 'needs the rights of root'; }
only_user() { ! as_root || skip 'is about an ordinary user'; }
