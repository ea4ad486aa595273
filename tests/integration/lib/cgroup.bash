# SPDX-License-Identifier: Apache-2.0
# cgroup.bash - where a container's cgroups are, for tests on v1, v2 and both. After lib/container.
# shellcheck shell=bash
# shellcheck disable=SC2154 # lib/container sets state; bats sets status

# host_has FILTER: the filter over the facts of this host says true.
host_has() { "$SRT_OCI" facts | jq -e "$1" >/dev/null; }

# Where this caller can make cgroups and limit them; a skip names what is missing.
needs_cgroup() {
	host_has '.cgroupWritable or .cgroupAboveWritable or any(.cgroupV1[]; .writable)' ||
		skip 'no cgroup is delegated to this caller'
}
# needs_controller NAME…: likewise, with those.
needs_controller() {
	local name
	needs_cgroup
	for name; do
		[ -n "$(mount_of "$name")" ] || skip "no cgroup controller $name"
	done
}

# mount_of CONTROLLER: its hierarchy's mount point, "" if there is none that this caller may use.
mount_of() {
	"$SRT_OCI" facts | jq -r --arg name "$1" '
		def has_it: split(",") | index($name);
		first((.cgroupV1[] | select(.writable and (.controllers | has_it)) | .mount),
			(select((.cgroupWritable and (.cgroupTop or .cgroupAboveWritable | not) and
				(.cgroupControllers | split(" ") | index($name))) or
				(.cgroupAboveWritable and (.cgroupAboveControllers | split(" ") | index($name))) or
				(.cgroupTop and (.cgroupControllers | split(" ") | index($name)))) | .cgroupMount), "")'
}
# type_of CONTROLLER: what its hierarchy is called in a state.
type_of() {
	"$SRT_OCI" facts | jq -r --arg name "$1" \
		'first((.cgroupV1[] | select(.controllers | split(",") | index($name)) | .controllers), "unified")'
}
# cgroup_of ID CONTROLLER: the directory of the container's cgroup.
cgroup_of() {
	echo "$(mount_of "$2")$(jq -r --arg type "$(type_of "$2")" '.cgroups[$type] | gsub("//"; "/")' "$state/$1/state.json")"
}
# limit ID CONTROLLER V1-FILE V2-FILE: what stands there.
limit() {
	local dir
	dir=$(cgroup_of "$1" "$2")
	if [ -e "$dir/$3" ]; then cat "$dir/$3"; else cat "$dir/$4"; fi
}

# below: what there is of cgroups of this test, whose names all have $mark in them.
mark() { echo "srt-bats-$$-$BATS_TEST_NUMBER"; }
below() { find /sys/fs/cgroup -type d -name "*$(mark)*" 2>/dev/null; }
no_cgroups() { [ -z "$(below)" ]; }
cgroups_gone() { eventually no_cgroups || { below; return 1; }; }

# in_cgroup [FILTER]: a filter that gives the config a cgroup of this test's, and then does that.
in_cgroup() { printf '.linux.cgroupsPath = "%s" | %s' "$(mark)" "${1:-.}"; }
