# SPDX-License-Identifier: Apache-2.0
# bundle.bats - srt-oci bundle: what it builds, and what hostile archives cannot do to it.

bats_require_minimum_version 1.5.0

setup() {
	# bats keeps what a program said in the directory above.
	mkdir "$BATS_TEST_TMPDIR/here"
	cd "$BATS_TEST_TMPDIR/here" || return
	bundle=$SRT_BUILD/srt-oci-bundle
	export XDG_CACHE_HOME=$TMPDIR/cache XDG_DATA_HOME=$BATS_TEST_TMPDIR/data
	mkdir work
	echo safe >canary
}

# archive FILE [MODE]: a tar archive made by the Python on standard input from these functions.
archive() {
	{
		cat <<'PY'
import io, sys, tarfile
out = tarfile.open(sys.argv[1], sys.argv[2], format=tarfile.PAX_FORMAT)
def add(name, kind, data=b'', mode=0o644, link='', **more):
    t = tarfile.TarInfo(name)
    t.type, t.mode, t.linkname, t.size = kind, mode, link, len(data)
    for k, v in more.items():
        setattr(t, k, v)
    out.addfile(t, io.BytesIO(data))
def f(name, data=b'x', mode=0o644, **more): add(name, tarfile.REGTYPE, data, mode, **more)
def d(name, mode=0o755): add(name, tarfile.DIRTYPE, mode=mode)
def l(name, to): add(name, tarfile.SYMTYPE, link=to)
def h(name, to): add(name, tarfile.LNKTYPE, link=to)
def c(name, kind=tarfile.CHRTYPE): add(name, kind, devmajor=1, devminor=3)
PY
		cat
		echo 'out.close()'
	} | python3 - "$1" "${2:-w}"
}

# deb FILE NAME=PATH…: an ar archive of those members.
deb() {
	python3 - "$@" <<'PY'
import sys
with open(sys.argv[1], 'wb') as out:
    out.write(b'!<arch>\n')
    for word in sys.argv[2:]:
        name, path = word.split('=')
        data = open(path, 'rb').read()
        out.write(b'%-16s%-12d%-6d%-6d%-8s%-10d`\n' % (name.encode(), 0, 0, 0, b'100644', len(data)))
        out.write(data + b'\n' * (len(data) % 2))
PY
}

build() { "$bundle" build "$@" --arg=/bin/true -o work/out; }

# refused STATUS PATTERN ARGUMENT…: it ends so with one line that fits, and nothing was left or touched.
refused() {
	local wanted=$1 pattern=$2 before after
	shift 2
	before=$(find . -printf '%p %m %s %l\n' | sort)
	run --separate-stderr build "$@"
	after=$(find . -printf '%p %m %s %l\n' | sort)
	# shellcheck disable=SC2154,SC2053
	if [ "$status" -ne "$wanted" ] || [ -n "$output" ] || [ "${#stderr_lines[@]}" -ne 1 ] ||
		[[ $stderr != $pattern ]] || [ "$before" != "$after" ]; then
		echo "status $status, stdout: $output, stderr: $stderr"
		diff <(echo "$before") <(echo "$after")
		return 1
	fi
	[ "$(cat canary)" = safe ]
}

@test "an archive becomes config.json and rootfs, alike from every compression" {
	archive a.tar <<<"d('etc'); f('etc/name', b'one\n'); f('bin/tool', b'#!', 0o700); l('bin/other', 'tool')
f('caf\u00e9', b'a name that is not ASCII')"
	gzip -k a.tar
	bzip2 -k a.tar
	xz -k a.tar
	zstd -q a.tar
	"$bundle" build a.tar --arg /bin/tool --arg x -o ./first
	[ "$(cat first/rootfs/etc/name)" = one ]
	[ "$(stat -c %a first first/rootfs first/rootfs/etc first/rootfs/bin/tool first/rootfs/etc/name | xargs)" = \
		'755 755 755 755 644' ]
	[ "$(readlink first/rootfs/bin/other)" = tool ]
	[ -e first/rootfs/café ]
	[ "$(find first -printf '%T@\n' | sort -u)" = 0.0000000000 ]
	jq -e '.root == {"path":"rootfs","readonly":true} and .process.args == ["/bin/tool","x"]
		and .hostname == "first"' first/config.json
	for kind in gz bz2 xz zst; do
		build "a.tar.$kind"
		diff -r --no-dereference first/rootfs work/out/rootfs
		rm -r work/out
	done
}

