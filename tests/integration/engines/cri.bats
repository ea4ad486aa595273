# SPDX-License-Identifier: Apache-2.0
# cri.bats - what the kubelet does: containerd's CRI plugin with the runtime as the handler of a RuntimeClass.
# Debian 12 has no crictl; lib/cri makes the same calls. Each test is a subshell of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/engine

setup_file() {
	only_root && needs containerd containerd-shim-runc-v2 curl python3 || return 0
	curl --version | grep -qw HTTP2 || cannot 'curl speaks no HTTP/2' || return 0
	image_oci "$BATS_FILE_TMPDIR/box.tar" box
	image_oci "$BATS_FILE_TMPDIR/pause.tar" pause '{"Entrypoint": ["/bin/sleep", "600"], "Cmd": null}'
	# The page's way; the rest is this machine's: no registry for the pause image, no AppArmor, and no CAP_SYS_RESOURCE for a
	# lower OOM score.
	containerd config default |
		sed -e 's,bin_dir = .*,bin_dir = "/usr/lib/cni",' \
			-e 's,sandbox_image = .*,sandbox_image = "docker.io/library/pause:latest",' \
			-e 's,restrict_oom_score_adj = .*,restrict_oom_score_adj = true,' \
			-e 's,disable_apparmor = .*,disable_apparmor = true,' >/etc/containerd/config.toml
	cat "$SRT_TOP/contrib/containerd/srt-oci.toml" >>/etc/containerd/config.toml
	[ "$runtime" = srt-oci ] || sed -i "s,/usr/local/bin/srt-oci,$(command -v "$runtime")," /etc/containerd/config.toml
	mkdir -p /etc/cni/net.d
	cat >/etc/cni/net.d/10-bridge.conflist <<-'JSON'
		{"cniVersion": "0.4.0", "name": "bridge", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true,
			"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/16"}]]}}]}
	JSON
	daemon containerd containerd --config /etc/containerd/config.toml --log-level info
	eventually cri Version
	ctr -n k8s.io image import "$BATS_FILE_TMPDIR/box.tar"
	ctr -n k8s.io image import "$BATS_FILE_TMPDIR/pause.tar"
	eventually has_images
}
teardown_file() { daemon_end containerd; }

cri() { timeout -k 1 40 "$SRT_TOP/tests/integration/engines/lib/cri" /run/containerd/containerd.sock "$@" 3>&-; }
has_images() { [ "$(cri ListImages | jq '[.["1"]] | flatten | length')" -ge 2 ]; }

setup() {
	! can_not || skip "$CAN_NOT"
	cd "$BATS_TEST_TMPDIR" || return
	serial=0
}
teardown() {
	! can_not || return 0
	daemon_log containerd 8
	local pod
	for pod in $(cri ListPodSandbox | jq -r '[.["1"] // empty] | flatten[] | .["1"]'); do
		cri StopPodSandbox "{\"1\": \"$pod\"}"
		cri RemovePodSandbox "{\"1\": \"$pod\"}"
	done
	[ "$runtime" != srt-oci ] || eventually no_state
}
no_state() { [ "$(srt-oci --root /run/containerd/runc/k8s.io list -q; srt-oci --root /run/srt-oci/k8s.io list -q)" = '' ]; }

# pod [FILTER]: a pod sandbox on the node's network; its config is $pod_config, its id $pod.
pod() {
	pod_config=$(jq -cn --arg logs "$PWD" '{"1": {"1": "pod", "2": "uid", "3": "default"}, "3": $logs,
		"8": {"2": {"1": {"1": 2, "2": 1}}}} | '"${1:-.}")
	pod=$(cri RunPodSandbox "$(jq -cn --argjson config "$pod_config" '{"1": $config, "2": "srt"}')" | jq -r '.["1"]')
}
# container FILTER COMMAND…: one in the pod, started; its id is $container. Its output goes to ./log.
container() {
	local filter=$1 config
	shift
	serial=$((serial + 1))
	config=$(words "$@" | jq -c --arg name "c$serial" '{"1": {"1": $name}, "2": {"1": "docker.io/library/box:latest"}, "3": .,
		"11": "log", "15": {"2": {"3": {"1": 2, "2": 1}}}} | '"$filter")
	container=$(cri CreateContainer "$(jq -cn --arg pod "$pod" --argjson config "$config" --argjson sandbox "$pod_config" \
		'{"1": $pod, "2": $config, "3": $sandbox}')" | jq -r '.["1"]')
	cri StartContainer "{\"1\": \"$container\"}"
}
# execute COMMAND…: in $container.
execute() { cri ExecSync "$(words "$@" | jq -c --arg id "$container" '{"1": $id, "2": ., "3": 10}')"; }
words() { printf '%s\037' "$@" | jq -Rsc 'split("\u001f")[:-1]'; }
# status FIELD: of $container; 3 is its state (1 runs, 2 has ended), 7 its exit code.
status() { cri ContainerStatus "{\"1\": \"$container\"}" | jq -r ".[\"1\"][\"$1\"] // 0"; }
ended() { [ "$(status 3)" = 2 ]; }
# logged [STREAM]: what the container said; the two streams come by two pipes, so that their order is nobody's promise.
logged() { awk -v stream="${1-}" 'stream == "" || $2 == stream { $1 = $2 = $3 = ""; print substr($0, 4) }' log; }

