# SPDX-License-Identifier: Apache-2.0
# test_arrows.bats - the lint of the folders sees what it promises to see, and nothing else.

setup() {
	arrows=$SRT_TOP/tests/lib/arrows
	cd "${TMPDIR:?is set by tap-run}" || return
	rm -rf spec runtime bundle
}

# file PATH LINE…: a C file with its licence and the lines.
file() {
	path=$1
	shift
	mkdir -p "${path%/*}"
	{ echo '/* SPDX-License-Identifier: Apache-2.0 */'; printf '%s\n' "$@"; } >"$path"
}

refused() {
	run "$arrows" no-build
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"$1"* ]]
}

@test "downward includes are in order" {
	file runtime/act/a.c '#include "runtime/act/a.h"' '#include "spec/base/fd.h"' '#include <unistd.h>'
	file runtime/plan/p.c '#include "spec/oci/config.h"' '/* syscall() and strcpy() in words */' 'char *s = "system(";'
	run "$arrows" no-build
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "an empty tree is no clean tree" {
	refused 'no C file here'
}

@test "spec/ knows nothing above it" {
	file spec/oci/a.c '#include "runtime/plan/op.h"'
	refused 'spec/oci/a.c:2: spec/oci/ must not include runtime/plan/op.h'
}

@test "act/ does not read the document" {
	file runtime/act/a.c '#include "spec/oci/config.h"'
	refused 'must not include spec/oci/config.h'
}

@test "the bundle half does not reach into the runtime" {
	file bundle/a.c '#include "runtime/plan/op.h"'
	refused 'bundle/ must not include'
}

@test "the probe may fill facts and nothing else of plan/" {
	file runtime/probe/a.c '#include "runtime/plan/facts.h"' '#include "runtime/plan/plan.h"'
	refused 'a.c:3: runtime/probe/ must not include runtime/plan/plan.h'
}

@test "plan/ does not include the system calls" {
	file runtime/plan/a.c '#include "spec/base/sys.h"'
	refused 'must not include spec/base/sys.h'
}

@test "only one file calls the kernel by number" {
	file spec/base/sys.c 'int a = syscall(1);'
	file spec/base/fd.c 'int a = syscall(1);'
	refused 'spec/base/fd.c:2: syscall'
}

@test "unsafe functions are refused" {
	for call in 'strcpy(a, b)' 'sprintf(a, b)' 'gets(a)' 'system(a)' 'popen(a, b)' 'atoi(a)'; do
		file spec/base/a.c "int f(void) { return $call; }"
		refused "${call%%(*} must not be used here"
	done
}

@test "a long function and a long file are refused" {
	# Lines of code, one for each number.
	mapfile -t body < <(seq -f 'int a%g;' 81)
	file spec/base/a.c 'int long_one(void)' '{' "${body[@]}" '}'
	refused 'long_one has 81 lines'
	mapfile -t body < <(seq -f 'int a%g;' 600)
	file spec/base/a.c "${body[@]}"
	refused '601 lines'
}

@test "an object of plan/ that wants the kernel is refused" {
	command -v gcc >/dev/null || skip 'no gcc'
	file runtime/plan/a.c 'int open(const char *, int, ...);' 'int f(void); int f(void) { return open("/", 0); }'
	mkdir -p b/host/runtime/plan
	gcc -c -o b/host/runtime/plan/a.o runtime/plan/a.c
	run "$arrows" b
	[ "$status" -eq 1 ]
	[[ $output == *'wants open'* ]]
}