@test "umask, a set-group-id parent and the time change nothing" {
	archive a.tar <<<"d('d', 0o700); f('d/f', mode=0o4777); l('s', 'd')"
	list() { (cd "$1" && find . -printf '%p %y %m %T@ %l\n' | sort); }
	build a.tar --name x 2>/dev/null
	list work/out >wanted
	for mask in 000 077; do
		rm -r work/out
		chmod g+s work
		(umask "$mask" && build a.tar --name x 2>/dev/null)
		diff wanted <(list work/out)
	done
}

@test "a Debian package is read, and one with strange members refused" {
	archive data.tar <<<"f('./usr/bin/tool', mode=0o755)"
	archive control.tar <<<"f('./control', b'Package: x')"
	xz -k data.tar
	printf '2.0\n' >version
	printf '3.0\n' >other
	deb a.deb debian-binary=version control.tar=control.tar data.tar.xz=data.tar.xz
	build a.deb
	[ -x work/out/rootfs/usr/bin/tool ]
	[ ! -e work/out/rootfs/control ]
	rm -r work/out
	deb b.deb debian-binary=version control.tar=control.tar
	refused 4 '*b.deb: a package without data' b.deb
	deb b.deb debian-binary=version control.tar=control.tar data.tar=data.tar data.tar=data.tar
	refused 3 '*member "data.tar" has no place*' b.deb
	deb b.deb debian-binary=version control.tar=control.tar ../../canary=version data.tar=data.tar
	refused 3 '*member "../../canary" has no place*' b.deb
	deb b.deb control.tar=control.tar data.tar=data.tar
	refused 3 '*member "control.tar" has no place*' b.deb
	deb b.deb debian-binary=other control.tar=control.tar data.tar=data.tar
	refused 4 '*another version than 2' b.deb
	archive evil.tar <<<"f('../../../canary', b'hit')"
	deb b.deb debian-binary=version control.tar=control.tar data.tar=evil.tar
	refused 3 '*b.deb: entry "../../../canary": its name holds ".."' b.deb
	head -c 150 a.deb >b.deb
	refused 4 '*damaged*' b.deb
}

@test "no name with .. is taken, wherever it stands" {
	for name in ../canary ../../../../../../tmp/x a/../../canary a/.. .. ./../canary a/b/../c; do
		archive a.tar <<<"f('ok'); f('$name', b'hit')"
		refused 3 "*a.tar: entry \"$name\": its name holds \"..\"" a.tar
	done
}

@test "an absolute name counts from the bundle's root" {
	archive a.tar <<<"f('$PWD/canary', b'hit'); f('//etc//name')"
	build a.tar
	[ "$(cat canary)" = safe ]
	[ "$(cat "work/out/rootfs$PWD/canary")" = hit ]
	[ -e work/out/rootfs/etc/name ]
}

@test "a symlinked parent is followed inside the bundle only" {
	mkdir outside
	archive a.tar <<<"l('abs', '$PWD/outside'); f('abs/hit')
l('up', '../../../../../../../../../..$PWD/outside'); f('up/hit2')
d('deep/er'); l('deep/er/link', '../../../..$PWD/outside'); f('deep/er/link/hit3')"
	build a.tar
	[ -z "$(ls outside)" ]
	[ "$(cd "work/out/rootfs$PWD/outside" && echo *)" = 'hit hit2 hit3' ]
}

@test "symlinks in a circle end" {
	archive a.tar <<<"l('a', 'b'); l('b', 'a'); f('a/x')"
	refused 3 '*entry "a/x": more than 40 symlinks*' a.tar
	archive a.tar <<<"l('a', 'a/a/a/a/a/a'); f('a/x')"
	refused 3 '*entry "a/x": more than 40 symlinks*' a.tar
}

@test "a hard link reaches earlier files of the archive and nothing else" {
	archive a.tar <<<"f('one', b'1'); l('s', '$PWD/canary'); h('two', 'one'); h('three', 's')"
	build a.tar
	[ "$(cat work/out/rootfs/two)" = 1 ]
	[ "$(stat -c %h work/out/rootfs/two)" -eq 1 ]
	[ -L work/out/rootfs/three ]
	rm -r work/out
	for to in "$PWD/canary" ../canary ../../canary missing d; do
		archive a.tar <<<"d('d'); h('two', '$to')"
		refused 3 '*entry "two": a hard link to *' a.tar
	done
	archive a.tar <<<"l('s', '$PWD/canary'); h('t', 's'); f('t', b'hit')"
	build a.tar
	[ "$(cat canary)" = safe ]
	[ ! -L work/out/rootfs/t ]
}

