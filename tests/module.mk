# SPDX-License-Identifier: Apache-2.0
# Tests, checks, benchmark, installation. A suite is whatever files its folder holds.

BUILD_DEPS := gcc libc6-dev binutils musl-tools linux-libc-dev pkg-config libyajl-dev libseccomp-dev libmount-dev \
	libarchive-dev libssl-dev libsystemd-dev zlib1g-dev libzstd-dev git ca-certificates
TEST_DEPS := perl libcmocka-dev bats python3 python3-jsonschema jq strace busybox-static bubblewrap crun runc uidmap iproute2 libcap2-bin \
	util-linux golang-github-containers-common curl file bzip2 xz-utils zstd procps man-db
# The engines above the runtime: the first ones are part of the check, the others of check-engines.
TEST_DEPS += podman conmon catatonit slirp4netns netavark iptables buildah containerd
ENGINE_DEPS := docker.io containernetworking-plugins curl slurmctld slurmd slurm-client munge
# What makes and takes images and archives beside us.
TEST_DEPS += cpio skopeo umoci libarchive-tools faketime openssl
# The package of contrib/python: how it is installed, its mode restricted, its types; and the example of contrib/rust.
TEST_DEPS += libpython3.11-testsuite python3-venv python3-pip python3-setuptools python3-restrictedpython python3-yaml mypy rustc
# What the npm package that srt is compared with runs; it comes by npm itself (tests/lib/npm-peer).
TEST_DEPS += socat ripgrep
# What makes a full NAT; slirp4netns is the engines', too.
TEST_DEPS += passt slirp4netns
BENCH_EGRESS_DEPS := socat nftables
LINT_DEPS := clang clang-format clang-tidy cppcheck shellcheck
FUZZ_DEPS := clang libclang-rt-dev
TEST_USER := srttest

# Libraries that a test may need; the linker leaves out what it does not use.
TEST_LIBS := -Wl,--as-needed -lcmocka -lyajl -lseccomp -lmount
BUNDLE_TEST_LIBS := -larchive -lcrypto -lz -lzstd

