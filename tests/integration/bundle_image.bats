# SPDX-License-Identifier: Apache-2.0
# bundle_image.bats - images: ours in the hands of skopeo, umoci and podman, and theirs in ours.

bats_require_minimum_version 1.5.0

setup_file() {
	SRT_SHM=$(mktemp -d /dev/shm/srt-image.XXXXXX)
	export SRT_SHM
	cd "$SRT_SHM" || return
	mkdir -p tree/bin tree/etc "tree/$(printf 'n%.0s' $(seq 120))"
	cp "$(command -v busybox)" tree/bin/busybox
	ln -s busybox tree/bin/sh
	printf 'root:x:0:0::/:/bin/sh\n' >tree/etc/passwd
	printf 'x' >tree/etc/café
	: >tree/etc/empty
	tar -cf a.tar -C tree .
	"$SRT_BUILD/srt-oci-bundle" build a.tar --name=boxed --arg=/bin/sh --arg=-c --arg='echo from the image' -q -o ./boxed
	for kind in gzip zstd none; do
		"$SRT_BUILD/srt-oci-bundle" pack ./boxed -c $kind -q -o ./oci-$kind
	done
	"$SRT_BUILD/srt-oci-bundle" pack ./boxed -t docker-archive -q -o ./docker.tar
	chmod -R a+rX .
}
teardown_file() { rm -rf "$SRT_SHM"; }

setup() {
	mkdir "$SRT_SHM/$BATS_TEST_NUMBER"
	cd "$SRT_SHM/$BATS_TEST_NUMBER" || return
	bundle=$SRT_BUILD/srt-oci-bundle
	export XDG_DATA_HOME=$PWD/data HOME=$PWD XDG_RUNTIME_DIR=$PWD
}

# listing DIR: names, types, modes, targets and sums, the tree's own directories of mounts aside.
listing() {
	(cd "$1" && find . -mindepth 1 ! -path ./dev ! -path ./proc ! -path ./sys ! -path ./tmp \
		\( -type f -printf '%P %y ' -exec sh -c 'sha256sum <"$1" | cut -c1-16' sh {} \; -o -printf '%P %y %l\n' \) | sort)
}

@test "skopeo reads our layouts and archives, and its copies come back as they were" {
	id=$("$bundle" digest ../boxed/)
	for from in oci:../oci-gzip oci:../oci-none docker-archive:../docker.tar; do
		skopeo inspect --raw "$from" >/dev/null
		rm -rf copy copy.tar
		skopeo --insecure-policy copy -q "$from" oci:copy:tag
		"$bundle" unpack oci:copy:tag --name=boxed -q -o ./back
		[ "$("$bundle" digest ./back)" = "$id" ]
		rm -r back
	done
	skopeo --insecure-policy copy -q oci:../oci-gzip docker-archive:copy.tar:boxed:1
	"$bundle" unpack docker-archive:copy.tar --name=boxed -q -o ./back
	[ "$("$bundle" digest ./back)" = "$id" ]
	[ "$(skopeo inspect oci:../oci-gzip | jq -r '.Os + "/" + .Architecture')" = "$(jq -r '.os + "/" + .architecture' \
		"../oci-gzip/blobs/sha256/$(jq -r .config.digest "../oci-gzip/blobs/sha256/$(jq -r '.manifests[0].digest' \
		../oci-gzip/index.json | cut -d: -f2)" | cut -d: -f2)")" ]
}

@test "umoci unpacks our layout into the tree that we packed" {
	umoci unpack --rootless --image ../oci-gzip:latest theirs
	listing theirs/rootfs >theirs.list
	listing ../boxed/rootfs >ours.list
	diff theirs.list ours.list
}

# layers: an image of three layers with whiteouts, an opaque directory, hard links and a replaced directory.
layers() {
	umoci init --layout img
	umoci new --image img:x
	mkdir -p l1/d l1/keep l1/gone l1/swap l2 l3
	printf 'one\n' >l1/d/a
	printf 'two\n' >l1/d/b
	ln l1/d/a l1/d/hard
	printf 'k' >l1/keep/k
	printf 'g' >l1/gone/g
	printf 's' >l1/swap/s
	ln -s d l1/link
	tar -cf l1.tar -C l1 .
	mkdir -p l2/d l2/keep
	: >l2/d/.wh.a
	: >l2/.wh.gone
	: >l2/keep/.wh..wh..opq
	printf 'new\n' >l2/keep/new
	printf 'file' >l2/swap
	tar -cf l2.tar -C l2 .
	mkdir -p l3/link-to-be
	printf 'three\n' >l3/d-late
	ln -s keep l3/to-keep
	tar -cf l3.tar -C l3 .
	for l in l1 l2 l3; do
		umoci raw add-layer --image img:x "$l.tar"
	done
	umoci config --image img:x --config.cmd /bin/sh --config.env A=b --config.workingdir /keep
}