@test "a directory that holds something is not replaced" {
	for what in "l('d', '$PWD')" "f('d')"; do
		archive a.tar <<<"d('d'); f('d/x'); $what; f('d/canary', b'hit')"
		refused 3 '*entry "d": a * would replace a directory that is not empty' a.tar
	done
	archive a.tar <<<"f('d'); f('d/x')"
	refused 3 '*entry "d/x": its parent "d" is a file' a.tar
	archive a.tar <<<"l('.', '$PWD')"
	refused 3 '*in the place of the root' a.tar
	archive a.tar <<<"d('d'); l('d', '$PWD'); f('d/canary', b'hit')"
	build a.tar
	[ "$(cat canary)" = safe ]
}

@test "devices, fifos and set-id bits are left out with a note, or refused" {
	archive a.tar <<<"c('dev/null'); c('b', tarfile.BLKTYPE); c('p', tarfile.FIFOTYPE); f('su', mode=0o6755)"
	run --separate-stderr build a.tar --json
	[ "$status" -eq 0 ]
	[ "$(jq -c '[.specialDropped, .setidCleared, .files]' <<<"$output")" = '[3,1,1]' ]
	[ "${#stderr_lines[@]}" -eq 4 ]
	[ -z "$(find work/out/rootfs ! -type f ! -type d ! -type l)" ]
	[ "$(stat -c %a work/out/rootfs/su)" = 755 ]
	rm -r work/out
	refused 3 '*entry "dev/null": a device*' --devices=refuse a.tar
	refused 3 '*entry "su": set-user-id*' --setid=refuse -q a.tar
}

@test "bombs are refused while they unpack, soon" {
	SECONDS=0
	head -c 314572800 /dev/zero >zeros
	archive a.tar.gz w:gz <<<"out.add('zeros', 'bomb')"
	rm zeros
	started=$SECONDS
	refused 3 '*entry "bomb": unpacks to more than 200 times its size (--max-ratio)' a.tar.gz
	refused 3 '*entry "bomb": a file of more than 1048576 bytes (--max-file)' --max-file=1M a.tar.gz
	# A sparse file that says it has a terabyte.
	archive a.tar <<<"f('sparse', b'0\n'.ljust(512, b'\0'), pax_headers={'GNU.sparse.major': '1', 'GNU.sparse.minor': '0',
'GNU.sparse.name': 'sparse', 'GNU.sparse.realsize': str(1 << 40)})"
	refused 3 '*a file of more than 2147483648 bytes (--max-file)' a.tar
	archive a.tar <<<"f('sparse', b'0\n'.ljust(512, b'\0'), pax_headers={'GNU.sparse.major': '1', 'GNU.sparse.minor': '0',
'GNU.sparse.name': 'sparse', 'GNU.sparse.realsize': str(1 << 30)})"
	refused 3 '*more than 200 times its size*' a.tar
	[ $((SECONDS - started)) -lt 10 ]
}

@test "every bound has a flag and holds" {
	archive a.tar <<<"
for i in range(20): f('f%d' % i, b'12345')
f('a/b/c/d/e/long-name')
l('s', 'x' * 200)"
	refused 3 '*more than 10 entries (--max-entries)' --max-entries=10 a.tar
	refused 3 '*more than 50 bytes in all (--max-total)' --max-total=50 a.tar
	refused 3 '*deeper than 3 directories (--max-depth)' --max-depth=3 a.tar
	refused 3 '*10 is the most (--max-path)' --max-path=10 a.tar
	refused 3 '*more than 100 bytes (--max-link)' --max-link=100 a.tar
	refused 3 '*the archive has more than 1024 bytes (--max-input)' --max-input=1K a.tar
	refused 2 '*limit total: 0 is not between*' --max-total=0 a.tar
	refused 2 '*limit total: "1X" is not a number' --max-total=1X a.tar
	archive a.tar <<<"f('/'.join(['d'] * 200))"
	refused 3 '*deeper than 128 directories*' a.tar
	archive a.tar <<<"f('n' * 256)"
	refused 3 '*a name of 256 bytes; 255 is the most' a.tar
	archive a.tar <<<"f('/'.join(['d' * 200] * 21))"
	refused 3 '*4095 is the most (--max-path)' a.tar
}

