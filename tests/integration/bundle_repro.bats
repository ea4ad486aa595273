# SPDX-License-Identifier: Apache-2.0
# bundle_repro.bats - one digest, whoever builds, where, when and how often.

bats_require_minimum_version 1.5.0

# In memory: every build ends with a sync of its file system, which others may be writing to.
setup_file() {
	SRT_SHM=$(mktemp -d /dev/shm/srt-repro.XXXXXX)
	export SRT_SHM
	mkdir "$SRT_SHM/from"
	cd "$SRT_SHM/from" || return
	python3 - <<'PY'
import io, random, tarfile, zipfile
entries = []
for d in range(12):
    entries.append(('d', f'usr/lib/dir{d}', b''))
    for f in range(10):
        entries.append(('f', f'usr/lib/dir{d}/file-{f}', bytes(f'{d}/{f}\n', 'ascii') * (f + 1)))
entries += [('x', 'usr/bin/tool', b'#!/bin/sh\n'), ('l', 'bin', b'usr/bin'), ('f', 'etc/caf\u00e9', b'utf-8'),
            ('f', 'etc/with blank', b'b'), ('l', 'etc/long', b'../' * 40 + b'etc/x'), ('f', 'usr/' + 'n' * 120, b'n'),
            ('f', 'empty', b''), ('f', 'same', b'utf-8')]
def write(name, order, mtime, uid):
    with tarfile.open(name, 'w', format=tarfile.PAX_FORMAT) as out:
        for kind, path, data in order:
            t = tarfile.TarInfo(path)
            t.mtime, t.uid, t.gid, t.uname = mtime, uid, uid, 'somebody'
            t.type = {'d': tarfile.DIRTYPE, 'l': tarfile.SYMTYPE}.get(kind, tarfile.REGTYPE)
            t.mode = {'d': 0o700, 'x': 0o711}.get(kind, 0o600)
            if kind == 'l':
                t.linkname = data.decode()
            else:
                t.size = len(data)
            out.addfile(t, io.BytesIO(data if t.isreg() else b''))
write('a.tar', entries, 0, 0)
for i in range(3):
    order = entries[:]
    random.Random(i).shuffle(order)
    write(f'shuffled{i}.tar', order, 1700000000 + i, 1000 + i)
PY
	cat >recipe.json <<-'E'
		{"srtBundle":1,"name":"repro","inputs":[{"id":"a","type":"tar","path":"a.tar"}],
		 "steps":[{"op":"extract","from":"a"},{"op":"file","path":"/etc/passwd","text":"root:x:0:0::/:\n"},
		  {"op":"concat","from":"/usr/lib/dir1/*","to":"/etc/joined"},{"op":"symlink","path":"/lib","target":"usr/lib"}],
		 "process":{"args":["/usr/bin/tool"]}}
	E
	"$SRT_BUILD/srt-oci-bundle" build recipe.json -q -o ./wanted
	"$SRT_BUILD/srt-oci-bundle" digest ./wanted >wanted.id
	# The same on every machine of this kind; other kinds say so in the manifest.
	[ "$(uname -m)" != x86_64 ] || [ "$(cat wanted.id)" = "sha256:03d2e49b6b4fafd1e069745e37d3af6bb993fb1b8478c84f68ed2c6f0024041a" ]
	"$SRT_BUILD/srt-oci-bundle" pack ./wanted -q -t tar -o ./wanted.tar
	"$SRT_BUILD/srt-oci-bundle" pack ./wanted --json -o ./wanted.oci >wanted.json
	chmod -R a+rX .
}

teardown_file() { rm -rf "$SRT_SHM"; }

setup() {
	mkdir "$SRT_SHM/$BATS_TEST_NUMBER"
	cd "$SRT_SHM/$BATS_TEST_NUMBER" || return
	bundle=$SRT_BUILD/srt-oci-bundle
	from=$SRT_SHM/from
	export XDG_DATA_HOME=$PWD/data
	configurations=0
}

# alike ARGUMENT…: this way of building gives the digest; ENVIRONMENT and the umask are the caller's.
alike() {
	local out=${dest:-.}/out$((++configurations))
	"${prefix[@]}" "$bundle" build "$from/recipe.json" -q -o "$out" "$@"
	[ "$("$bundle" digest "$out")" = "$(cat "$from/wanted.id")" ]
	"$bundle" verify "$out" --full -q
	packed "$out"
}

# packed BUNDLE: it packs, in the same circumstances, to the same archive, and to a layout whose diff_id is its digest.
packed() {
	local config
	rm -rf packed.tar packed.oci
	"${prefix[@]}" "$bundle" pack "$1" -q -t tar -o ./packed.tar
	[ "$(sha256sum <packed.tar)" = "$(sha256sum <"$from/wanted.tar")" ]
	"${prefix[@]}" "$bundle" pack "$1" -q -o ./packed.oci
	config=$(jq -r '.manifests[0].digest[7:]' packed.oci/index.json)
	config=$(jq -r '.config.digest[7:]' "packed.oci/blobs/sha256/$config")
	[ "$(jq -c .rootfs.diff_ids "packed.oci/blobs/sha256/$config")" = "[\"sha256:$(sha256sum <packed.tar | cut -d' ' -f1)\"]" ]
	# Where the compressor is the same, so is every byte.
	diff -r packed.oci "$from/wanted.oci"
}

