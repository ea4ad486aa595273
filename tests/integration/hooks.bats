# SPDX-License-Identifier: Apache-2.0
# hooks.bats - hooks of all six kinds: when, where and with what they run, and what their failure does.
# Filters and the scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2154

load lib/container

setup_here() {
	# A hook notes its name, namespaces, environment and state. It runs inside, too, where the log is bound.
	mkdir log
	cat >hook <<-'SH'
		#!/bin/sh
		state=$(cat)
		echo "$1" >>"$2/order"
		echo "$state" >"$2/$1.json"
		for n in mnt pid net user; do readlink /proc/self/ns/$n; done >"$2/$1.ns"
		tr '\0' '\n' </proc/self/environ >"$2/$1.env"
		pwd >"$2/$1.cwd"
		[ ! -e "$2/fail-$1" ] || exit 7
	SH
	chmod +x hook
	rootfs b/rootfs
	cp hook b/rootfs/bin/hook
	hooks='def hook($n; $path): {($n): [{path: $path, args: ["hook", $n, $log], env: ["PATH=/bin:/usr/bin", "HOOK=" + $n]}]};
		.mounts += [{destination: $log, type: "bind", source: $log, options: ["bind"]}] |
		.hooks = hook("prestart"; $here) + hook("createRuntime"; $here) + hook("createContainer"; $here) +
			hook("startContainer"; "/bin/hook") + hook("poststart"; $here) + hook("poststop"; $here)'
}

hooked() { bundle b "echo payload >>$PWD/log/order; ${1:-:}" "$hooks | ${2:-.}" --arg log "$PWD/log" --arg here "$PWD/hook"; }

order() { tr '\n' ' ' <log/order; }

@test "hooks run in the order of the specification, around create, start and delete" {
	hooked "$SLEEP"
	srt create -b b x 3>&- >out 2>&1
	[ "$(order)" = 'prestart createRuntime createContainer ' ]
	srt start x
	eventually file_has log/order payload
	[[ $(order) == 'prestart createRuntime createContainer startContainer p'* ]]
	[ "$(sort log/order | tr '\n' ' ')" = 'createContainer createRuntime payload poststart prestart startContainer ' ]
	srt kill x KILL
	eventually has_status x stopped
	srt delete x
	[ "$(tail -1 log/order)" = poststop ]
	[ "$(wc -l <log/order)" -eq 7 ]
}

@test "each hook gets the state, with the status of its time, and its own environment alone" {
	SECRET=leak
	export SECRET
	hooked "sleep 0.3"
	run -0 --separate-stderr srt run -b b x
	[ -z "$stderr" ]
	for pair in prestart:creating createRuntime:creating createContainer:creating startContainer:created poststart:running \
		poststop:stopped; do
		name=${pair%:*}
		[ "$(jq -r '.status + " " + .id + " " + .bundle' "log/$name.json")" = "${pair#*:} x $PWD/b" ] ||
			{ echo "$name"; cat "log/$name.json"; return 1; }
		grep -v -e '^PWD=' -e '^SHLVL=' -e '^_=' -e '^HOME=/root$' -e '^OLDPWD=' "log/$name.env" | sort >only
		[ "$(tr '\n' ' ' <only)" = "HOOK=$name PATH=/bin:/usr/bin " ] || { echo "$name"; cat only; return 1; }
	done
	for name in prestart createRuntime createContainer poststart; do
		[ "$(jq .pid "log/$name.json")" -gt 1 ]
	done
}

@test "runtime hooks run outside, container hooks in the container's namespaces" {
	hooked "for n in mnt pid net user; do readlink /proc/self/ns/\$n; done >$PWD/log/payload.ns"
	run -0 --separate-stderr srt run -b b x
	for n in mnt pid net user; do readlink /proc/self/ns/$n; done >outside
	for name in prestart createRuntime poststart poststop; do
		cmp outside "log/$name.ns"
	done
	cmp log/payload.ns log/startContainer.ns
	cmp <(sed -n 1p log/payload.ns) <(sed -n 1p log/createContainer.ns)
	cmp <(sed -n 3,4p log/payload.ns) <(sed -n 3,4p log/createContainer.ns)
	[ "$(cat log/startContainer.cwd)" = / ]
}