@test "layers with whiteouts give the tree that umoci unpack gives" {
	layers
	umoci unpack --rootless --image img:x theirs
	"$bundle" unpack oci:img:x -q -o ./ours
	listing theirs/rootfs >theirs.list
	listing ours/rootfs >ours.list
	diff theirs.list ours.list
	jq -e '.process.args == ["/bin/sh"] and .process.cwd == "/keep" and any(.process.env[]; . == "A=b")' ours/config.json
	[ ! -e ours/rootfs/d/a ]
	[ "$(cat ours/rootfs/d/hard)" = one ]
	[ "$(ls ours/rootfs/keep)" = new ]
	[ "$(cat ours/rootfs/swap)" = file ]
	# The same image in docker's words.
	skopeo --insecure-policy copy -q oci:img:x docker-archive:img.tar:x:1
	"$bundle" unpack docker-archive:img.tar --name=ours -q -o ./docker
	[ "$("$bundle" digest ./docker)" = "$("$bundle" digest ./ours)" ]
}

@test "an index is asked for this machine's image" {
	cp -r ../oci-none multi
	chmod -R u+w multi
	python3 - <<-'PY'
		import hashlib, json
		top = json.load(open('multi/index.json'))
		here = top['manifests'][0]
		other = dict(here, platform={'os': 'linux', 'architecture': 'vax'})
		here['platform'].setdefault('os', 'linux')
		index = json.dumps({'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.index.v1+json', 'manifests': [other, here]}).encode()
		digest = hashlib.sha256(index).hexdigest()
		open('multi/blobs/sha256/' + digest, 'wb').write(index)
		json.dump({'schemaVersion': 2, 'manifests': [{'mediaType': 'application/vnd.oci.image.index.v1+json', 'digest': 'sha256:' + digest,
		           'size': len(index), 'annotations': {'org.opencontainers.image.ref.name': 'multi'}}]}, open('multi/index.json', 'w'))
	PY
	"$bundle" unpack oci:multi:multi -q -o ./out
	[ "$("$bundle" digest ./out)" = "$("$bundle" digest ../boxed/)" ]
	run -2 "$bundle" unpack oci:multi --platform=linux/pdp11 -o ./other
	[[ $output == *'no manifest for linux/pdp11'* ]]
	run -2 "$bundle" unpack oci:multi:nosuch -o ./other
	[[ $output == *'has no manifest "nosuch"'* ]]
	run -2 "$bundle" unpack "oci:multi@sha256:$(printf '0%.0s' $(seq 64))" -o ./other
}

@test "what umoci repacks, with its own whiteouts, gives the tree that umoci unpacks" {
	cp -r ../oci-gzip img
	chmod -R u+w img
	umoci unpack --rootless --image img:latest work
	rm -r work/rootfs/etc/empty work/rootfs/etc/café work/rootfs/n*
	mkdir work/rootfs/etc/empty work/rootfs/late
	printf 'in the place of a file\n' >work/rootfs/etc/empty/file
	printf 'linked\n' >work/rootfs/late/one
	ln work/rootfs/late/one work/rootfs/late/two
	umoci repack --image img:changed work
	umoci unpack --rootless --image img:changed theirs
	"$bundle" unpack oci:img:changed --name=ours -q -o ./ours
	listing theirs/rootfs >theirs.list
	listing ours/rootfs >ours.list
	diff theirs.list ours.list
	[ ! -e ours/rootfs/etc/café ]
	[ -d ours/rootfs/etc/empty ]
	[ "$(cat ours/rootfs/late/two)" = linked ]
	# And once more through skopeo, in each of its containers.
	for to in oci-archive:copy.tar:x docker-archive:docker.tar:x:1; do
		skopeo --insecure-policy copy -q oci:img:changed "$to"
		case $to in
		oci*) "$bundle" unpack oci:copy.tar:x --name=ours -q -o ./again ;;
		*) "$bundle" unpack docker-archive:docker.tar --name=ours -q -o ./again ;;
		esac
		[ "$("$bundle" digest ./again)" = "$("$bundle" digest ./ours)" ]
		rm -r again
	done
}