@test "sixteen ways of building give one digest" {
	prefix=(env)
	for mask in 022 077 000 027; do
		umask $mask
		alike
	done
	umask 022
	prefix=(env TZ=Pacific/Chatham)
	alike
	prefix=(env LC_ALL=C LANG=C)
	alike
	prefix=(env LC_ALL=tr_TR.UTF-8 LANG=de_DE)
	alike
	prefix=(env -i PATH=/usr/bin:/bin HOME=/nonexistent)
	alike
	prefix=(env)
	alike --threads=1
	alike --threads=8
	alike --check
	prefix=(taskset -c 0)
	alike
	# Another file system than that of the first.
	prefix=(env)
	dest=$BATS_TEST_TMPDIR alike
	# A directory whose group its files would get.
	mkdir sgid
	chmod g+s sgid
	dest=./sgid alike
	# The clock is of no matter, and all times are the epoch.
	prefix=(faketime -f +5y)
	alike
	prefix=(env)
	[ "$(find ./out1 -printf '%T@\n' | sort -u)" = 0.0000000000 ]
	# Whoever else is on this machine.
	alike --map=12345:54321
	[ "$configurations" -eq 16 ]
}

@test "the order, times and owners of an archive's entries are of no matter" {
	for i in 0 1 2; do
		sed "s/a.tar/shuffled$i.tar/" "$from/recipe.json" >r.json
		cp "$from/shuffled$i.tar" .
		"$bundle" build r.json -q -o "./out$i"
		[ "$("$bundle" digest "./out$i")" = "$(cat "$from/wanted.id")" ]
	done
}

@test "every compression and container of the same files gives the same digest" {
	mkdir tree
	tar -xf "$from/a.tar" -C tree --no-same-owner
	cp "$from/a.tar" .
	gzip -k a.tar
	xz -k a.tar
	zstd -q a.tar
	bzip2 -k a.tar
	(cd tree && find . -mindepth 1 | sort -R | cpio -o -H newc --quiet >../a.cpio)
	(cd tree && python3 - <<-'PY'
		import os, zipfile
		with zipfile.ZipFile('../a.zip', 'w', zipfile.ZIP_DEFLATED) as z:
		    for top, dirs, files in os.walk('.'):
		        for name in dirs + files:
		            path = os.path.join(top, name)
		            info = zipfile.ZipInfo(os.path.relpath(path, '.') + ('/' if os.path.isdir(path) and not os.path.islink(path) else ''))
		            info.external_attr = os.lstat(path).st_mode << 16
		            info.create_system = 3
		            if os.path.islink(path):
		                z.writestr(info, os.readlink(path))
		            elif os.path.isfile(path):
		                z.writestr(info, open(path, 'rb').read())
		            else:
		                z.writestr(info, b'')
	PY
	)
	for archive in a.tar a.tar.gz a.tar.xz a.tar.zst a.tar.bz2 a.cpio a.zip; do
		"$bundle" build "$archive" --name=x --arg=/usr/bin/tool -q -o "./of-$archive"
		"$bundle" digest "./of-$archive" >>ids
	done
	[ "$(wc -l <ids)" -eq 7 ]
	[ "$(sort -u ids | wc -l)" -eq 1 ]
}

@test "--check builds twice and says so" {
	run -0 "$bundle" build "$from/recipe.json" --check -o ./out
	[[ $output == *'built twice alike'* ]]
	[ -z "$(find . -name '.out.tmp*')" ]
	"$bundle" build "$from/recipe.json" --check --json -o name | jq -e .checked
}

@test "a store's bundle has the digest of its manifest and config, in each way of keeping it" {
	for way in overlay hardlink copy; do
		export XDG_DATA_HOME=$PWD/data-$way SRT_OCI_STORE=$way
		"$bundle" build "$from/recipe.json" -q -o repro
		[ "$("$bundle" digest repro)" = "$(cat "$from/wanted.id")" ]
		"$bundle" verify repro --full -q
		"$bundle" fsck -q
	done
}

@test "what is packed is the same, and unpacks to where it came from" {
	"$bundle" build "$from/recipe.json" -q -o ./again
	"$bundle" pack ./again -q -t tar -o ./again.tar
	cmp again.tar "$from/wanted.tar"
	"$bundle" pack ./again --json -o ./again.oci | jq -S 'del(.path)' | diff - <(jq -S 'del(.path)' "$from/wanted.json")
	diff -r again.oci "$from/wanted.oci"
	for kind in zstd gzip:9 none; do
		"$bundle" pack ./again -c $kind -q -o "./oci-${kind%:*}"
		"$bundle" unpack "oci:oci-${kind%:*}" -q -o "./back-${kind%:*}"
		[ "$("$bundle" digest "./back-${kind%:*}")" = "$(cat "$from/wanted.id")" ]
	done
	"$bundle" pack ./again -t docker-archive -q -o ./docker.tar
	"$bundle" unpack docker-archive:docker.tar -q -o ./back-docker
	[ "$("$bundle" digest ./back-docker)" = "$(cat "$from/wanted.id")" ]
	"$bundle" unpack ./again.tar --name=repro --arg=/usr/bin/tool -q -o ./back-tar
	[ "$("$bundle" digest ./back-tar)" = "$(cat "$from/wanted.id")" ]
}

@test "an epoch is the time of everything" {
	SOURCE_DATE_EPOCH=1700000000 "$bundle" build "$from/recipe.json" -q -o ./out
	[ "$(find out/rootfs -printf '%Ts\n' | sort -u)" = 1700000000 ]
	[ "$("$bundle" digest ./out)" != "$(cat "$from/wanted.id")" ]
	"$bundle" verify ./out --full -q
	jq -e '.creationInfo.created == "2023-11-14T22:13:20Z"' out/sbom.spdx.json
	run "$bundle" build "$from/recipe.json" -o ./other
	SOURCE_DATE_EPOCH=tomorrow run -2 "$bundle" build "$from/recipe.json" -o ./third
}
