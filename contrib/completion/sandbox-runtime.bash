# bash completion for sandbox-runtime; made by `sandbox-runtime completion bash`
_sandbox_runtime()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command='' words='' args='' ids='' paths='' programs='' i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-* | =) ;;
		*)
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	case $command:$prev in
	exec:--result) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--timeout) ;;
	exec:--kill-after) ;;
	exec:--memory) ;;
	exec:--cpu) ;;
	exec:--cpu-time) ;;
	exec:--cpu-shares) ;;
	exec:--max-processes) ;;
	exec:--max-files) ;;
	exec:--max-file-size) ;;
	exec:--disk) ;;
	exec:--max-output) ;;
	exec:--max-open-files) ;;
	exec:--mount) ;;
	exec:--allow-path) ;;
	exec:--deny-path) ;;
	exec:--env | exec:-e) ;;
	exec:--pass-env) ;;
	exec:--secret) ;;
	exec:--user) ;;
	exec:--cwd) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--network) ;;
	exec:--allow-domain) ;;
	exec:--deny-domain) ;;
	exec:--hosts-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--publish) ;;
	exec:--bundle) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--image) ;;
	exec:--workspace) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--workspace-by) ;;
	exec:--commit) ;;
	exec:--artifacts) ;;
	exec:--artifacts-dir) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--audit-log) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--violations) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--log-level) ;;
	exec:--settings) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	exec:--preset) ;;
	exec:--limits-backend) ;;
	exec:--allow-exec) ;;
	exec:--work-dir) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	serve:--socket) ;;
	serve:--size) ;;
	serve:--preload) ;;
	serve:--rotate-tasks) ;;
	serve:--rotate-after) ;;
	serve:--timeout) ;;
	serve:--kill-after) ;;
	serve:--memory) ;;
	serve:--cpu) ;;
	serve:--cpu-time) ;;
	serve:--cpu-shares) ;;
	serve:--max-processes) ;;
	serve:--max-files) ;;
	serve:--max-file-size) ;;
	serve:--disk) ;;
	serve:--max-output) ;;
	serve:--max-open-files) ;;
	serve:--mount) ;;
	serve:--allow-path) ;;
	serve:--deny-path) ;;
	serve:--env | serve:-e) ;;
	serve:--pass-env) ;;
	serve:--secret) ;;
	serve:--user) ;;
	serve:--cwd) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	serve:--network) ;;
	serve:--allow-domain) ;;
	serve:--deny-domain) ;;
	serve:--hosts-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	serve:--publish) ;;
	serve:--bundle) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	serve:--image) ;;
	serve:--workspace) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	serve:--workspace-by) ;;
	serve:--commit) ;;
	serve:--artifacts) ;;
	serve:--artifacts-dir) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	serve:--audit-log) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	serve:--violations) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	serve:--log-level) ;;
	serve:--settings) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	serve:--preset) ;;
	serve:--limits-backend) ;;
	serve:--allow-exec) ;;
	serve:--work-dir) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	explain:--timeout) ;;
	explain:--kill-after) ;;
	explain:--memory) ;;
	explain:--cpu) ;;
	explain:--cpu-time) ;;
	explain:--cpu-shares) ;;
	explain:--max-processes) ;;
	explain:--max-files) ;;
	explain:--max-file-size) ;;
	explain:--disk) ;;
	explain:--max-output) ;;
	explain:--max-open-files) ;;
	explain:--mount) ;;
	explain:--allow-path) ;;
	explain:--deny-path) ;;
	explain:--env | explain:-e) ;;
	explain:--pass-env) ;;
	explain:--secret) ;;
	explain:--user) ;;
	explain:--cwd) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	explain:--network) ;;
	explain:--allow-domain) ;;
	explain:--deny-domain) ;;
	explain:--hosts-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	explain:--publish) ;;
	explain:--bundle) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	explain:--image) ;;
	explain:--workspace) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	explain:--workspace-by) ;;
	explain:--commit) ;;
	explain:--artifacts) ;;
	explain:--artifacts-dir) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	explain:--audit-log) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	explain:--violations) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	explain:--log-level) ;;
	explain:--settings) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	explain:--preset) ;;
	explain:--limits-backend) ;;
	explain:--allow-exec) ;;
	explain:--work-dir) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	doctor:--require) ;;
	*) false ;;
	esac && return
	case $command in
	'') words='exec serve explain doctor selftest schema man completion  --help' ;;
	exec) words=' --json-output --result --timeout --kill-after --memory --cpu --cpu-time --cpu-shares --max-processes --max-files --max-file-size --disk --max-output --max-open-files --mount --allow-path --deny-path --env --pass-env --secret --user --cwd --no-network --allow-network --network --allow-domain --deny-domain --hosts-file --publish --bundle --image --workspace --workspace-by --commit --artifacts --artifacts-dir --audit-log --violations --trace --log-level --settings --preset --limits-backend --allow-fs-write --allow-exec --work-dir --allow-degraded --help' programs=yes ;;
	serve) words=' --socket --size --preload --rotate-tasks --rotate-after --fresh --until-eof --timeout --kill-after --memory --cpu --cpu-time --cpu-shares --max-processes --max-files --max-file-size --disk --max-output --max-open-files --mount --allow-path --deny-path --env --pass-env --secret --user --cwd --no-network --allow-network --network --allow-domain --deny-domain --hosts-file --publish --bundle --image --workspace --workspace-by --commit --artifacts --artifacts-dir --audit-log --violations --trace --log-level --settings --preset --limits-backend --allow-fs-write --allow-exec --work-dir --allow-degraded --help' ;;
	explain) words=' --json --plan --timeout --kill-after --memory --cpu --cpu-time --cpu-shares --max-processes --max-files --max-file-size --disk --max-output --max-open-files --mount --allow-path --deny-path --env --pass-env --secret --user --cwd --no-network --allow-network --network --allow-domain --deny-domain --hosts-file --publish --bundle --image --workspace --workspace-by --commit --artifacts --artifacts-dir --audit-log --violations --trace --log-level --settings --preset --limits-backend --allow-fs-write --allow-exec --work-dir --allow-degraded --help' programs=yes ;;
	doctor) words=' --json --require --help' ;;
	selftest) words=' --help' ;;
	schema) words=' --help' ;;
	man) words=' --help' ;;
	completion) words=' --help' args='bash zsh fish' ;;
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
complete -o filenames -F _sandbox_runtime sandbox-runtime
