# SPDX-License-Identifier: Apache-2.0
# bundle_recipe.bats - ops that make something, locks, and the recipes that lie in the program.

bats_require_minimum_version 1.5.0

setup_file() {
	SRT_SHM=$(mktemp -d /dev/shm/srt-recipe.XXXXXX)
	export SRT_SHM
	cd "$SRT_SHM" || return
	mkdir -p tree/bin tree/lib/py/sub
	cp "$(command -v busybox)" tree/bin/busybox
	ln -s busybox tree/bin/sh
	for f in a b sub/c; do
		printf 'print("%s")\n' "$f" >"tree/lib/py/$f.py"
	done
	printf 'so' >tree/lib/py/native.so
	tar -cf a.tar -C tree .
	chmod -R a+rX .
}
teardown_file() { rm -rf "$SRT_SHM"; }

setup() {
	mkdir "$SRT_SHM/$BATS_TEST_NUMBER"
	cd "$SRT_SHM/$BATS_TEST_NUMBER" || return
	bundle=$SRT_BUILD/srt-oci-bundle
	export XDG_DATA_HOME=$PWD/data XDG_CACHE_HOME=$TMPDIR/cache
	cp ../a.tar .
}

# recipe STEPS: r.json extracts a.tar and does them.
recipe() {
	printf '{"srtBundle":1,"name":"r","inputs":[{"id":"a","type":"tar","path":"a.tar"}],"steps":[{"op":"extract","from":"a"},%s],
		"process":{"args":["/bin/sh"]}}' "$1" >r.json
}
run_dir() { timeout -k 1 20 "$SRT_OCI" --root "$PWD/state" run "$@"; }

@test "exec runs only where it is allowed, and changes only what it may" {
	recipe '{"op":"exec","argv":["/bin/sh","-c","mkdir -p /var/made; echo made >/var/made/file; chmod 711 /var/made/file; ln -s file /var/made/link"],
		"writes":["/var/**"]}'
	run -2 "$bundle" build r.json -o ./out
	[[ $output == *'/steps/1: step exec: runs "/bin/sh"; allow it with --allow-exec' ]]
	"$bundle" build r.json -q --allow-exec --check -o ./out
	[ "$(cat out/rootfs/var/made/link)" = made ]
	[ "$(stat -c %a out/rootfs/var/made/file)" = 755 ]
	[ "$(find out/rootfs -printf '%T@\n' | sort -u)" = 0.0000000000 ]
	recipe '{"op":"exec","argv":["/bin/sh","-c","echo x >/lib/py/a.py"],"writes":["/var/**"]}'
	run -2 "$bundle" build r.json --allow-exec -o ./two
	[[ $output == *'it changed "/lib/py/a.py", which "writes" does not name' ]]
	recipe '{"op":"exec","argv":["/bin/busybox","rm","/lib/py/b.py"],"writes":["/var/**"]}'
	run -2 "$bundle" build r.json --allow-exec -o ./two
	[[ $output == *'it removed "/lib/py/b.py", which "writes" does not name' ]]
	recipe '{"op":"exec","argv":["/bin/busybox","rm","/lib/py/b.py"],"writes":["/lib/py/**"]}'
	"$bundle" build r.json --allow-exec -q -o ./two
	[ ! -e two/rootfs/lib/py/b.py ]
	recipe '{"op":"exec","argv":["/bin/sh","-c","echo no such thing >&2; exit 9"],"writes":["/var/**"]}'
	run -2 "$bundle" build r.json --allow-exec -o ./three
	[[ $output == *'ended with status 9: "no such thing"' ]]
	# What it sees of the machine: no network, nobody's environment, no file of the host.
	recipe '{"op":"exec","argv":["/bin/sh","-c","/bin/busybox env | /bin/busybox sort >/var/env; /bin/busybox ip -o addr | /bin/busybox grep -vc \" lo \" >/var/net; test ! -e /etc/hostname"],"writes":["/var/**"]}'
	sed -i 's|"steps":\[|"steps":[{"op":"mkdir","path":"/var"},|' r.json
	SECRET=1 "$bundle" build r.json --allow-exec -q -o ./four
	[ "$(cat four/rootfs/var/net)" = 0 ]
	run ! grep -q SECRET four/rootfs/var/env
	grep -qx PYTHONHASHSEED=0 four/rootfs/var/env
	[ -z "$(find . -name '.*.tmp-*')" ]
}

