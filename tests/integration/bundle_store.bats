# SPDX-License-Identifier: Apache-2.0
# bundle_store.bats - the store: what it keeps, what it removes, and what a killed program leaves.

# Each test is a process of its own.
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0

# In memory: every build ends with a sync of its file system, which others may be writing to.
setup_file() {
	SRT_SHM=$(mktemp -d /dev/shm/srt-store.XXXXXX)
	export SRT_SHM
	cd "$SRT_SHM" || return
	mkdir tree tree/bin tree/lib
	for i in $(seq 60); do
		printf 'file %d\n' "$i" >"tree/lib/f$i"
	done
	head -c 3000000 /dev/urandom >tree/lib/big
	cp "$(command -v busybox)" tree/bin/busybox
	ln -s busybox tree/bin/sh
	: >tree/empty
	tar -cf a.tar -C tree .
	echo more >tree/lib/more
	tar -cf b.tar -C tree .
	tar -cf c.tar -C tree bin
	chmod -R a+rX .
}
teardown_file() { rm -rf "$SRT_SHM"; }

setup() {
	mkdir "$SRT_SHM/$BATS_TEST_NUMBER"
	cd "$SRT_SHM/$BATS_TEST_NUMBER" || return
	bundle=$SRT_BUILD/srt-oci-bundle
	export XDG_DATA_HOME=$PWD/data
	store=$PWD/data/srt-oci/store
	unset SRT_OCI_STORE
}

build() { "$bundle" build --arg=/bin/sh -q "$@"; }
run_name() { timeout -k 1 20 "$SRT_OCI" --root "$PWD/state" run "$@"; }

@test "the second bundle costs what it does not share" {
	build ../a.tar -o a
	first=$(du -sb "$store/objects" | cut -f1)
	"$bundle" build --arg=/bin/sh ../b.tar -o b --json >b.json
	second=$(du -sb "$store/objects" | cut -f1)
	[ $((second - first)) -lt $((first * 6 / 100)) ]
	jq -e '.bytesWritten == 5 and .bytesReused > 3000000' b.json
	# Files are there once, read-only, and named by their content.
	[ -z "$(find "$store/objects" -type f ! -perm 0444 ! -perm 0555)" ]
	"$bundle" fsck -q
}

@test "a bundle runs by its name and its id, however its files are kept" {
	for way in overlay hardlink copy; do
		export SRT_OCI_STORE=$way XDG_DATA_HOME=$PWD/data-$way
		if [ "$way" = overlay ]; then
			SRT_OCI_STORE='' build ../a.tar -o probe
			"$bundle" ls --json | jq -e '.[0].placing == "overlay"' || continue
		fi
		build ../a.tar --name=boxed -o box
		"$bundle" ls --json | jq -e --arg way $way 'any(.name == "box" and .placing == $way)'
		run run_name box <<<'cat /lib/f7; cat /empty; echo x >/x; test -x /bin/busybox && hostname'
		[ "${lines[0]}" = 'file 7' ]
		[[ ${lines[1]} == *Read-only* ]]
		[ "${lines[2]}" = boxed ]
		id=$("$bundle" digest box)
		for word in "${id#sha256:}" "$id" "$(cut -c8-20 <<<"$id")"; do
			run run_name "$word" <<<'echo ran; exit 3'
			[ "$output" = ran ]
			[ "$status" -eq 3 ]
		done
		"$bundle" verify box --full -q
		[ "$("$bundle" digest box)" = "$id" ]
	done
	[ "$(for d in data-*; do XDG_DATA_HOME=$PWD/$d "$bundle" digest box; done | sort -u | wc -l)" -eq 1 ]
	run run_name nosuchname
	[ "$status" -ne 0 ]
	[[ $output == *'no bundle is called "nosuchname"'* ]]
	# An id with a bundle named is an id.
	"$bundle" build ../a.tar --arg=/bin/sh -q -o ./plain
	(cd plain && run_name box <<<'echo here')
}