@test "a hook that fails before the payload runs aborts, and nothing is left" {
	for name in prestart createRuntime createContainer; do
		: >log/order
		: >"log/fail-$name"
		hooked 'echo never'
		refused "*/hooks/$name/0*exit status 7*" srt create -b b x
		refused "*/hooks/$name/0*exit status 7*" srt run -b b x
		run ! grep -q payload log/order
		rm "log/fail-$name"
	done
	: >log/fail-startContainer
	hooked 'echo never'
	refused '*/hooks/startContainer/0*exit status 7*' srt run -b b x
	run ! grep -q payload log/order
	srt create -b b x 3>&- >out 2>&1
	run -1 --separate-stderr srt start x
	[[ $stderr == *'/hooks/startContainer/0'*'exit status 7'* ]]
	eventually has_status x stopped
}

@test "a poststart hook that fails ends the container" {
	: >log/fail-poststart
	hooked "$SLEEP"
	refused '*/hooks/poststart/0*exit status 7*' srt run -d -b b x
	srt create -b b x 3>&- >out 2>&1
	run -1 --separate-stderr srt start x
	[[ $stderr == *'/hooks/poststart/0'* ]]
	eventually has_status x stopped
}

@test "a poststop hook that fails is a warning" {
	: >log/fail-poststop
	hooked :
	run -0 --separate-stderr srt --log warnings run -b b x
	grep -q '/hooks/poststop/0.*exit status 7' warnings
	hooked "$SLEEP"
	srt create -b b x 3>&- >out 2>&1
	run -0 srt --log warnings2 delete --force x
	grep -q 'poststop.*exit status 7' warnings2
}

@test "a hook that takes longer than its timeout is ended and fails" {
	bundle b 'echo never' '.hooks = {createRuntime: [{path: "/bin/sleep", args: ["sleep", "20"], timeout: 1}]}'
	began=$SECONDS
	refused '*/hooks/createRuntime/0*' srt run -b b x
	[ $((SECONDS - began)) -lt 5 ]
}

@test "a hook that is not there, or ended by a signal, fails with its name" {
	bundle b 'echo never' '.hooks = {prestart: [{path: "/no/such/hook"}]}'
	refused '*/hooks/prestart/0*/no/such/hook*No such file*' srt run -b b x
	bundle b 'echo never' '.hooks = {prestart: [{path: "/bin/sh", args: ["sh", "-c", "kill -9 $$"]}]}'
	refused '*/hooks/prestart/0*signal 9*' srt run -b b x
}

@test "hooks of one kind run one after the other, and the first failure ends them" {
	bundle b : '.hooks = {createRuntime: [range(1; 5) | {path: "/bin/sh", args: ["sh", "-c", "echo \(.) >>" + $log + "; [ \(.) != 3 ]"]}]}' \
		--arg log "$PWD/log/order"
	refused '*/hooks/createRuntime/2*' srt run -b b x
	[ "$(order)" = '1 2 3 ' ]
}

@test "an engine's prestart hook can set up the network of the container" {
	only root
	cat >net <<-'SH'
		#!/bin/sh
		pid=$(sed 's/.*"pid": *\([0-9]*\).*/\1/' | head -1)
		nsenter -t "$pid" -n ip link add dummy0 type dummy || nsenter -t "$pid" -n ip tuntap add dummy0 mode tap
	SH
	chmod +x net
	bundle b 'ls /sys/class/net' '.hooks = {prestart: [{path: $hook, env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]}' --arg hook "$PWD/net"
	run -0 --separate-stderr srt run -b b x
	has dummy0
}