@test "every bound lets its own number pass, and not one more" {
	archive a.tar <<<"for i in range(10): f('f%d' % i, b'1234567890')"
	archive p.tar <<<"f('abc/defg')"
	archive l.tar <<<"l('l', 't' * 50)"
	archive h.tar <<<"f('h', pax_headers={'comment': 'c' * 3000})"
	archive x.tar <<<"f('x', pax_headers={'SCHILY.xattr.user.a': 'v' * 100})"
	while read -r bound of at; do
		build "$of.tar" "--max-$bound=$at" -q
		rm -r work/out
		refused 3 "* (--max-$bound)" "--max-$bound=$((at - 1))" "$of.tar"
	done <<E
total a 100
file a 10
entries a 10
input a $(stat -c %s a.tar)
path p 9
depth p 2
link l 50
header h 4096
xattrs x 111
E
	# Those that are what they are.
	archive c.tar <<<"f('n' * 255)"
	build c.tar -q
	rm -r work/out
	tar -c a.tar | zstd -q --long=27 >w.zst
	build w.zst -q
	rm -r work/out
	tar -c a.tar | zstd -q --long=28 >w.zst
	refused 4 '*too much memory*' w.zst
	deep() { printf '{"srtBundle":1,"name":"x","process":{"args":%s%s}}' "$(printf '[%.0s' $(seq "$1"))" "$(printf ']%.0s' $(seq "$1"))"; }
	recipe 2 '*/process/args/0: expected a string*' <<<"$(deep 30)"
	recipe 3 '*nested too deep' <<<"$(deep 31)"
	recipe 2 '*/limits/path: more than 4095' <<<'{"srtBundle":1,"name":"x","limits":{"path":4096}}'
	big() { printf '{"srtBundle":1,"name":"x","steps":[],"nosuch":"%s"}' "$(head -c "$1" /dev/zero | tr '\0' x)"; }
	recipe 2 '*unknown key "nosuch"*' < <(big 4194255)
	recipe 3 '*larger than 4194304 bytes' < <(big 4194256)
}

@test "damage is told from other input" {
	archive a.tar <<<"f('x', bytes(range(256)) * 400)"
	gzip -k a.tar
	head -c 300 a.tar.gz >cut.gz
	refused 4 '*cut.gz: *damaged*' cut.gz
	head -c 5000 a.tar >cut.tar
	refused 4 '*damaged*' cut.tar
	head -c 5000 /dev/urandom >noise
	printf x | dd of=noise conv=notrunc status=none
	refused 4 '*noise: damaged, or no archive that can be read*' noise
	: >empty
	refused 2 '*empty: the archive is empty' empty
	refused 2 '*work is no file' work
	refused 5 '*open missing: No such file or directory' missing
	mkfifo pipe
	refused 2 '*pipe is no file' pipe
}

@test "within an archive the later entry wins, between archives a difference is refused" {
	archive a.tar <<<"f('x', b'1'); f('x', b'2'); f('same'); d('d')"
	archive b.tar <<<"f('same'); d('d')"
	archive c.tar <<<"f('x', b'3')"
	build a.tar b.tar
	[ "$(cat work/out/rootfs/x)" = 2 ]
	rm -r work/out
	refused 2 '*entry "/x": differs from the file that an earlier input has there' a.tar c.tar
	build --override a.tar c.tar
	[ "$(cat work/out/rootfs/x)" = 3 ]
}

@test "a destination that is there is left alone" {
	archive a.tar <<<"f('x')"
	mkdir work/out
	refused 2 '*work/out is there already' a.tar
	rmdir work/out
	ln -s ../outside work/out
	refused 2 '*work/out is there already' a.tar
	rm work/out
	run "$bundle" build a.tar -o missing/out
	[ "$status" -eq 5 ]
	run "$bundle" build a.tar -o ..
	[ "$status" -eq 2 ]
}

@test "a signal in the middle leaves nothing" {
	archive a.tar <<<"t = tarfile.TarInfo('zeros'); t.size = 1900 << 20; out.fileobj.write(t.tobuf())"
	truncate -s 1901M a.tar
	"$bundle" build a.tar --arg=/bin/true -o work/out &
	pid=$!
	for _ in $(seq 100); do
		[ -z "$(ls -A work)" ] || break
		sleep 0.02
	done
	[ -n "$(ls -A work)" ]
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 5 ]
	[ -z "$(ls -A work)" ]
}