@test "names: taken, replaced, removed" {
	build ../a.tar -o one
	run -2 build ../b.tar -o one
	[[ $output == *'one is there already'* ]]
	build ../b.tar -o one --replace
	build ../b.tar --name=one -o two
	[ "$("$bundle" digest one)" = "$("$bundle" digest two)" ]
	"$bundle" rm one
	run -2 "$bundle" digest one
	"$bundle" verify two --full -q
	"$bundle" ls --json | jq -e 'length == 2 and any(.name == null)'
	"$bundle" prune --dry-run --json | jq -e '.bundles == 1 and .dryRun'
	"$bundle" prune --keep=1 --json | jq -e '.bundles == 0'
	"$bundle" prune --json | jq -e '.bundles == 1'
	"$bundle" verify two --full -q
	"$bundle" rm two
	"$bundle" prune --json | jq -e '.objects > 60 and .bytes > 3000000'
	[ -z "$(find "$store" -type f ! -name lock)" ]
	"$bundle" fsck --json | jq -e '.objects == 0 and .faults == []'
	for name in .. 'a b' -x .x ''; do
		run -2 "$bundle" build ../a.tar --arg=/x "--output=$name"
	done
}

@test "what runs is not removed, however its files are kept" {
	for way in overlay hardlink copy; do
		export SRT_OCI_STORE=$way XDG_DATA_HOME=$PWD/data-$way
		store=$XDG_DATA_HOME/srt-oci/store
		if [ $way = overlay ]; then
			build ../a.tar -o probe
			"$bundle" enter probe true || continue
			"$bundle" rm probe -q
		fi
		mkfifo in-$way out-$way
		build ../a.tar --name=$way -o runs
		build ../b.tar -o other
		id=$("$bundle" digest runs)
		run_name runs <in-$way >out-$way &
		exec 7>in-$way 8<out-$way
		echo 'echo ready; read line; cat /lib/f9; test -x /bin/busybox && cat /lib/f60' >&7
		read -r -t 15 said <&8
		[ "$said" = ready ]
		"$bundle" rm runs | grep -q 'the bundle runs'
		run -2 "$bundle" rm "${id#sha256:}"
		"$bundle" rm other -q
		"$bundle" prune --json | jq -e '.running == 1'
		"$bundle" verify "${id#sha256:}" --full -q
		echo go >&7
		exec 7>&-
		[ "$(cat <&8)" = "$(printf 'file 9\nfile 60')" ]
		exec 8<&-
		wait
		"$bundle" prune --json | jq -e '.running == 0 and .bundles == 1'
		[ -z "$(find "$store/objects" -type f)" ]
	done
}

@test "damage is found and told" {
	SRT_OCI_STORE=overlay build ../a.tar -o over
	SRT_OCI_STORE=hardlink build ../a.tar --name=other -o hard
	object=$(find "$store/objects" -type f -size +2M | head -1)
	chmod u+w "$object"
	printf X | dd of="$object" bs=1 seek=1000 conv=notrunc status=none
	chmod u-w "$object"
	"$bundle" verify over --quick -q
	run -1 "$bundle" verify over --full
	[[ $output == *'/lib/big: '* ]]
	run -1 "$bundle" verify hard --full
	[[ $output == *'/lib/big: other content'* ]]
	run -4 "$bundle" fsck
	[[ $output == *'has other content than its name says'* ]]
	rm "$object"
	run -1 "$bundle" verify over
	[[ $output == *'/lib/big: its object is damaged or missing'* ]]
	# A manifest or a config of another bundle is not this one's.
	id=$("$bundle" digest hard)
	echo >>"$store/bundles/${id#sha256:}/manifest"
	run -4 "$bundle" verify hard
	run -4 "$bundle" digest hard
}

@test "every change of a file is found, and its path named" {
	build ../a.tar -o ./dir
	run python3 "$SRT_TOP/tests/integration/lib/mutate.py" "$bundle" dir "$([ -n "${SRT_LONG-}" ] && echo 1000 || echo 40)"
	echo "$output"
	[ "$status" -eq 0 ]
}

