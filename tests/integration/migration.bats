# SPDX-License-Identifier: Apache-2.0
# migration.bats - docs/migration.md knows every flag of crun and runc, and what it calls the same is there.
# shellcheck disable=SC2154

bats_require_minimum_version 1.5.0

COMMANDS=(create run start state kill delete exec list ps pause resume spec update events checkpoint restore features)

# flags RUNTIME [COMMAND]: the long options of its help, a line each. Where it has no such command it says so, or prints the
# help of the program itself.
flags() {
	"$@" --help 2>/dev/null | grep -oE '^ +(-[a-zA-Z], +)?--[a-z][a-z0-9-]*' | grep -oE -- '--[a-z0-9-]+' |
		grep -vxE -- '--(help|usage|version)' | sort -u
}
has_row() { grep -qE "^\| $1 \| \`$2\`( |\|)" "$SRT_TOP/docs/migration.md"; }

# all_rows RUNTIME GLOBAL-WORD: every flag of it has a row.
all_rows() {
	local command flag missing=0 global
	global=$(flags "$1")
	for flag in $global; do
		has_row '\(global\)' "$flag" || { echo "$1: $flag"; missing=1; }
	done
	for command in "${COMMANDS[@]}"; do
		"$1" --help 2>/dev/null | grep -qE "^\s+$command( |$)" || continue
		for flag in $(flags "$1" "$command"); do
			has_row "$command" "$flag" || { echo "$1 $command: $flag"; missing=1; }
		done
	done
	return $missing
}

@test "every flag of crun has a row" {
	command -v crun >/dev/null || skip 'crun is not installed'
	all_rows crun
}

@test "every flag of runc has a row" {
	command -v runc >/dev/null || skip 'runc is not installed'
	all_rows runc
}

@test "what is called the same is a flag of ours" {
	count=0
	while IFS='|' read -r _ command flag _ _ ours _; do
		command=${command// /} flag=$(grep -oE -- '--[a-z0-9-]+' <<<"$flag" | head -n 1)
		[[ $ours == ' same'* ]] || continue
		if [ "$command" = '(global)' ]; then
			help=$("$SRT_OCI" --help)
		else
			"$SRT_OCI" help | grep -qE "^  $command " || continue
			help=$("$SRT_OCI" "$command" --help)
		fi
		grep -qE -- " $flag( |=|\[|$)" <<<"$help" || { echo "$command: $flag"; false; }
		count=$((count + 1))
	done < <(grep -E '^\| [^|]+ \| `--' "$SRT_TOP/docs/migration.md")
	[ "$count" -gt 60 ]
}
