# bash completion for srt; made by `sandbox-runtime completion bash srt`
_srt()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command='' words='' args='' ids='' paths='' programs='' i
	COMPREPLY=()
	case $command:$prev in
	:--settings | :-s) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	:--command | :-c) ;;
	:--result) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	*) false ;;
	esac && return
	case $command in
	'') words=' --settings --command --debug --json-output --result --allow-degraded --version --help' programs=yes ;;
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
complete -o filenames -F _srt srt