# On a machine with other storage, and for users without a session.
podman() { command podman --root "$PWD/storage" --runroot "$PWD/run" --storage-driver vfs --cgroup-manager cgroupfs "$@" 2>>podman.log; }
# inside COMMAND…: where podman's files belong to us.
inside() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else podman unshare "$@"; fi
}
podman_or_skip() {
	[ "$(id -u)" -eq 0 ] || grep -q "^$(id -un):" /etc/subuid || skip "podman needs a range of subordinate ids for an ordinary user"
	podman info >/dev/null || skip "podman does not work here: $(tail -1 podman.log)"
}
podman_end() { inside rm -rf "$PWD/storage" "$PWD/run"; }

@test "podman loads what we pack, and exports the tree that we packed" {
	podman_or_skip
	tar -cf oci.tar -C ../oci-gzip .
	cp -r ../oci-zstd .
	for from in ../docker.tar oci.tar oci-zstd; do
		image=$(podman load -q -i "$from" | sed -n 's/^Loaded image: //p')
		podman image inspect "$image" | jq -e '.[0].Config.Cmd == ["/bin/sh", "-c", "echo from the image"]'
		mkdir out
		podman export "$(podman create "$image")" | tar -x -C out --no-same-owner --exclude=dev/console
		listing out | grep -v '^\(run\|etc/\(hosts\|hostname\|resolv.conf\|mtab\)\)' >theirs.list
		listing ../boxed/rootfs >ours.list
		diff theirs.list ours.list
		rm -r out
	done
	podman_end
}

@test "what podman commits and saves, with whiteouts, becomes the tree that podman exports" {
	podman_or_skip
	podman load -q -i ../docker.tar
	made=$(podman create localhost/boxed)
	# shellcheck disable=SC2016
	inside sh -c 'cd "$(podman --root "$1/storage" --runroot "$1/run" --storage-driver vfs mount "$2")" && rm etc/passwd etc/empty &&
		rm -r n* && mkdir etc/empty late && echo in >etc/empty/in && echo linked >late/one && ln late/one late/two' sh "$PWD" "$made"
	podman commit -q "$made" changed
	podman save -q --format oci-archive -o oci.tar changed
	podman save -q --format docker-archive -o docker.tar changed
	mkdir out
	podman export "$(podman create changed)" | tar -x -C out --no-same-owner --exclude=dev/console
	listing out >theirs.list
	"$bundle" unpack oci:oci.tar --name=changed -q -o ./ours
	"$bundle" unpack docker-archive:docker.tar --name=changed -q -o ./docker
	listing ours/rootfs >ours.list
	diff theirs.list ours.list
	[ ! -e ours/rootfs/etc/passwd ]
	[ "$(cat ours/rootfs/etc/empty/in)" = in ]
	[ "$("$bundle" digest ./ours)" = "$("$bundle" digest ./docker)" ]
	podman_end
}

