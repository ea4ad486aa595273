# bash completion for srt-oci; made by `srt-oci completion bash`
_srt_oci()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command='' words='' args='' ids='' paths='' programs='' i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root | --log | --log-format | --log-level | --cgroup-manager | --criu) ((i++)) ;;
		-* | =) ;;
		*)
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	case $command:$prev in
	:--root) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	:--log) ;;
	:--log-format) mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur") ;;
	:--log-level) mapfile -t COMPREPLY < <(compgen -W 'error warning info debug' -- "$cur") ;;
	:--cgroup-manager) mapfile -t COMPREPLY < <(compgen -W 'cgroupfs systemd disabled' -- "$cur") ;;
	:--criu) ;;
	create:--bundle | create:-b) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	create:--config | create:-f) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	create:--console-socket) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	create:--pidfd-socket) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	create:--pid-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	create:--violations) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	create:--preserve-fds) ;;
	run:--bundle | run:-b) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	run:--config | run:-f) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	run:--console-socket) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	run:--pidfd-socket) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	run:--pid-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	run:--violations) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	run:--preserve-fds) ;;
	exec:--process | exec:-p) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--user | exec:-u) ;;
	exec:--additional-gids | exec:-g) ;;
	exec:--cwd) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--env | exec:-e) ;;
	exec:--cap | exec:-c) mapfile -t COMPREPLY < <(compgen -W 'CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID CAP_SETPCAP CAP_LINUX_IMMUTABLE CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_ADMIN CAP_NET_RAW CAP_IPC_LOCK CAP_IPC_OWNER CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_PACCT CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_NICE CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_MKNOD CAP_LEASE CAP_AUDIT_WRITE CAP_AUDIT_CONTROL CAP_SETFCAP CAP_MAC_OVERRIDE CAP_MAC_ADMIN CAP_SYSLOG CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_AUDIT_READ CAP_PERFMON CAP_BPF CAP_CHECKPOINT_RESTORE' -- "$cur") ;;
	exec:--cgroup) ;;
	exec:--apparmor) ;;
	exec:--process-label) ;;
	exec:--console-socket) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--pidfd-socket) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--pid-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--preserve-fds) ;;
	list:--format | list:-f) mapfile -t COMPREPLY < <(compgen -W 'table json' -- "$cur") ;;
	ps:--format | ps:-f) mapfile -t COMPREPLY < <(compgen -W 'table json' -- "$cur") ;;
	update:--resources | update:-r) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	update:--memory | update:-m) ;;
	update:--memory-reservation) ;;
	update:--memory-swap) ;;
	update:--kernel-memory) ;;
	update:--kernel-memory-tcp) ;;
	update:--cpu-share | update:-c) ;;
	update:--cpu-period) ;;
	update:--cpu-quota) ;;
	update:--cpu-burst) ;;
	update:--cpu-idle) mapfile -t COMPREPLY < <(compgen -W '0 1' -- "$cur") ;;
	update:--cpu-rt-period) ;;
	update:--cpu-rt-runtime) ;;
	update:--cpuset-cpus) ;;
	update:--cpuset-mems) ;;
	update:--pids-limit) ;;
	update:--blkio-weight) ;;
	update:--l3-cache-schema) ;;
	update:--mem-bw-schema) ;;
	events:--interval) ;;
	checkpoint:--image-path) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	checkpoint:--work-path) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	checkpoint:--manage-cgroups-mode) mapfile -t COMPREPLY < <(compgen -W 'soft full strict ignore' -- "$cur") ;;
	checkpoint:--empty-ns) ;;
	checkpoint:--parent-path) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	checkpoint:--status-fd) ;;
	checkpoint:--page-server) ;;
	restore:--image-path) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	restore:--work-path) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	restore:--manage-cgroups-mode) mapfile -t COMPREPLY < <(compgen -W 'soft full strict ignore' -- "$cur") ;;
	restore:--empty-ns) ;;
	restore:--bundle | restore:-b) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	restore:--config | restore:-f) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	restore:--console-socket) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	restore:--pid-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	restore:--lsm-profile) ;;
	restore:--lsm-mount-context) ;;
	spec:--bundle | spec:-b) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	spec:--file | spec:-f) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	plan:--facts) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	plan:--config | plan:-f) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	plan:--preserve-fds) ;;
	check:--config | check:-f) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	*) false ;;
	esac && return
	case $command in
	'') words='create run start state kill delete exec list ps pause resume update events mounts checkpoint restore spec features facts plan check bundle completion help version  --root --log --log-format --log-level --debug --systemd-cgroup --cgroup-manager --rootless --strict --criu --version --help' ;;
	create) words=' --bundle --config --console-socket --pidfd-socket --pid-file --violations --no-pivot --no-new-keyring --no-subreaper --preserve-fds --help' ids=yes ;;
	run) words=' --detach --keep --bundle --config --console-socket --pidfd-socket --pid-file --violations --no-pivot --no-new-keyring --no-subreaper --preserve-fds --help' paths=yes ;;
	start) words=' --help' ids=yes ;;
	state) words=' --help' ids=yes ;;
	kill) words=' --all --regex --help' ids=yes args='HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS RTMIN RTMAX' ;;
	delete) words=' --force --regex --help' ids=yes ;;
	exec) words=' --process --ignore-paused --detach --tty --user --additional-gids --cwd --env --cap --cgroup --no-new-privs --apparmor --process-label --console-socket --pidfd-socket --pid-file --preserve-fds --help' ids=yes ;;
	list) words=' --format --quiet --help' ;;
	ps) words=' --format --help' ids=yes ;;
	pause) words=' --help' ids=yes ;;
	resume) words=' --help' ids=yes ;;
	update) words=' --resources --memory --memory-reservation --memory-swap --kernel-memory --kernel-memory-tcp --cpu-share --cpu-period --cpu-quota --cpu-burst --cpu-idle --cpu-rt-period --cpu-rt-runtime --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --l3-cache-schema --mem-bw-schema --help' ids=yes ;;
	events) words=' --stats --interval --help' ids=yes ;;
	mounts) words=' --help' args='add remove' ;;
	checkpoint) words=' --image-path --work-path --tcp-established --ext-unix-sk --shell-job --file-locks --lazy-pages --manage-cgroups-mode --empty-ns --auto-dedup --parent-path --leave-running --status-fd --page-server --pre-dump --help' ids=yes ;;
	restore) words=' --image-path --work-path --tcp-established --ext-unix-sk --shell-job --file-locks --lazy-pages --manage-cgroups-mode --empty-ns --auto-dedup --bundle --config --detach --console-socket --pid-file --no-subreaper --no-pivot --lsm-profile --lsm-mount-context --help' ids=yes ;;
	spec) words=' --bundle --file --rootless --help' ;;
	features) words=' --help' ;;
	facts) words=' --help' ;;
	plan) words=' --json --facts --config --no-pivot --no-new-keyring --preserve-fds --help' paths=yes ;;
	check) words=' --config --help' paths=yes ;;
	bundle) words=' --help' ;;
	completion) words=' --help' args='bash zsh fish' ;;
	help) words=' --help' args='create run start state kill delete exec list ps pause resume update events mounts checkpoint restore spec features facts plan check bundle completion help version' ;;
	version) words=' --help' ;;
	esac
	if [[ ( -z $command && -z $programs ) || $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	fi
	[[ $paths ]] && mapfile -t COMPREPLY < <(compgen -d -- "$cur")
	[[ $programs ]] && mapfile -t COMPREPLY < <(compgen -cf -- "$cur")
	[[ $ids ]] && args+=" $(srt-oci list --quiet 2>/dev/null)"
	[[ $args ]] && mapfile -t COMPREPLY < <(compgen -W "$args" -- "$cur")
}
complete -o filenames -F _srt_oci srt-oci