@test "zip-stdlib packs a library that an interpreter reads" {
	recipe '{"op":"zip-stdlib","from":"/lib/py","to":"/lib/py.zip","include":["/lib/py/**.py"]}'
	"$bundle" build r.json -q --check -o ./out
	[ "$(cd out/rootfs/lib && find . -type f | sort | xargs)" = './py.zip ./py/native.so' ]
	python3 - <<-'PY'
		import sys, zipfile
		z = zipfile.ZipFile('out/rootfs/lib/py.zip')
		assert z.namelist() == ['a.py', 'b.py', 'sub/c.py'], z.namelist()
		assert z.testzip() is None
		sys.path.insert(0, 'out/rootfs/lib/py.zip')
		import a
	PY
	# It is an archive that we read ourselves.
	"$bundle" build out/rootfs/lib/py.zip --arg=/x -q -o ./back
	cmp back/rootfs/sub/c.py ../tree/lib/py/sub/c.py
	recipe '{"op":"zip-stdlib","from":"/nothing","to":"/x.zip"}'
	run -2 "$bundle" build r.json -o ./two
}

@test "ldcache is what the dynamic loader finds libraries by" {
	mkdir -p lib/usr/lib/deep lib/lib lib/lib64
	true=$(type -P true)
	cp "$(ldd "$true" | grep -o '/[^ ]*libc\.so\.6')" lib/usr/lib/
	cp "$(ldd "$true" | grep -o '/[^ ]*ld-linux[^ ]*')" lib/lib64/
	cp "$true" lib/
	tar -cf a.tar -C lib .
	recipe '{"op":"ldcache"}'
	"$bundle" build r.json --arg=/true -q --check -o ./out
	run -0 /sbin/ldconfig -C out/rootfs/etc/ld.so.cache -p
	[[ $output == *'libc.so.6 (libc6,x86-64) => /usr/lib/libc.so.6'* ]] || [[ $(uname -m) != x86_64 ]]
	run_dir ./out
}

@test "copy, and xattrs that a recipe lists" {
	recipe '{"op":"copy","from":"/lib/py","to":"/opt/py"}'
	"$bundle" build r.json -q -o ./out
	diff -r out/rootfs/lib/py out/rootfs/opt/py
	recipe '{"op":"copy","from":"/lib","to":"/lib/py/again"}'
	run -2 "$bundle" build r.json -o ./two
	python3 - <<-'PY'
		import io, tarfile
		with tarfile.open('a.tar', 'w', format=tarfile.PAX_FORMAT) as t:
		    i = tarfile.TarInfo('f')
		    i.pax_headers = {'SCHILY.xattr.user.app.key': 'value', 'SCHILY.xattr.user.other': 'x',
		                     'SCHILY.xattr.user.overlay.redirect': '/etc'}
		    t.addfile(i, io.BytesIO())
	PY
	sed 's|"process"|"normalize":{"xattrs":["user.app.*"]},"process"|' r.json | sed 's|,{"op":"copy"[^}]*}||' >x.json
	if ! python3 -c 'import os; os.setxattr("'"$BATS_TEST_TMPDIR"'", "user.probe", b"")' 2>/dev/null; then
		skip "no user attributes on this file system"
	fi
	"$bundle" build x.json -q -o "$BATS_TEST_TMPDIR/kept"
	cd "$BATS_TEST_TMPDIR"
	python3 -c 'import os; assert os.listxattr("kept/rootfs/f") == ["user.app.key"]'
	grep -q '/f \[user.app.key=76616c7565\]$' kept/manifest
	"$bundle" verify ./kept --full -q
	"$bundle" pack ./kept -t tar -q -o ./kept.tar
	python3 -c 'import tarfile; print(tarfile.open("kept.tar").getmember("f").pax_headers)' | grep -q 'SCHILY.xattr.user.app.key.*value'
	python3 -c 'import os; os.setxattr("kept/rootfs/f", "user.app.key", b"other")'
	run -1 "$bundle" verify ./kept
	[[ $output == *'/f: another attribute'* ]]
}

