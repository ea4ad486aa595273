# SPDX-License-Identifier: Apache-2.0
# buildah.bats - buildah runs its steps under the runtime: from, run, bud, commit.
# Each test is a subshell of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/engine

setup_file() {
	a_machine && needs buildah || return 0
	image_oci "$BATS_FILE_TMPDIR/box.tar" box
	b pull -q "oci-archive:$BATS_FILE_TMPDIR/box.tar"
	b tag "$(b images -q | head -1)" localhost/box
}

teardown_file() { storage_gone buildah; }

setup() {
	! can_not || skip "$CAN_NOT"
	cd "$BATS_TEST_TMPDIR" || return
}
teardown() {
	! can_not || return 0
	b rm --all
	[ "$runtime" != srt-oci ] || [ "$(srt-oci list -q)" = '' ]
}

# b COMMAND…: buildah. BUILDAH_RUNTIME is how it is told the runtime (contrib/buildah); its isolation is the engine's
# own default, an OCI runtime, also for a user.
b() {
	local given
	given=$(sed -n 's/^export //p' "$SRT_TOP/contrib/buildah/srt-oci.sh")
	# A user without a machine of his own has not installed it.
	[ "$runtime" = srt-oci ] && [ "$(command -v srt-oci)" = "${given#*=}" ] || given="BUILDAH_RUNTIME=$(command -v "$runtime")"
	env BUILDAH_ISOLATION=oci "$given" timeout -k 1 60 buildah "$@" 3>&-
}
from() { b from --name "$1" --pull-never localhost/box >/dev/null; }
in_box() { b run --network none "$@"; }

@test "run passes on output, errors and status" {
	from w
	run -7 --separate-stderr in_box w -- sh -c 'echo out; echo err >&2; exit 7'
	[ "$output" = out ] && [[ $stderr == err* ]] || said
}

@test "run in a working container changes it" {
	from w
	in_box w -- sh -c 'echo made >/made'
	says made in_box w -- cat /made
}

@test "a program that is not there is said to be so" {
	from w
	run -127 --separate-stderr in_box w -- /nope || true
	[[ $stderr == *'no such file or directory'* || $stderr == *'not found'* ]] || said
}

@test "run with a terminal" {
	from w
	run --separate-stderr in_box -t w -- tty
	has /dev/pts/0
}

@test "run with a user, a directory, a volume, capabilities and a host name" {
	from w
	mkdir v
	echo note >v/note
	b config --workingdir /tmp --user guest --env X=y w
	says $'1234\n/tmp\ny' in_box w -- sh -c 'id -u; pwd; echo $X'
	says note in_box -v "$PWD/v:/v:ro" w -- cat /v/note
	says $'CapBnd:\t0000000000000000' in_box --cap-drop all w -- grep CapBnd /proc/self/status
	says named in_box --hostname named w -- hostname
}

@test "bud builds in steps, commit keeps them" {
	printf 'FROM localhost/box\nRUN echo one >/one\nRUN cat /one >/two && rm /one\nUSER guest\nRUN id -u >/tmp/id\n' >Containerfile
	b bud -q --network none --layers -t built .
	b from --name w --pull-never localhost/built
	says $'one\n1234' in_box w -- cat /two /tmp/id
	b config --user 0 w
	ends 1 'No such file' in_box w -- cat /one
	b commit -q w kept
	b from --name w2 --pull-never localhost/kept
	says one in_box w2 -- cat /two
}

@test "a step that fails fails the build" {
	printf 'FROM localhost/box\nRUN exit 5\n' >Containerfile
	run --separate-stderr b bud -q --network none -t built .
	[ "$status" -ne 0 ] && [[ $stderr == *'exit status 5'* ]] || said
}

@test "a secret and a mount are there for a step only" {
	echo hidden >s
	printf 'FROM localhost/box\nRUN --mount=type=secret,id=s cat /run/secrets/s >/seen\nRUN test ! -s /run/secrets/s\n' >Containerfile
	b bud -q --network none --secret id=s,src=s -t built .
	b from --name w --pull-never localhost/built
	says hidden in_box w -- cat /seen
}
