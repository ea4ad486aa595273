# SPDX-License-Identifier: Apache-2.0
# sandbox.bats - sandboxes whose limits cgroup v2 holds, as root and in a delegated part of the tree.
# vm guests: uml-plain
# shellcheck disable=SC2016,SC2154,SC2015

load ../integration/lib/sandbox

@test "memory, processes, processors, disk, files and output are held, told, and no cgroup is left" {
	find /sys/fs/cgroup -name '*-sb-*' >before
	verdict 0 ok true
	[ "$(fact .limits.backend)" = cgroup2 ]
	verdict 137 memory --limits-backend cgroup2 --timeout 15s --memory 40M python3 -c '
import os, time
for i in range(10):
	if os.fork() == 0:
		x = bytearray(b"x" * (10 << 20)); time.sleep(12); os._exit(0)
time.sleep(12)'
	verdict 1 processes --limits-backend cgroup2 --timeout 15s --max-processes 8 python3 -c '
import os, time
while True:
	if os.fork() == 0: time.sleep(12); os._exit(0)'
	verdict 124 exit --limits-backend cgroup2 --timeout 15s --cpu 0.5 timeout 2 sh -c 'while :; do :; done'
	jq -e '.cpu_time_ms < 1800' <<<"$json"
	verdict 1 disk --limits-backend cgroup2 --disk 1M sh -c 'head -c 3M /dev/zero >/tmp/f'
	verdict 1 files --limits-backend cgroup2 --max-files 10 sh -c 'for i in $(seq 20); do echo >/tmp/$i || exit 1; done'
	verdict 137 output --limits-backend cgroup2 --timeout 15s --max-output 10K yes
	verdict 137 signal --limits-backend cgroup2 sh -c 'kill -9 $$'
	find /sys/fs/cgroup -name '*-sb-*' | cmp - before
}

@test "a backend that is not there is refused" {
	refused '*--limits-backend: *' --limits-backend cgroup1 true
	verdict 0 ok --limits-backend supervisor true
	[ "$(fact .limits.backend)" = supervisor ]
}