@test "owners are root, or what an archive records where a recipe asks" {
	python3 - <<-'PY'
		import io, tarfile
		with tarfile.open('a.tar', 'w', format=tarfile.PAX_FORMAT) as t:
		    def add(name, kind, uid, gid, data=b'', **more):
		        i = tarfile.TarInfo(name)
		        i.type, i.uid, i.gid, i.size, i.mode = kind, uid, gid, len(data), 0o755
		        for k, v in more.items():
		            setattr(i, k, v)
		        t.addfile(i, io.BytesIO(data))
		    add('home', tarfile.DIRTYPE, 1000, 100)
		    add('home/f', tarfile.REGTYPE, 1000, 4000000000, b'x')
		    add('home/l', tarfile.SYMTYPE, 7, 8, linkname='f')
		    add('home/h', tarfile.LNKTYPE, 1, 1, linkname='home/f')
		    add('root', tarfile.REGTYPE, 0, 0, b'y')
	PY
	recipe '{"op":"copy","from":"/home","to":"/again"},{"op":"file","path":"/made","text":""}'
	"$bundle" build r.json -q -o ./of-root
	run ! grep -qE '^. [0-7]* ([1-9]|0 [1-9])' of-root/manifest
	sed 's|"process"|"normalize":{"owner":"recorded"},"process"|' r.json >o.json
	"$bundle" build o.json -q --check -o ./kept
	grep -q '^d 0755 1000 100 0 - - /home$' kept/manifest
	grep -q '^f 0755 1000 4000000000 1 [0-9a-f]* - /home/f$' kept/manifest
	grep -q '^f 0755 1000 4000000000 1 [0-9a-f]* - /home/h$' kept/manifest
	grep -q '^l 0777 7 8 1 - - /home/l -> f$' kept/manifest
	grep -q '^f 0755 1000 4000000000 1 [0-9a-f]* - /again/f$' kept/manifest
	grep -q '^f 0644 0 0 0 [0-9a-f]* - /made$' kept/manifest
	# On disk all is the builder's, whoever that is, and whole.
	[ -z "$(find kept ! -uid "$(id -u)")" ]
	"$bundle" verify ./kept --full -q
	run -1 "$bundle" diff ./of-root ./kept
	[[ $output == *'~ /home/f: another owner'* ]]
	# Packed they are there, in tar's way of numbers that do not fit, and come back.
	"$bundle" pack ./kept -t tar -q -o ./kept.tar
	[ "$(tar --numeric-owner -tvf kept.tar home/f | awk '{ print $2 }')" = 1000/4000000000 ]
	"$bundle" unpack kept.tar --owner=recorded --name=r --arg=/bin/sh -q -o ./back
	[ "$("$bundle" digest ./back)" = "$("$bundle" digest ./kept)" ]
	"$bundle" pack ./kept -q -o ./oci
	"$bundle" unpack oci:oci --owner=recorded -q -o back-in-store
	[ "$("$bundle" digest back-in-store)" = "$("$bundle" digest ./kept)" ]
	"$bundle" verify back-in-store --full -q
	"$bundle" unpack oci:oci -q -o ./plain
	[ "$("$bundle" digest ./plain)" = "$("$bundle" digest ./of-root)" ]
	run -2 "$bundle" unpack oci:oci --owner=me -o ./x
}

@test "a lock says which bytes a recipe means" {
	recipe '{"op":"mkdir","path":"/x"}'
	run -5 "$bundle" build r.json --locked -o ./out
	"$bundle" lock r.json
	jq -e --arg sum "$(sha256sum <a.tar | cut -d' ' -f1)" '.srtBundleLock == 1 and .inputs[0].sha256 == $sum' r.lock.json
	"$bundle" lock r.json
	"$bundle" build r.json --locked -q -o ./out
	printf 'x' >>a.tar
	run -1 "$bundle" lock r.json
	[[ $output == *'would be another now'* ]]
	run -4 "$bundle" build r.json --locked -o ./two
	[[ $output == *'has the SHA-256 '* ]]
	"$bundle" lock r.json --update -q
	"$bundle" build r.json --locked -q -o ./two
	echo >>r.json
	run -4 "$bundle" build r.json --locked -o ./three
	[[ $output == *'the recipe is not the one that was locked'* ]]
	echo '{"srtBundleLock":1,"recipe":"","inputs":[],"more":1}' >r.lock.json
	run -2 "$bundle" build r.json --locked -o ./three
	[[ $output == *'unknown key "more"'* ]]
}

