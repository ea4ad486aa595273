# SPDX-License-Identifier: Apache-2.0
# pages.bats - the pages of docs/engines, followed step by step as printed; the files that users install are as they say.
# Each test is a subshell of its own.
# shellcheck disable=SC2030,SC2031,SC2154

load lib/engine

setup_file() {
	only_root && a_user || return 0
	[ "$runtime" = srt-oci ] || cannot 'the pages are about srt-oci' || return 0
	chmod 755 "$TMPDIR"
}

setup() {
	! can_not || skip "$CAN_NOT"
	export PAGE_HOME=$TMPDIR/$BATS_TEST_NUMBER
	mkdir -p "$PAGE_HOME"/{user/run,root,home}
	chmod 700 "$PAGE_HOME/user/run"
	chown -R "$SRT_TEST_USER:" "$PAGE_HOME/user"
}

# follow NAME: docs/engines/NAME.md.
follow() {
	PAGE_HOME=$PAGE_HOME/user run "$SRT_TOP/tests/integration/engines/lib/page" "$SRT_TOP/docs/engines/$1.md" "$TMPDIR/$BATS_TEST_NUMBER" \
		"$SRT_TEST_USER" "$SRT_TOP/tests/integration/engines/lib/page_daemon" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "podman.md" {
	needs podman catatonit slirp4netns
	# Without version 2 Podman does not pause a user's containers. This machine's mounts are its own.
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	follow podman
	umount /sys/fs/cgroup
}

@test "buildah.md" {
	needs buildah
	follow buildah
}

@test "containerd.md" {
	needs containerd ctr
	follow containerd
	daemon_end containerd
}

@test "docker.md" {
	needs dockerd docker
	follow docker
	daemon_end dockerd
}

@test "slurm.md" {
	needs munged slurmctld slurmd srun
	mkdir -p /etc/slurm
	follow slurm
	slurm_end
}

@test "the handler of the RuntimeClass is that of containerd's and CRI-O's files" {
	cd "$SRT_TOP/contrib"
	run python3 - <<-'PYTHON'
		import re, tomllib
		handler = re.search(r"^handler: (\S+)$", open("kubernetes/runtimeclass.yaml").read(), re.M)[1]
		assert re.search(r"^  runtimeClassName: " + handler + "$", open("kubernetes/pod.yaml").read(), re.M)
		crio = tomllib.load(open("cri-o/10-srt-oci.conf", "rb"))["crio"]["runtime"]["runtimes"][handler]
		containerd = tomllib.load(open("containerd/srt-oci.toml", "rb"))
		containerd = containerd["plugins"]["io.containerd.grpc.v1.cri"]["containerd"]["runtimes"][handler]
		assert crio["runtime_path"] == containerd["options"]["BinaryName"] == "/usr/local/bin/srt-oci", crio
	PYTHON
	[ "$status" -eq 0 ] || said
}

@test "what make install puts there is what contrib holds" {
	cd "$SRT_TOP/contrib"
	for file in podman/* containerd/* cri-o/* kubernetes/* docker/* buildah/* slurm/*; do
		cmp "$file" "/usr/local/share/srt-oci/$file"
	done
}
