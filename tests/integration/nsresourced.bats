# SPDX-License-Identifier: Apache-2.0
# nsresourced.bats - ranges of ids from a service by varlink; a program that maps as systemd-nsresourced does stands in for it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/container

NOBODY=65534

setup_here() {
	only root
	command -v setpriv >/dev/null || skip 'no setpriv'
	# Where an ordinary user may come.
	open_dir=$(mktemp -d /tmp/nsresourced-XXXXXX)
	chmod 755 "$open_dir"
	cd "$open_dir" || return
	rootfs b/rootfs
	cat >service.py <<'PY'
import ctypes, json, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
how = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind("service"); os.chmod("service", 0o666); s.listen(1); s.settimeout(10)
c, _ = s.accept()
data, fds, _, _ = socket.recv_fds(c, 4096, 1)
assert data.endswith(b"\0")
call = json.loads(data[:-1])
open("asked", "w").write(json.dumps(call))
if how == "silent":
    sys.exit(0)
if how == "refuse":
    c.sendall(b'{"error":"io.systemd.NamespaceResource.DynamicRangeUnavailable","parameters":{}}\0')
    sys.exit(0)
if how == "garbage":
    c.sendall(b'[1,2\0')
    sys.exit(0)
p = call["parameters"]
inside, back = os.pipe(), os.pipe()
pid = os.fork()
if pid == 0:
    assert libc.setns(fds[p["userNamespaceFileDescriptor"]], 0x10000000) == 0
    os.write(inside[1], b"x"); os.read(back[0], 1); os._exit(0)
os.read(inside[0], 1)
for kind in "uid", "gid":
    open(f"/proc/{pid}/{kind}_map", "w").write(f"{p['target']} 500000 {p['size']}\n")
os.write(back[1], b"x"); os.waitpid(pid, 0)
c.sendall(b'{"parameters":{}}\0')
PY
	mkdir work
	chown $NOBODY work
	bundle b true "$jq_defs"' with("user") | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings | .process.args[2] = "id -u; cat /proc/self/uid_map /proc/self/gid_map"'
}
teardown_here() { [ -z "${open_dir-}" ] || rm -rf "$open_dir"; }

# by_nobody HOW: an ordinary user without newuidmap runs the bundle beside a service that answers so.
by_nobody() {
	python3 service.py "$1" 3>&- &
	eventually test -S service
	run --separate-stderr unshare -m sh -ec '
		for helper in newuidmap newgidmap; do
			[ ! -e /usr/bin/$helper ] || mount --bind /dev/null /usr/bin/$helper
		done
		exec setpriv --reuid "$1" --regid "$1" --clear-groups env SRT_OCI_NSRESOURCED_SOCKET="$PWD/service" XDG_RUNTIME_DIR="$PWD/work" \
			timeout 10 "$2" --root "$PWD/work/state" run -b b x' sh $NOBODY "$SRT_OCI"
	wait
}

@test "a range by the service, with the user namespace beside the call" {
	by_nobody map
	[ "$status" -eq 0 ] || said
	[ "${lines[0]}" = 0 ]
	[ "$(tr -s ' ' <<<"${lines[1]}")" = ' 0 500000 65536' ]
	[ "$(tr -s ' ' <<<"${lines[2]}")" = ' 0 500000 65536' ]
	[ "$(jq -r .method asked)" = io.systemd.NamespaceResource.AllocateUserRange ]
	[ "$(jq -c '.parameters | [.size, .target, .userNamespaceFileDescriptor]' asked)" = '[65536,0,0]' ]
	jq -e '.parameters.name | test("^srt-[0-9a-f]{8}$")' asked
}

@test "a service that refuses, says nothing or speaks no JSON fails the start with its words" {
	by_nobody refuse
	[ "$status" -eq 1 ] && [[ $stderr == */linux/uidMappings*DynamicRangeUnavailable* ]] || said
	rm -f service
	by_nobody silent
	[ "$status" -eq 1 ] && [[ $stderr == */linux/uidMappings*AllocateUserRange* ]] || said
	rm -f service
	by_nobody garbage
	[ "$status" -eq 1 ] && [[ $stderr == */linux/uidMappings* ]] || said
	[ -z "$(ls work/state 2>/dev/null)" ]
}