@test "a tarball of npm is what its SHA-512 says, and is listed by its own name" {
	mkdir -p package/lib
	printf '{"name":"@scope/left","version":"1.2.3-rc.1","main":"lib/i.js","files":["lib"]}' >package/package.json
	printf 'module.exports = 42\n' >package/lib/i.js
	tar -czf left.tgz package
	sri=sha512-$(openssl dgst -sha512 -binary left.tgz | base64 -w0)
	printf '{"srtBundle":1,"name":"r","inputs":[{"id":"left","type":"npm","path":"left.tgz","integrity":"%s"}],
		"steps":[{"op":"extract","from":"left"},{"op":"copy","from":"/package","to":"/usr/lib/node_modules/@scope/left"},
		{"op":"remove","paths":["/package","/package/**"]}],"process":{"args":["/x"]}}' "$sri" >r.json
	"$bundle" build r.json -q --check -o ./out
	cmp out/rootfs/usr/lib/node_modules/@scope/left/lib/i.js package/lib/i.js
	[ ! -e out/rootfs/package ]
	jq -e --arg hex "$(sha512sum <left.tgz | cut -d' ' -f1)" '.packages[1] | .name == "@scope/left" and .versionInfo == "1.2.3-rc.1"
		and any(.checksums[]; .algorithm == "SHA512" and .checksumValue == $hex)
		and .externalRefs[0].referenceLocator == "pkg:npm/%40scope/left@1.2.3-rc.1"' out/sbom.spdx.json
	python3 "$SRT_TOP/tests/integration/lib/papers.py" out
	"$bundle" inspect ./out | grep -q '@scope/left'
	"$bundle" lock r.json -q
	jq -e --arg sri "$sri" '.inputs[0] | .integrity == $sri and (.sha256 | length == 64) and .size > 100' r.lock.json
	"$bundle" build r.json --locked -q -o ./locked
	[ "$("$bundle" digest ./locked)" = "$("$bundle" digest ./out)" ]
	# npm says the same of what it packs itself.
	if command -v npm; then
		(cd package && npm pack --offline --json >../packed.json)
		jq --arg sri "$(jq -r '.[0].integrity' packed.json)" '.inputs[0].path = "package/scope-left-1.2.3-rc.1.tgz" | .inputs[0].integrity = $sri' r.json >n.json
		"$bundle" build n.json -q -o ./of-npm
		[ "$("$bundle" digest ./of-npm)" = "$("$bundle" digest ./out)" ]
	fi
	# Another tarball, a word that is none, and what is no tarball of npm.
	cp left.tgz right.tgz
	printf 'x' >>left.tgz
	run -4 "$bundle" build r.json -o ./two
	[[ $output == *'left.tgz has the integrity sha512-'*', not '"$sri"* ]]
	cp right.tgz left.tgz
	sed 's/sha512-./sha512-/' r.json >bad.json
	run -2 "$bundle" build bad.json -o ./two
	[[ $output == *'/inputs/0: "integrity" is sha512- and base64, of an npm tarball'* ]]
	jq 'del(.inputs[0].integrity)' r.json >bad.json
	printf '{"name":"a\\u001b[2J","version":"1"}' >package/package.json
	tar -czf left.tgz package
	run -2 "$bundle" build bad.json -o ./two
	[[ $output == *'"a\u001b[2J" "1" is no name and version'* ]]
	tar -czf left.tgz package/lib
	jq 'del(.inputs[0].integrity)' r.json >bad.json
	run -2 "$bundle" build bad.json -o ./two
	[[ $output == *'it has no /package/package.json'* ]]
}

