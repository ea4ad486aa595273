# bash completion of srt-oci-bundle; written by srt-oci-bundle --completion=bash
_srt_oci_bundle()
{
	local cur=${COMP_WORDS[COMP_CWORD]} words=
	case ${COMP_WORDS[1]} in
	build) words=" --output= --name= --arg= --map= --platform= --replace --override --check --locked --allow-exec --threads= --devices= --setid= --owner= --json --quiet --help --max-total= --max-file= --max-ratio= --max-entries= --max-path= --max-depth= --max-link= --max-input= --max-header= --max-xattrs= --max-layers= --max-seconds=" ;;
	unpack) words=" --output= --name= --arg= --map= --platform= --replace --check --devices= --setid= --owner= --json --quiet --help --max-total= --max-file= --max-ratio= --max-entries= --max-path= --max-depth= --max-link= --max-input= --max-header= --max-xattrs= --max-layers= --max-seconds=" ;;
	lock) words=" --output= --update --json --quiet --help" ;;
	pack) words=" --output= --type= --compress= --json --quiet --help" ;;
	verify) words=" --quick --full --digest= --json --quiet --help" ;;
	diff) words=" --json --quiet --help" ;;
	inspect) words=" --output= --manifest --sbom --provenance --files --tree --html --json --quiet --help" ;;
	digest) words=" --json --quiet --help" ;;
	ls) words=" --json --quiet --help" ;;
	rm) words=" --json --quiet --help" ;;
	prune) words=" --dry-run --keep= --json --quiet --help" ;;
	fsck) words=" --dry-run --json --quiet --help" ;;
	enter) words=" --argv0= --run-anyway --help" ;;
	esac
	if [ "$COMP_CWORD" -eq 1 ]; then
		words=" build unpack lock pack verify diff inspect digest ls rm prune fsck enter --help --version --man --completion="
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -F _srt_oci_bundle srt-oci-bundle