# --- the two halves that the Makefile does not know --------------------------------------------------------------------
BUNDLE_OBJ_SRC := $(filter-out bundle/main.c,$(wildcard bundle/*.c rootfs-tools/*.c spec/image/*.c))
define bundle_archive
$(B)/$(1)/libbundle-test.a: $(BUNDLE_OBJ_SRC:%.c=$(B)/$(1)/%.o)
	@rm -f $$@
	$$(call say,AR,$$@)
	$$(Q)$$(AR) rcs $$@ $$^
endef

# libFuzzer's objects: clang, with coverage feedback.
fuzz_CC := clang
fuzz_FLAGS := $(BASE_FLAGS) -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined
fuzz_LDFLAGS := -fsanitize=fuzzer,address,undefined
$(eval $(call variant_rules,fuzz))
$(foreach v,host asan fuzz,$(eval $(call bundle_archive,$(v))))

# --- test programs -----------------------------------------------------------------------------------------------------
UNIT_SRC := $(wildcard tests/unit/test_*.c)
FAULT_SRC := $(wildcard tests/fault/test_*.c)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
# Those that reach into the bundle half link it as well.
NEED_BUNDLE := $(if $(UNIT_SRC)$(FUZZ_SRC),$(shell grep -lE '^\#include "(bundle|rootfs-tools|spec/image)/' $(UNIT_SRC) $(FUZZ_SRC)))

# test_program VARIANT SOURCE: one program from one source and the library of its variant.
define test_program
$(B)/$(1)/$(2:.c=): $(B)/$(1)/$(2:.c=.o) $(3) $(if $(filter $(2),$(NEED_BUNDLE)),$(B)/$(1)/libbundle-test.a) \
		$(B)/$(1)/libsrt.a
	$$(call say,LD,$$@)
	$$(Q)$$($(1)_CC) $$($(1)_LDFLAGS) -o $$@ $$^ $(TEST_LIBS) $(if $(filter $(2),$(NEED_BUNDLE)),$(BUNDLE_TEST_LIBS))
endef
$(foreach s,$(UNIT_SRC),$(foreach v,host asan,$(eval $(call test_program,$(v),$(s)))))
$(foreach s,$(FUZZ_SRC),$(eval $(call test_program,fuzz,$(s))))
$(foreach s,$(FUZZ_SRC),$(eval $(call test_program,asan,$(s),$(B)/asan/tests/lib/fuzz_main.o)))

# Fault tests stand on a fake of spec/base/sys.c and vfork.h; everything else is the real thing.
FAKE_SRC := $(filter-out spec/base/sys.c spec/base/vfork_%.c,$(LIB_SRC)) \
	$(filter-out $(FAULT_SRC),$(wildcard tests/fault/*.c))
define fault_programs
$(B)/$(1)/libsrt-fake.a: $(FAKE_SRC:%.c=$(B)/$(1)/%.o)
	@rm -f $$@
	$$(call say,AR,$$@)
	$$(Q)$$(AR) rcs $$@ $$^
$(FAULT_SRC:%.c=$(B)/$(1)/%): $(B)/$(1)/%: $(B)/$(1)/%.o $(B)/$(1)/libsrt-fake.a
	$$(call say,LD,$$@)
	$$(Q)$$($(1)_CC) $$($(1)_LDFLAGS) -o $$@ $$^ $(TEST_LIBS)
endef
$(foreach v,host asan,$(eval $(call fault_programs,$(v))))

UNIT := $(UNIT_SRC:%.c=$(B)/host/%)
UNIT_ASAN := $(UNIT_SRC:%.c=$(B)/asan/%)
FAULT := $(FAULT_SRC:%.c=$(B)/host/%)
FAULT_ASAN := $(FAULT_SRC:%.c=$(B)/asan/%)
REPLAY := $(FUZZ_SRC:%.c=$(B)/asan/%)
FUZZERS := $(FUZZ_SRC:%.c=$(B)/fuzz/%)
UNIT_BATS := $(wildcard tests/unit/*.bats)
GOLDEN := $(wildcard tests/golden/run)
CONFORMANCE := $(wildcard tests/conformance/run)
BATS := $(wildcard tests/integration/*.bats)
QUICK := $(if $(BATS),$(shell grep -lE '^\# bats file_tags=(.*,)?quick(,|$$)' $(BATS)))
# Those with a long half, which SRT_LONG asks for.
LONG := $(if $(BATS),$(shell grep -l SRT_LONG $(BATS)))
# A program with its corpus is one argument of the runner.
REPLAY_ARGS := $(foreach r,$(REPLAY),'$(r) tests/fuzz/corpus/$(patsubst fuzz_%,%,$(notdir $(r)))')
include tests/golden/module.mk
include tests/vm/module.mk
TEST_PROGRAMS := $(UNIT) $(FAULT) $(REPLAY) $(GOLDEN_PROGRAM)
.SECONDARY: $(TEST_PROGRAMS:%=%.o)

# Each engine's tests have a machine of their own, where they are root and may install what users install.
ENGINES_DIR := tests/integration/engines
ENGINES_SUITE := --suite engines --stage --timeout 600 --prepare $(ENGINES_DIR)/lib/machine
ENGINES_QUICK := $(ENGINES_SUITE) --as user,root $(addprefix $(ENGINES_DIR)/,podman.bats buildah.bats) \
	$(ENGINES_SUITE) --as root $(ENGINES_DIR)/containerd.bats
ENGINES_SLOW := $(ENGINES_SUITE) --as root $(addprefix $(ENGINES_DIR)/,cri.bats docker.bats slurm.bats pages.bats)

RUN := B=$(B) SRT_TEST_USER=$(TEST_USER) tests/lib/tap-run
SUITES_QUICK := --suite unit --jobs 2 --timeout 60 $(UNIT) $(UNIT_BATS) --suite golden --timeout 60 $(GOLDEN) \
	--suite fault --jobs 2 --timeout 900 $(FAULT) --suite fuzz --jobs 2 --timeout 60 $(REPLAY_ARGS)
SUITES_SLOW := --suite asan --jobs 2 --timeout 180 $(UNIT_ASAN) \
	--suite integration --stage --timeout 300 --as user,root $(BATS) \
	$(ENGINES_QUICK) \
	--suite conformance --stage --timeout 300 --as user,root $(CONFORMANCE) $(VM_QUICK)

.PHONY: help test check check-run check-engines engines deps-engines lint asan fuzz bench install uninstall dist clean deps-build deps-check deps-lint

## help: this list
help:
	@sed -n 's/^## \([a-z-]*\): /\1\t/p' $(MAKEFILE_LIST) | sort -u | awk -F '\t' '{ printf "  %-12s %s\n", $$1, $$2 }'

## deps-build: install the Debian packages that the build needs (root or sudo)
deps-build:
	@tests/lib/deps $(BUILD_DEPS)

## deps-check: likewise those of the tests, and as root the user that runs half of them
deps-check:
	@tests/lib/deps --user $(TEST_USER) $(BUILD_DEPS) $(TEST_DEPS)
	@$(MAKE) --no-print-directory deps-npm

## deps-npm: the npm package that srt is compared with, below the build directory; what cannot be had is said
.PHONY: deps-npm
deps-npm:
	@tests/lib/npm-peer $(B)/npm

## deps-engines: likewise those of the engines' tests
deps-engines:
	@tests/lib/deps --user $(TEST_USER) $(BUILD_DEPS) $(TEST_DEPS) $(ENGINE_DEPS)

## deps-lint: likewise those of lint and fuzz
deps-lint:
	@tests/lib/deps $(LINT_DEPS)

## test: the inner loop, under a minute: unit, golden, fault, corpus replay, quick integration
test: all $(TEST_PROGRAMS)
	@$(RUN) $(SUITES_QUICK) --suite integration --stage --timeout 60 --as user $(QUICK)

## check: install what the tests need, build, run every suite, as root and as an ordinary user
# A second make, because the first one has looked for compilers before they were installed.
check: deps-check
	@$(MAKE) --no-print-directory -j2 check-build
	@$(MAKE) --no-print-directory check-run

## check-engines: Podman, buildah, containerd with its CRI plugin, Docker and Slurm above the runtime, and their pages
check-engines: deps-engines
	@$(MAKE) --no-print-directory -j2 all
	@$(RUN) $(ENGINES_QUICK) $(ENGINES_SLOW)

## engines: the same with crun and runc below the engines, too; the results go into docs/engines
engines: deps-engines
	@$(MAKE) --no-print-directory -j2 all
	@$(ENGINES_DIR)/lib/table $(MAKE)

# For that table: the checks of one runtime, however they end.
.PHONY: engines-run
engines-run:
	@$(RUN) $(ENGINES_QUICK) $(ENGINES_SLOW)

.PHONY: check-build
check-build: all $(TEST_PROGRAMS) $(UNIT_ASAN)

check-run: check-build
	@$(RUN) $(SUITES_QUICK) $(SUITES_SLOW)

## check-long: what check does a part of, whole: every attack in every format, 1000 mutations, 200 kills (half an hour)
.PHONY: check-long check-long-run
check-long: deps-check
	@tests/lib/deps chromium
	@$(MAKE) --no-print-directory -j2 check-build
	@$(MAKE) --no-print-directory check-long-run
check-long-run: check-build
	@SRT_LONG=1 $(RUN) --suite long --stage --timeout 3000 --as user,root $(LONG)

## asan: unit, golden and fault tests and corpus replay under AddressSanitizer and UndefinedBehaviorSanitizer
asan: $(UNIT_ASAN) $(GOLDEN_ASAN) $(FAULT_ASAN) $(REPLAY)
	@GOLDEN_VARIANT=asan $(RUN) --suite asan --jobs 2 --timeout 180 $(UNIT_ASAN) --suite golden --timeout 180 $(GOLDEN) \
		--suite fault --jobs 2 --timeout 300 $(FAULT_ASAN) --suite fuzz --jobs 2 --timeout 180 $(REPLAY_ARGS)

## fuzz: every harness for FUZZ_SECONDS (60) from its corpus; what breaks is kept in tests/fuzz/found
FUZZ_SECONDS ?= 60
fuzz: $(FUZZERS)
	@mkdir -p tests/fuzz/found
	@set -e; for f in $(FUZZERS); do n=$${f##*/fuzz_}; mkdir -p $(B)/fuzz/corpus/$$n; \
		echo "== $$n"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
			-artifact_prefix=tests/fuzz/found/$$n- $(B)/fuzz/corpus/$$n tests/fuzz/corpus/$$n; done

## lint: format, clang-tidy, cppcheck, shellcheck, banned functions, the arrows between folders, sizes
lint: gen $(B)/gen/version.h $(B)/gen/bench_filter.h
	@B=$(B) tests/lib/lint

# --- benchmark ---------------------------------------------------------------------------------------------------------
BENCH_ROUNDS ?= 100
BENCH_OUT ?=
BENCH_CC := $(if $(MUSL),$(MUSL) -idirafter /usr/include -idirafter /usr/include/$(ARCH)-linux-gnu,$(CC))
BENCH_FLAGS := -std=gnu11 -D_GNU_SOURCE -I. -I$(B)/gen $(WARN) -O2 -fno-pie -ffunction-sections
BENCH_BIN := $(B)/bench/floor $(B)/bench/bench $(B)/bench/true $(B)/bench/pause
BENCH_DRIVER := $(addprefix tests/bench/,bench.c rows.c sample.c report.c crowd.c)
$(B)/bench/bench: $(BENCH_DRIVER) tests/bench/bench.h
$(BENCH_BIN): $(B)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(BENCH_CC) $(BENCH_FLAGS) -static -no-pie -Wl,--gc-sections -s -o $@ $(filter %.c,$^)

# The floor's filter is compiled into it: generated from the very profile that the bundle carries.
$(B)/gen/bench_filter.h: tests/bench/bundle tests/bench/filter
	@mkdir -p $(@D) $(B)/bench
	tests/bench/bundle $(B)/bench/profile 0 0 /bin/true
	tests/bench/filter $(B)/bench/profile/config.json >$@.new && mv $@.new $@
$(B)/bench/floor: $(B)/gen/bench_filter.h

## bench: medians against crun, runc, bwrap and the hand-written floor (BENCH_ROUNDS=100, BENCH_OUT=FILE.md)
bench: deps-check
	@$(MAKE) --no-print-directory bench-run
.PHONY: bench-run bench-peers
bench-run: all bench-peers
# The rows of the others and the floor, also where srt-oci itself does not build.
bench-peers: $(BENCH_BIN) $(B)/bench/bench_seccomp
	@B=$(B) SRT_TEST_USER=$(TEST_USER) BENCH_ROUNDS=$(BENCH_ROUNDS) BENCH_OUT=$(BENCH_OUT) tests/bench/run

## bench-sandbox: sandboxes against bare programs, bwrap and the npm package (BENCH_ROUNDS=100, BENCH_OUT=FILE.md)
.PHONY: bench-sandbox
bench-sandbox: all deps-npm
	@B=$(B) SRT_TEST_USER=$(TEST_USER) BENCH_ROUNDS=$(BENCH_ROUNDS) BENCH_OUT=$(BENCH_OUT) tests/bench/run-sandbox

# It has the helper in it, as the runtime program has.
$(B)/bench/egress: $(B)/rt/tests/bench/egress.o $(B)/rt/libsrt.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(rt_CC) $(rt_LDFLAGS) -o $@ $^

## bench-egress: the network helper against two socats (BENCH_ROUNDS=100, BENCH_OUT=FILE.md)
.PHONY: bench-egress
bench-egress: $(B)/bench/egress
	@tests/lib/deps $(BENCH_EGRESS_DEPS)
	@B=$(B) SRT_TEST_USER=$(TEST_USER) BENCH_ROUNDS=$(BENCH_ROUNDS) BENCH_OUT=$(BENCH_OUT) tests/bench/run-egress

## bench-pool: tasks of the warm pool against the interpreter's bare start (BENCH_ROUNDS=100, BENCH_OUT=FILE.md)
.PHONY: bench-pool
bench-pool: all
	@B=$(B) SRT_TEST_USER=$(TEST_USER) BENCH_ROUNDS=$(BENCH_ROUNDS) BENCH_OUT=$(BENCH_OUT) BENCH=pool tests/bench/run-sandbox

## bench-bundle: srt-oci-bundle against bsdtar, GNU tar and umoci (BUNDLE_ROUNDS=5, BUNDLE_SVG=FILE.svg)
.PHONY: bench-bundle
bench-bundle: deps-check all
	@tests/bench/bench_bundle.py $(B)/srt-oci-bundle $(BUNDLE_SVG)

# --- installation ------------------------------------------------------------------------------------------------------
BINDIR = $(DESTDIR)$(PREFIX)/bin
LIBEXECDIR = $(DESTDIR)$(PREFIX)/libexec/srt-oci
SHAREDIR = $(DESTDIR)$(PREFIX)/share/srt-oci
MANDIR = $(DESTDIR)$(PREFIX)/share/man
MAN := $(wildcard docs/man/*.[1-8])
# Completions lie where each shell looks for a program's own: contrib/completion/FILE=DIRECTORY/NAME.
COMPLETION_OF = $(1).bash=bash-completion/completions/$(1) _$(1)=zsh/site-functions/_$(1) \
	$(1).fish=fish/vendor_completions.d/$(1).fish
COMPLETIONS := $(foreach p,srt-oci srt-oci-bundle sandbox-runtime srt,$(call COMPLETION_OF,$(p)))
COMPLETION_DIR = $(DESTDIR)$(PREFIX)/share
RECIPES := $(wildcard bundle/recipes/*)
# Files that make an engine use the runtime, as an administrator or a user installs them.
ENGINE_FILES := $(wildcard $(foreach e,podman containerd cri-o kubernetes docker buildah slurm,contrib/$(e)/*))

## install: programs, man pages and recipes below DESTDIR PREFIX (/usr/local); nothing is setuid
install: all
	install -d -m 0755 $(BINDIR)
	install -m 0755 $(B)/srt-oci $(BINDIR)/srt-oci
	ln -sf srt-oci $(BINDIR)/sandbox-runtime
	ln -sf srt-oci $(BINDIR)/srt
	$(if $(wildcard bundle/main.c),install -D -m 0755 $(B)/srt-oci-bundle $(LIBEXECDIR)/srt-oci-bundle)
	install -D -m 0755 $(B)/srt-oci-systemd $(LIBEXECDIR)/srt-oci-systemd
	$(foreach m,$(MAN),install -D -m 0644 $(m) $(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m)) &&) :
	$(foreach c,$(COMPLETIONS),install -D -m 0644 \
		contrib/completion/$(word 1,$(subst =, ,$(c))) $(COMPLETION_DIR)/$(word 2,$(subst =, ,$(c))) &&) :
	$(foreach r,$(RECIPES),install -D -m 0644 $(r) $(SHAREDIR)/recipes/$(notdir $(r)) &&) :
	$(foreach f,$(ENGINE_FILES),install -D -m 0644 $(f) $(SHAREDIR)/$(f:contrib/%=%) &&) :

## uninstall: take away what install put there
uninstall:
	rm -f $(BINDIR)/srt-oci $(BINDIR)/sandbox-runtime $(BINDIR)/srt $(LIBEXECDIR)/srt-oci-bundle $(LIBEXECDIR)/srt-oci-systemd
	rm -f $(foreach m,$(MAN),$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m)))
	rm -f $(foreach c,$(COMPLETIONS),$(COMPLETION_DIR)/$(word 2,$(subst =, ,$(c))))
	rm -rf $(SHAREDIR)/recipes $(sort $(dir $(ENGINE_FILES:contrib/%=$(SHAREDIR)/%)))
	-rmdir $(LIBEXECDIR) $(SHAREDIR) 2>/dev/null

## dist: the same tarball from the same commit, everywhere
dist:
	@mkdir -p $(B)
	git -c tar.umask=0022 archive --format=tar --prefix=srt-oci-$(VERSION)/ HEAD | gzip -9n >$(B)/srt-oci-$(VERSION).tar.gz
	@sha256sum $(B)/srt-oci-$(VERSION).tar.gz

## clean: remove everything that was built
clean:
	rm -rf $(B)