# faulty CALL ERROR NAME [each]: the store that a build leaves behind one such call of which fails, for later and later ones, or
# for each. 127 is the dynamic loader's; libraries may go on without one of their files.
faulty() {
	local n status failures=0 each=$(($# > 3))
	for ((n = 1; n < 2000; n = (each ? n : n * 3 / 2) + 1)); do
		status=0
		strace -qq -o calls -e trace="$1" -e inject="$1:error=$2:when=$n" "$bundle" build ../a.tar --arg=/bin/sh -q -o "$3" 2>said || status=$?
		grep -q INJECTED calls || break
		[ "$status" -ne 0 ] || "$bundle" rm -q "$3"
		[[ $status -ne 0 && $status -ne 127 ]] || continue
		failures=$((failures + 1))
		echo "$1 $n: $status $(cat said)"
		[ "$status" -eq 5 ] || [ "$status" -eq 4 ]
		[ "$(wc -l <said)" -eq 1 ]
		run -2 "$bundle" digest "$3"
		"$bundle" fsck -q
		[ -z "$(ls "$store/tmp")" ]
	done
	echo "$1 $2: $failures failures"
	[ "$failures" -ge 2 ]
	"$bundle" verify "$3" --full -q
	"$bundle" rm -q "$3"
	"$bundle" prune -q
}

@test "a full disk and a read error: one line, fsck is clean, the next run succeeds" {
	export SRT_OCI_STORE=hardlink
	"$bundle" fsck -q
	faulty write ENOSPC full
	faulty read EIO unread each
	faulty linkat EDQUOT quota
	# A disk that is really full, and has room afterwards.
	unshare -rm true 2>/dev/null || skip "no user namespace may mount a tmpfs here"
	mkdir small
	# shellcheck disable=SC2016
	unshare -rm sh -ec 'mount -t tmpfs -o size=9m none small; export XDG_DATA_HOME=$PWD/small
		head -c 6000000 /dev/zero >small/ballast
		"$1" build ../a.tar --arg=/bin/sh -q -o box && exit 1
		"$1" fsck -q
		rm small/ballast
		"$1" build ../a.tar --arg=/bin/sh -q -o box
		"$1" verify box --full -q
		"$1" fsck -q' sh "$bundle"
}

@test "two builds at once into one store" {
	for i in 1 2 3 4; do
		build ../a.tar --name=same -o "n$i" &
		pids[i]=$!
	done
	for i in 1 2 3 4; do
		wait "${pids[i]}"
	done
	[ "$("$bundle" digest n1 n2 n3 n4 | cut -d' ' -f1 | sort -u | wc -l)" -eq 1 ]
	# And one that removes beside them.
	for i in 1 2 3; do
		build ../b.tar -o "m$i" &
		pids[i]=$!
		"$bundle" prune -q
	done
	for i in 1 2 3; do
		wait "${pids[i]}"
		"$bundle" verify "m$i" --full -q
	done
	"$bundle" fsck -q
}

# Calls that change names or content, in front of which it is killed; and those of prune, which opens as much as there are
# processes to look at.
CALLS=renameat,renameat2,mkdirat,linkat,symlinkat,unlinkat,fchmod,openat,write
CALLS_PRUNE=renameat,unlinkat,fchmod

# calls LIST COMMAND…: "NAME COUNT" for each of the list that it makes when nothing kills it: the COUNTth of that name.
calls() {
	strace -qq -o trace -e trace="$1" "${@:2}" >/dev/null 2>&1
	sed -n 's/^\([a-z0-9]*\)(.*/\1/p' trace | awk '{ print $1, ++seen[$1] }'
}
# killed_at NAME COUNT COMMAND…: before that call. strace counts each name by itself.
killed_at() {
	local name=$1 count=$2
	shift 2
	strace -qq -o /dev/null -e trace="$name" -e inject="$name:signal=KILL:when=$count" "$@" >/dev/null 2>&1
}

# store_begin COMMAND: a store with one bundle, and for prune another that nobody needs.
store_begin() {
	rm -rf data
	SRT_OCI_STORE=hardlink build ../c.tar -o base
	[ "$1" != prune ] || {
		SRT_OCI_STORE=hardlink build ../a.tar -o gone
		SRT_OCI_STORE=hardlink build ../c.tar -o gone --replace
	}
}

@test "killed anywhere: no half bundle, fsck is clean, the next run succeeds" {
	points=${SRT_LONG:+70}
	points=${points:-5}
	kills=0
	for command in build unpack prune; do
		list=$CALLS
		case $command in
		prune)
			set -- "$bundle" prune -q
			list=$CALLS_PRUNE
			;;
		*) set -- "$bundle" "$command" ../a.tar --arg=/bin/sh -q -o new ;;
		esac
		store_begin $command
		before=$("$bundle" digest base)
		mapfile -t calls < <(SRT_OCI_STORE=hardlink calls "$list" "$@")
		[ "${#calls[@]}" -gt 100 ]
		for ((i = 0; i < points; i++)); do
			store_begin $command
			read -r name count <<<"${calls[i * ${#calls[@]} / points]}"
			! (SRT_OCI_STORE=hardlink killed_at "$name" "$count" "$@") 2>/dev/null || {
				echo "$command was not killed at $name $count"
				false
			}
			kills=$((kills + 1))
			[ "$("$bundle" digest base)" = "$before" ]
			"$bundle" verify base --full -q
			# What can be seen is whole.
			"$bundle" ls --json >list
			for name in $(jq -r '.[] | .name // .id' list); do
				"$bundle" verify "$name" --full -q
			done
			"$bundle" fsck -q
			"$@" 2>/dev/null || { [ "$command" != prune ] && "$bundle" verify new --full -q; }
			"$bundle" fsck -q
			[ -z "$(ls "$store/tmp")" ]
		done
		echo "# $command: killed at $points of ${#calls[@]} calls" >&3
	done
	[ "$kills" -ge "$([ -n "${SRT_LONG-}" ] && echo 200 || echo 10)" ]
}