@test "a name cannot forge lines of the log" {
	archive a.tar <<<"f('a\nsrt-oci bundle: fine\x1b[2J/../x')"
	refused 3 '*entry "a\\u000asrt-oci bundle: fine\\u001b\[2J/../x": its name holds ".."' a.tar
	# Nor the names of files and of what others wrote.
	run -5 "$bundle" build $'no\nsuch\e[2J' -o ./x
	[ "$output" = 'srt-oci bundle: open no such?[2J: No such file or directory' ]
	archive b.tar <<<"f('f')"
	out=$'out\e[2J'
	"$bundle" build b.tar --arg=/f -o "./$out" >said
	jq -c '.name = "a\u001b[2J" | .inputs[0].name = "b\u001b[2J\n"' "$out/bundle.json" >bundle.json
	cat bundle.json >"$out/bundle.json"
	for way in verify 'digest .' inspect 'inspect --files' 'inspect --tree' 'diff .'; do
		# shellcheck disable=SC2086
		(cd "$out" && "$bundle" $way "../$out") >>said 2>&1 || [ $? -eq 1 ]
	done
	grep -q '033\[2J' said
	run -1 grep -q $'\e' said
}

recipe() {
	cat >r.json
	refused "$@" r.json
}

@test "a recipe is checked before anything is done" {
	recipe 2 '*unknown key "stepz"*' <<<'{"srtBundle":1,"name":"x","stepz":[]}'
	recipe 2 '*/srtBundle: version 2*' <<<'{"srtBundle":2,"name":"x"}'
	recipe 2 '*/name: "a b": a name has*' <<<'{"srtBundle":1,"name":"a b"}'
	recipe 2 '*/steps/0: unknown op "chown"' <<<'{"srtBundle":1,"name":"x","steps":[{"op":"chown"}]}'
	recipe 2 '*/steps/0: op mkdir needs "path"' <<<'{"srtBundle":1,"name":"x","steps":[{"op":"mkdir"}]}'
	recipe 2 '*/steps/0: op usrmerge has no "path"' <<<'{"srtBundle":1,"name":"x","steps":[{"op":"usrmerge","path":"/x"}]}'
	recipe 2 '*/steps/0: no input "y"' <<<'{"srtBundle":1,"name":"x","steps":[{"op":"extract","from":"y"}]}'
	recipe 2 '*/inputs/0: "-x" is no name of a package' <<<'{"srtBundle":1,"name":"x","inputs":[{"id":"a","type":"deb","packages":["-x"]}]}'
	recipe 2 '*/inputs/0/type*' <<<'{"srtBundle":1,"name":"x","inputs":[{"id":"a","type":"rpm","path":"x"}]}'
	recipe 2 '*/inputs/1: a second input "a"' <<<'{"srtBundle":1,"name":"x","inputs":[{"id":"a","type":"tar","path":"x"},{"id":"a","type":"tar","path":"x"}]}'
	recipe 2 '*/normalize/owner*' <<<'{"srtBundle":1,"name":"x","normalize":{"owner":"me"}}'
	recipe 2 '*/platform*' <<<'{"srtBundle":1,"name":"x","platform":"linux/vax"}'
	recipe 2 '*r.json:*' <<<'{"srtBundle":1,'
}

@test "steps do what they say" {
	mkdir sub
	archive sub/a.tar <<<"f('bin/tool'); f('usr/bin/other'); l('lib/up', '../etc/x'); f('etc/x')
f('doc/a'); f('doc/keep'); f('c/2', b'two\n'); f('c/1', b'one\n')"
	sum=$(sha256sum sub/a.tar | cut -d' ' -f1)
	cat >sub/r.json <<-E
		{"srtBundle":1,"name":"steps","inputs":[{"id":"a","type":"tar","path":"a.tar","sha256":"$sum"}],
		 "steps":[{"op":"extract","from":"a","exclude":["/doc/a"]},{"op":"usrmerge"},
		  {"op":"mkdir","path":"/m","mode":"0700"},{"op":"file","path":"/etc/t","text":"text"},
		  {"op":"symlink","path":"/s","target":"etc/t"},{"op":"remove","paths":["/doc/**"]},
		  {"op":"concat","from":"/c/*","to":"/all"},{"op":"chmod","paths":["/etc/x"],"mode":"0600"}],
		 "process":{"args":["/bin/tool"],"env":["HOME=/home"],"cwd":"/m"}}
	E
	"$bundle" build sub/r.json -o ./out
	cd out/rootfs
	[ "$(readlink bin lib s | xargs)" = 'usr/bin usr/lib etc/t' ]
	[ -e usr/bin/tool ]
	[ -e usr/bin/other ]
	[ "$(readlink usr/lib/up)" = /etc/x ]
	[ "$(stat -c %a m etc/x | xargs)" = '700 600' ]
	[ "$(cat s)" = text ]
	[ -z "$(ls doc)" ]
	[ "$(cat all)" = "$(printf 'one\ntwo')" ]
	jq -e '.process.cwd == "/m" and ([.process.env[] | select(startswith("HOME="))] == ["HOME=/home"])
		and .hostname == "steps"' ../config.json
	cd ../..
	sed -i "s/$sum/${sum//[0-9]/0}/" sub/r.json
	refused 4 '*has the SHA-256 *' sub/r.json
}

