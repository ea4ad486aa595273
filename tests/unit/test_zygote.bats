# SPDX-License-Identifier: Apache-2.0
# test_zygote.bats - what the pool's interpreter is given to load.
# shellcheck disable=SC2154 # variables of bats and tap-run

setup() { cd "${TMPDIR:?is set by tap-run}" || return; }

@test "its native part fits C libraries older than the one it was built with" {
	local libc
	libc=$(ldd /bin/sh | awk '$1 == "libc.so.6" { print $3 }')
	[ -n "$libc" ] || skip "the C library is not glibc"
	nm -D --undefined-only "$SRT_BUILD/gen-bin/zygote.so" | awk '$2 !~ /^_?Py/ { print $2 }' >wanted
	objdump -T "$libc" | awk 'NR == FNR { wanted[$1]; next } $NF in wanted { print $NF, $(NF - 1) }' wanted - | tr -d '()' >has
	grep -q '^mremap ' has
	# Of a function with several versions the oldest will do.
	sort -k1,1 -k2,2V has | awk '!seen[$1]++ { split($2, v, /[_.]/); if (v[2] > 2 || v[3] > 28) print }' >younger
	cat younger
	[ ! -s younger ]
}