# slowly CALL MS COMMAND…: on a terminal, where each such call takes so long.
slowly() {
	local call=$1 ms=$2
	shift 2
	script -qec "strace -f -qq -o /dev/null -e trace=$call -e inject=$call:delay_enter=${ms}ms $(printf '%q ' "$@")" /dev/null </dev/null
}

# draws WHAT CALL MS COMMAND…: a bar (a number, where $bar is empty), again and again, and nothing of it is left.
draws() {
	local what=$1 said
	shift
	said=$(slowly "$@")
	echo "$what: $(tr '\r' '\n' <<<"$said" | tail -4)"
	[[ $said == *$'\r'"$what $bar"* ]]
	[[ $said == *$'\r\e[K'* ]]
	[ "$(tr '\r' '\n' <<<"$said" | grep -cF "$what $bar")" -ge 2 ]
	[ -z "$bar" ] || [[ $said == *' %  '* ]]
}

@test "what takes longer than a second draws a bar on a terminal, and says lines elsewhere" {
	command -v script || skip "util-linux has no script here"
	export SRT_OCI_STORE=copy bar=[
	printf '{"srtBundle":1,"name":"r","inputs":[{"id":"a","type":"tar","path":"../a.tar"}],"process":{"args":["/bin/sh"]}}' >r.json
	draws hashing pread64 20 "$bundle" lock r.json
	draws reading pread64 20 "$bundle" build r.json --locked -o made
	draws reading pread64 100 "$bundle" unpack ../a.tar --arg=/bin/sh -o ./dir
	draws verifying pread64 12 "$bundle" verify made --full
	draws packing pread64 20 "$bundle" pack made -t tar -o ./packed.tar
	draws checking pread64 15 "$bundle" fsck
	# How much a directory without a manifest holds is only known behind its end.
	rm dir/manifest
	bar=
	draws hashing pread64 12 "$bundle" digest ./dir
	# The long half: these read as digest does.
	[ -z "${SRT_LONG-}" ] || {
		draws hashing pread64 12 "$bundle" inspect ./dir
		draws hashing pread64 12 "$bundle" diff ./dir ./dir
	}
	bar=[
	run strace -f -qq -o /dev/null -e trace=pread64 -e inject=pread64:delay_enter=15ms "$bundle" verify made --full
	[[ $output == *'info: verifying: '*' of '*' MB'* ]]
	run strace -f -qq -o /dev/null -e trace=pread64 -e inject=pread64:delay_enter=15ms "$bundle" verify made --full -q
	[ -z "$output" ]
	"$bundle" rm made -q
	draws pruning unlinkat 25 "$bundle" prune
}

@test "every command has JSON, help, a manual, completion and the same exit statuses" {
	export SRT_OCI_STORE=copy
	printf '{"srtBundle":1,"name":"r","inputs":[{"id":"a","type":"tar","path":"../a.tar"}],"process":{"args":["/bin/sh"]}}' >r.json
	# COMMAND|ARGUMENTS that work|ARGUMENTS that do not|their status
	while IFS='|' read -r command good bad expected; do
		# shellcheck disable=SC2086
		"$bundle" "$command" $good --json >said.json
		jq -e . said.json >/dev/null
		run -0 "$bundle" "$command" --help
		[[ $output == "usage: srt-oci bundle $command "* ]]
		run -2 "$bundle" "$command" --no-such-option
		# shellcheck disable=SC2086
		run "$bundle" "$command" $bad
		echo "$command $bad: $output"
		# shellcheck disable=SC2154
		[ "$status" -eq "$expected" ]
		grep -q "^\.SS $command" "$SRT_TOP/docs/man/srt-oci-bundle.1"
		for file in srt-oci-bundle.bash _srt-oci-bundle srt-oci-bundle.fish; do
			grep -qw "$command" "$SRT_TOP/contrib/completion/$file"
		done
	done <<-'E'
		lock|r.json|none.json|5
		build|r.json -o one|r.json -o one|2
		unpack|../b.tar --arg=/bin/sh -o two|r.json -o three|2
		pack|one -o ./one.oci|one -o ./one.oci|2
		verify|one --full|one --digest=0000000000000000000000000000000000000000000000000000000000000000|4
		diff|one one|one two|1
		inspect|one|nosuch|2
		digest|one|nosuch|2
		ls||one|2
		rm|two|nosuch|2
		prune||one|2
		fsck||one|2
	E
}

@test "what is damaged keeps nothing else back, and its name can be taken away" {
	build ../a.tar -o good
	build ../b.tar -o bad
	chmod u+w "$store/bundles/$(cat "$store/refs/bad")/manifest"
	echo junk >>"$store/bundles/$(cat "$store/refs/bad")/manifest"
	echo zz >"$store/refs/none"
	ln -s /etc/passwd "$store/refs/link"
	mkfifo "$store/refs/fifo"
	echo zz >"$store/refs/"$'e\e[2J\nvil'
	run -4 timeout 10 "$bundle" ls
	[[ $output == *'good '* ]]
	[[ $output == *'bad: damaged: bundle '*': a line with too few fields'* ]]
	[[ $output == *'none: damaged: '* ]]
	[[ $output == *'e\033[2J\012vil: damaged: '* ]]
	[[ $output != *$'\e'* ]]
	"$bundle" ls --json >ls.json 2>err || [ $? -eq 4 ]
	jq -e '[.[] | select(.fault)] | length == 5' ls.json
	jq -e '.[] | select(.name == "good") | .files == 63' ls.json
	rm "$store/refs/"e*
	for name in bad none link fifo; do
		timeout 10 "$bundle" rm "$name"
	done
	timeout 10 "$bundle" ls
	"$bundle" prune -q
	"$bundle" fsck -q
	: >"$store/objects/junk"
	run -4 "$bundle" prune
	[[ $output == *'holds "junk", which is no directory'* ]]
}

@test "a store that others can write is not trusted" {
	build ../a.tar -o one
	chmod g+w "$store"
	run -3 "$bundle" ls
	[[ $output == *'can be written by others'* ]]
	chmod g-w "$store"
	for shelf in bundles objects refs tmp; do
		chmod o+w "$store/$shelf"
		run -3 "$bundle" ls
		[[ $output == *"/store/$shelf can be written by others"* ]]
		chmod o-w "$store/$shelf"
	done
	run -2 env -u HOME -u XDG_DATA_HOME "$bundle" ls
	SRT_OCI_STORE=tape run -2 build ../b.tar -o two
	[[ $output == *'"tape" is none of overlay, hardlink, copy'* ]]
}