@test "keep-closure keeps what a program loads and no more" {
	true=$(type -P true)
	tar -chf a.tar "$true" /etc/debian_version "$(ldd "$true" | grep -o '/[^ ]*ld-linux[^ ]*')" \
		"$(ldd "$true" | grep -o '/[^ ]*libc\.so\.6')" 2>/dev/null
	cat >r.json <<-E
		{"srtBundle":1,"name":"x","inputs":[{"id":"a","type":"tar","path":"a.tar"}],
		 "steps":[{"op":"extract","from":"a"},{"op":"usrmerge"},
		  {"op":"keep-closure","roots":["$true"],"plus":["/lib*"]}],"process":{"args":["$true"]}}
	E
	build r.json
	[ "$(find work/out/rootfs -type f -printf '%f\n' | sort | xargs)" = \
		"$(printf '%s\n' "$(basename "$(ldd "$true" | grep -o '/[^ ]*ld-linux[^ ]*')")" libc.so.6 true | sort | xargs)" ]
	rm -r work/out
	sed -i 's|"from":"a"|"from":"a","exclude":["/**/libc.so.6"]|' r.json
	refused 2 '*needs the library "libc.so.6", which no input has' r.json
	# A file that says one long name over and over.
	python3 - >endless <<-'PY'
		import struct, sys
		table = 64 + 2 * 56
		dynamic = struct.pack('<4Q', 5, table + 16 * 203, 10, 4001) + struct.pack('<2Q', 1, 0) * 200 + bytes(16)
		size = table + len(dynamic) + 4001
		head = b'\x7fELF\2\1\1' + bytes(9) + struct.pack('<2HI3QI6H', 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
		part = lambda kind, at, n: struct.pack('<2I6Q', kind, 4, at, at, at, n, n, 8)
		sys.stdout.buffer.write(head + part(1, 0, size) + part(2, table, len(dynamic)) + dynamic + b'n' * 4000 + b'\0')
	PY
	tar -cf a.tar endless
	sed -i "s|\"roots\":.*|\"roots\":[\"/endless\"]}]}|" r.json
	refused 4 '*entry "/endless": damaged ELF file: its names are endless' r.json
}

@test "an index without packages, and a package that is not the promised one" {
	mkdir -p lists/partial
	echo "Dir::State::lists \"$PWD/lists\";" >apt.conf
	APT_CONFIG=$PWD/apt.conf refused 2 '*Unable to locate package busybox-static; *run apt-get update' busybox
	mkdir fake
	cat >fake/apt-cache <<-'E'
		#!/bin/sh
		PATH=/usr/bin:/bin apt-cache "$@" | sed 's/^SHA256: ..../SHA256: 0000/'
	E
	chmod +x fake/apt-cache
	PATH=$PWD/fake:$PATH run build -q busybox
	[ "$status" -eq 4 ]
	[[ $output == *'busybox-static '*'has not the SHA-256'* ]]
	[ -z "$(ls -A work)" ]
}

@test "the busybox recipe runs; a damaged cache is fetched anew" {
	"$bundle" build busybox -q -o ./bb
	for file in "$XDG_CACHE_HOME"/srt-oci/deb/*.deb; do
		printf x | dd of="$file" conv=notrunc status=none
	done
	"$bundle" build busybox -q -o ./bb2
	diff -r --no-dereference bb bb2
	run "$SRT_OCI" --root "$PWD/state" run ./bb <<<'id -u; echo x >/x; exit 7'
	[ "$status" -eq 7 ]
	[ "${lines[0]}" = 0 ]
	[[ ${lines[1]} == *Read-only* ]]
}

# peer COMMAND…: another runtime, which a hybrid cgroup mount would stop.
peer() {
	if [ "$(id -u)" -eq 0 ]; then
		# shellcheck disable=SC2016
		unshare --mount sh -c 'umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec "$@"' sh "$@"
	else
		"$@"
	fi
}

@test "the python3 recipe runs unchanged under srt-oci, crun and runc" {
	"$bundle" build python3 -q -o ./py
	cat >job.py <<-'E'
		import ssl, sqlite3, ctypes, json, asyncio, decimal, multiprocessing, os
		import bz2, lzma, zlib, readline, curses, uuid, hashlib, zoneinfo, xml.parsers.expat
		assert ssl.create_default_context().cert_store_stats()['x509_ca'] > 50
		assert sqlite3.connect(':memory:').execute('select 6 * 7').fetchone() == (42,)
		assert ctypes.CDLL(None).getpid() == os.getpid()
		assert asyncio.run(asyncio.sleep(0, 5)) == 5
		assert multiprocessing.Pool(2).map(abs, [-1]) == [1]
		assert zoneinfo.ZoneInfo('Europe/Berlin')
		try:
		    open('/x', 'w')
		except OSError as e:
		    print(os.getuid(), e.strerror)
	E
	run "$SRT_OCI" --root "$PWD/state" run ./py <job.py
	[ "$output" = '0 Read-only file system' ]
	for runtime in crun runc; do
		run peer "$runtime" --root "$PWD/$runtime" run -b ./py "t$$$runtime" <job.py
		[ "$output" = '0 Read-only file system' ]
	done
	[ -z "$(find py -name __pycache__)" ]
}

@test "the config is a valid one for this caller, or for the one named" {
	archive a.tar <<<"f('bin/sh', mode=0o755)"
	"$bundle" build a.tar -q -o work/out
	jq -e --argjson uid "$(id -u)" '.linux.uidMappings == [{containerID:0,hostID:$uid,size:1}]
		and .process.args == ["/bin/sh"] and .process.noNewPrivileges
		and ([.process.capabilities[][]] == [])' work/out/config.json
	"$bundle" build a.tar -q --map=5:6 -o work/two
	jq -e '[.linux.uidMappings[].hostID, .linux.gidMappings[].hostID] == [5, 6]' work/two/config.json
	"$SRT_OCI" check work/out
}

@test "options: help, manual, mistakes" {
	"$bundle" --man | diff "$SRT_TOP/docs/man/srt-oci-bundle.1" -
	for shell in bash zsh fish; do
		file=srt-oci-bundle.$shell
		[ $shell != zsh ] || file=_srt-oci-bundle
		"$bundle" --completion=$shell | diff "$SRT_TOP/contrib/completion/$file" -
	done
	run -2 "$bundle" --completion=ksh
	# Every command has a help of its own, and what it does not take is refused.
	for command in build unpack lock pack verify diff inspect digest ls rm prune fsck enter; do
		run -0 "$bundle" $command --help
		[[ $output == "usage: srt-oci bundle $command "* ]]
		run -2 "$bundle" $command --no-such-option
	done
	run -2 "$bundle" ls --check
	run "$bundle" build --help
	[ "$status" -eq 0 ]
	# The manual writes a minus as \-.
	flags=$(sed -n '/^\.SS build/,/^\.SS unpack/{s/\\-/-/g; s/^\.B .*\(--[a-z-]*\).*/\1/p}' "$SRT_TOP/docs/man/srt-oci-bundle.1")
	[ "$(wc -w <<<"$flags")" -gt 15 ]
	for flag in $flags; do
		case $flag in --version | --man) continue ;; esac
		[[ $output == *"$flag"* ]]
	done
	run "$bundle" --version
	[[ $output =~ ^srt-oci-bundle\ [0-9] ]]
	refused 2 '*unknown option --overide, did you mean --override' --overide x
	refused 2 '*--json takes no value' --json=x x
	refused 2 '*build needs *'
	run "$bundle" build busybox
	[ "$status" -eq 2 ]
	run "$bundle"
	[ "$status" -eq 2 ]
	run "$bundle" build x -o
	[ "$status" -eq 2 ]
	run sh -c "'$bundle' --help >/dev/full"
	[ "$status" -eq 5 ]
}