@test "an SBOM and a provenance that others can read" {
	jq -e '.spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0" and (.packages | length == 2)
		and (.relationships | any(.relationshipType == "DESCRIBES"))' ../boxed/sbom.spdx.json
	jq -e '._type == "https://in-toto.io/Statement/v1" and .predicateType == "https://slsa.dev/provenance/v1"
		and (.subject | length == 2) and .predicate.runDetails.builder.id' ../boxed/provenance.json
	[ "$(jq -r '.subject[0].digest.sha256' ../boxed/provenance.json)" = "$(sha256sum <../boxed/manifest | cut -d' ' -f1)" ]
	"$bundle" inspect ../boxed/ --sbom | cmp - ../boxed/sbom.spdx.json
	# Held against schemas: of an archive, of an image and of packages.
	"$bundle" unpack oci:../oci-gzip -q -o ./image
	XDG_CACHE_HOME=$TMPDIR/cache "$bundle" build busybox -q -o ./packages
	run python3 "$SRT_TOP/tests/integration/lib/papers.py" ../boxed image packages
	echo "$output"
	[ "$output" = '3 bundles, as the schemas say' ]
	# A schema that takes everything would say so, too.
	cp -r packages bent
	jq '.packages[1].checksums[0].checksumValue = "x" | .relationships[1].relatedSpdxElement = "SPDXRef-Nothing"' packages/sbom.spdx.json >bent/sbom.spdx.json
	jq 'del(.predicate.runDetails.builder.id)' packages/provenance.json >bent/provenance.json
	run -1 python3 "$SRT_TOP/tests/integration/lib/papers.py" bent
	[ "${#lines[@]}" -eq 2 ]
	# Nothing of them depends on who builds, where or when.
	mkdir elsewhere
	cp ../a.tar elsewhere/
	TZ=Pacific/Chatham "$bundle" build elsewhere/a.tar --name=boxed --arg=/bin/sh --arg=-c --arg='echo from the image' -q -o ./again
	cmp again/sbom.spdx.json ../boxed/sbom.spdx.json
	cmp again/provenance.json ../boxed/provenance.json
}

@test "the views of a bundle" {
	"$bundle" inspect ../boxed/ --json | jq -e '.files == 4 and .name == "boxed" and (.inputs | length == 1)'
	"$bundle" inspect ../boxed/ --manifest | sha256sum | grep -q "$("$bundle" inspect ../boxed/ --json | jq -r .manifest)"
	"$bundle" inspect ../boxed/ --files | grep -q 'a.tar.*/bin/busybox$'
	"$bundle" inspect ../boxed/ --files | grep -qF '/etc/caf\303\251'
	"$bundle" inspect ../boxed/ --tree | grep -q ' bin/$'
	"$bundle" inspect ../boxed/ --html -o page.html
	# One page that needs nothing else, and in which no name ends the data.
	run ! grep -qE '(src|href)=|https?://[^w]|url\(' page.html
	sed -n 's/.*id="data" type="application\/json">\(.*\)<\/script>.*/\1/p' page.html | jq -e '.files | length == 5'
	run -2 "$bundle" inspect ../boxed/ --html --tree
	"$bundle" build ../a.tar --name=boxed --arg=/bin/sh -q -o ./other
	run -1 "$bundle" diff ../boxed/ ./other
	[ "$output" = '~ config.json: another configuration' ]
	cp -r ../boxed changed
	rm changed/manifest
	chmod u+w changed/rootfs/etc
	echo y >>changed/rootfs/etc/passwd
	mv changed/rootfs/etc/empty changed/rootfs/etc/full
	run -1 "$bundle" diff ../boxed/ ./changed
	[ "${lines[*]}" = '- /etc/empty: only in the first + /etc/full: only in the second ~ /etc/passwd: other content' ]
}

@test "a name that would be a whiteout is packed into no layer" {
	mkdir -p marked/d
	echo x >marked/d/.wh.a
	tar -cf marked.tar -C marked .
	"$bundle" build marked.tar --arg=/x -q -o ./marked-b
	for type in oci docker-archive; do
		run -2 "$bundle" pack ./marked-b -t "$type" -o ./marked-p
		[[ $output == *'"/d/.wh.a": in a layer this name would be a whiteout'* ]]
		[ ! -e marked-p ]
	done
	"$bundle" pack ./marked-b -t tar -o ./marked-p
	"$bundle" unpack ./marked-p --arg=/x -q -o ./marked-again --name=marked-b
	[ "$("$bundle" digest ./marked-again)" = "$("$bundle" digest ./marked-b)" ]
}

@test "the page draws its map in a browser" {
	[ -n "${SRT_LONG-}" ] || skip "part of make check-long"
	browser=$(command -v chromium) || skip "chromium is not installed"
	# Enough files for a map.
	mkdir -p many/usr/lib
	for i in $(seq 40); do
		head -c $((i * 1000)) /dev/zero >"many/usr/lib/<b>f$i"
	done
	tar -cf many.tar -C many .
	"$bundle" build many.tar --arg=/x -q -o ./many-b
	"$bundle" inspect ./many-b --html -o page.html
	run python3 "$SRT_TOP/tests/integration/lib/page.py" "$browser" "$PWD/page.html" 40 '820.0 k'
	echo "$output"
	[ "$status" -eq 0 ]
}