@test "a pod sandbox runs under the handler and is taken away" {
	pod
	[ "$(cri PodSandboxStatus "{\"1\": \"$pod\"}" | jq '.["1"]["3"] // 0')" = 0 ]
	ours 'its directory of states is asked'
	srt-oci --root /run/srt-oci/k8s.io list -q | grep -qx "$pod"
}

@test "an unknown handler is refused by the CRI plugin" {
	run -1 cri RunPodSandbox '{"1": {"1": {"1": "p", "2": "u", "3": "d"}}, "2": "none"}'
	has 'no runtime for "none" is configured'
}

@test "a container runs, its output is logged, its status kept" {
	pod
	container . sh -c 'echo out; echo err >&2; exit 7'
	eventually ended
	[ "$(status 7)" = 7 ]
	run logged
	has out
	has err
}

@test "a program that is not there is said to be so" {
	pod
	run -1 container . /nope
	has 'such file or directory'
}

@test "ExecSync passes on output, errors and status" {
	pod
	container . sh -c "$NAP"
	[ "$(status 3)" = 1 ]
	answer=$(execute sh -c 'echo out; echo err >&2; exit 9')
	[ "$(jq -r '.["1"] + .["2"] + (.["3"] | tostring)' <<<"$answer")" = $'out\nerr\n9' ]
}

@test "StopContainer sends TERM, and KILL after its time" {
	pod
	container . sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	sleep 0.2
	cri StopContainer "{\"1\": \"$container\", \"2\": 5}"
	[ "$(status 7)" = 3 ]
	container . sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	sleep 0.2
	cri StopContainer "{\"1\": \"$container\", \"2\": 1}"
	[ "$(status 7)" = 137 ]
	cri RemoveContainer "{\"1\": \"$container\"}"
}

@test "containers of a pod share its host name and IPC, not their processes" {
	pod '.["8"]["2"]["1"]["1"] = 2'
	container . sh -c 'echo note >/dev/shm/note; sleep 30'
	container . sh -c 'ls /proc | grep -c "^[0-9]"; cat /dev/shm/note; sleep 30'
	eventually grep -q note log
	[ "$(logged | head -1)" -le 4 ]
}

@test "a pod with a network of its own, by CNI" {
	[ -x /usr/lib/cni/bridge ] || skip 'containernetworking-plugins is not installed'
	pod '.["2"] = "podded" | .["8"]["2"]["1"]["1"] = 0'
	container '.["15"]["2"]["3"]["1"] = 0' sh -c 'hostname; ip -4 addr show dev eth0; ping -c 1 -W 2 10.88.0.1; sleep 30'
	eventually grep -q 'packets received' log
	output=$(logged)
	has podded
	has 10.88.0.
	has '1 packets received'
}

@test "the security context: user, groups, read-only root, capabilities, no new privileges, seccomp" {
	pod
	container '.["15"]["2"] += {"1": {"2": ["ALL"]}, "5": {"1": 1234}, "7": true, "8": [1235], "11": true, "12": {"1": 1234},
		"15": {"1": 0}}' sh -c 'id -u; id -G; grep -E "CapBnd|NoNewPrivs|^Seccomp:" /proc/self/status; touch /x; sleep 30'
	eventually grep -q 'Read-only' log
	output=$(logged stdout)
	has $'1234\n1234 1235'
	[[ $output =~ CapBnd:[[:space:]]+0000000000000000 && $output =~ NoNewPrivs:[[:space:]]+1 && $output =~ Seccomp:[[:space:]]+2 ]] || said
}

@test "mounts, environment, directory" {
	mkdir v
	echo note >v/note
	pod
	container '.["5"] = "/v" | .["6"] = [{"1": "WORD", "2": "said"}] |
		.["7"] = [{"1": "/v", "2": "'"$PWD/v"'", "3": true}]' sh -c 'echo $WORD; cat note; touch x || echo read-only; sleep 30'
	eventually grep -q read-only log
	[ "$(logged stdout | head -2)" = $'said\nnote' ]
}

@test "a privileged container" {
	pod '.["8"]["2"]["6"] = true'
	container '.["15"]["2"]["2"] = true' sh -c 'sed -n "s/^CapBnd:.//p" /proc/self/status; sleep 30'
	eventually test -s log
	[ "$((0x$(logged) >> 21 & 1))" -eq 1 ]
}

@test "UpdateContainerResources changes the limit" {
	memory
	pod
	container '.["15"]["1"] = {"4": 67108864}' sh -c "$NAP"
	[ "$(memory_of "k8s.io/$container")" = 67108864 ]
	cri UpdateContainerResources "{\"1\": \"$container\", \"2\": {\"4\": 83886080}}"
	[ "$(memory_of "k8s.io/$container")" = 83886080 ]
}

@test "the kubelet's probe of the runtime answers" {
	[ "$(cri Status | jq '[.["1"]["1"][] | select(.["1"] == "RuntimeReady")][0]["2"]')" = 1 ]
}