@test "packages are locked with name, version, size and digest, and a locked build needs no lists" {
	"$bundle" lock busybox -q -o "$PWD/busybox.lock.json"
	jq -e '.inputs[0].packages[0] | .name == "busybox-static" and (.sha256 | length == 64) and .size > 100000' busybox.lock.json
	"$bundle" build busybox --locked -q -o ./first
	mkdir -p lists/partial
	echo "Dir::State::lists \"$PWD/lists\";" >apt.conf
	APT_CONFIG=$PWD/apt.conf "$bundle" build busybox --locked -q -o ./second
	[ "$("$bundle" digest ./first)" = "$("$bundle" digest ./second)" ]
	sed -i 's/"sha256": "..../"sha256": "0000/' busybox.lock.json
	run ! "$bundle" build busybox --locked -q -o ./third
}

# says NAME TEXT EXPECTED: a shipped recipe runs what it is given.
says() {
	"$bundle" build "$1" --allow-exec -q -o "$1"
	[ "$(run_dir "$1" <<<"$2")" = "$3" ]
	"$bundle" verify "$1" --full -q
}

# The program is the recipe's interpreter's, not ours.
# shellcheck disable=SC2016
@test "lua, bash, python with bytecode, python without sources, science, node" {
	[ -n "${SRT_LONG-}" ] || skip "part of make check-long"
	says lua 'print(_VERSION, 6 * 7)' "$(printf 'Lua 5.4\t42')"
	says bash 'echo "$((6 * 7)) $(ls / | head -1) $(awk "BEGIN { print 1 }")"; type -t grep' "$(printf '42 bin 1\nfile')"
	cat >imports.py <<-'E'
		import importlib, sys
		names = '''abc argparse array ast asyncio base64 bisect bz2 calendar cmath collections concurrent.futures configparser contextlib
		copy csv ctypes curses datetime decimal difflib dis email enum fractions functools glob gzip hashlib heapq html http.client
		inspect io ipaddress itertools json logging lzma math mimetypes multiprocessing operator os pathlib pickle platform pprint
		queue random re secrets selectors shelve shutil signal socket sqlite3 ssl statistics string struct subprocess tarfile tempfile
		textwrap threading time timeit tokenize traceback types typing unicodedata unittest urllib.request uuid venv warnings weakref
		xml.etree.ElementTree zipfile zlib zoneinfo'''.split()
		for name in names:
		    importlib.import_module(name)
		sourceless = sum(1 for m in sys.modules.values() if (getattr(m, '__file__', '') or '').endswith('.pyc'))
		print(len(names), 'sourceless' if sourceless > 60 else 'with sources')
	E
	says python3-full "$(cat imports.py)" '84 with sources'
	says python3-slim "$(cat imports.py)" '84 sourceless'
	# Bytecode that no time can make stale: made by this interpreter, not checked against a source, and of the source that
	# lies beside it. Where the sources are away there is nothing but bytecode.
	cat >stale.py <<-'E'
		import _imp, importlib.util, os, sys
		seen, sources, faults = 0, 0, []
		for top, dirs, names in os.walk('/usr/lib'):
		    for name in names:
		        path = os.path.join(top, name)
		        sources += name.endswith('.py')
		        if not name.endswith('.pyc'):
		            continue
		        seen += 1
		        head = open(path, 'rb').read(16)
		        source = importlib.util.source_from_cache(path) if top.endswith('__pycache__') else None
		        if head[:4] != importlib.util.MAGIC_NUMBER or head[4:8] != b'\1\0\0\0':
		            faults.append(path + ': magic or flags')
		        elif source and head[8:] != _imp.source_hash(importlib.util._RAW_MAGIC_NUMBER, open(source, 'rb').read()):
		            faults.append(path + ': of another source')
		print(faults or 'nothing stale', seen > 300, sources > 300)
	E
	[ "$(run_dir python3-full <stale.py)" = 'nothing stale True True' ]
	[ "$(run_dir python3-slim <stale.py)" = 'nothing stale True False' ]
	[ "$("$bundle" inspect python3-full --json | jq .bytes)" -le 47000000 ]
	[ "$("$bundle" inspect python3-slim --json | jq .bytes)" -le 31000000 ]
	says python3-science 'import numpy, pandas; print(numpy.linalg.inv([[2., 0], [0, 4]]).tolist(), pandas.DataFrame({"a": [1, 2]}).a.sum())' \
		'[[0.5, 0.0], [0.0, 0.25]] 3'
	says node 'console.log(6 * 7, typeof fetch)' '42 function'
}
