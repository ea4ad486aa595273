# SPDX-License-Identifier: Apache-2.0
# What is written by the program's own tables: the manual page, the completions and the reference. They
# are checked in, and unit tests say when they are no longer what the tables would write.

REFERENCE := config rules mount-options ops limits
REFERENCE_SRC := contrib/gen/gen_reference.c $(SPEC_SRC) runtime/plan/op.c runtime/plan/mount_options.c \
	$(addprefix runtime/plan/,limits.c plan_limits.c plan_limits_io.c device_filter.c list.c)
$(B)/gen-bin/gen_reference: $(REFERENCE_SRC:%.c=$(B)/host/%.o)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(host_CC) $(host_LDFLAGS) -o $@ $^ -lyajl
test check-build: $(B)/gen-bin/gen_reference

.PHONY: docs
## docs: write docs/man, docs/reference and contrib/completion anew from the tables
docs: $(B)/srt-oci $(B)/srt-oci-bundle $(B)/sandbox-runtime $(B)/gen-bin/gen_reference
	@mkdir -p docs/man docs/reference contrib/completion
	@set -e; write() { out=$$1; shift; "$$@" >$$out.new; mv $$out.new $$out; }; \
	write docs/man/srt-oci.1 $(B)/srt-oci man; \
	for c in $$($(B)/srt-oci man --commands); do write docs/man/srt-oci-$$c.1 $(B)/srt-oci man $$c; done; \
	write contrib/completion/srt-oci.bash $(B)/srt-oci completion bash; \
	write contrib/completion/_srt-oci $(B)/srt-oci completion zsh; \
	write contrib/completion/srt-oci.fish $(B)/srt-oci completion fish; \
	write docs/man/srt-oci-bundle.1 $(B)/srt-oci-bundle --man; \
	write contrib/completion/srt-oci-bundle.bash $(B)/srt-oci-bundle --completion=bash; \
	write contrib/completion/_srt-oci-bundle $(B)/srt-oci-bundle --completion=zsh; \
	write contrib/completion/srt-oci-bundle.fish $(B)/srt-oci-bundle --completion=fish; \
	write docs/man/sandbox-runtime.1 $(B)/sandbox-runtime man; \
	write docs/man/srt.1 $(B)/sandbox-runtime man srt; \
	for p in sandbox-runtime srt; do \
		write contrib/completion/$$p.bash $(B)/sandbox-runtime completion bash $$p; \
		write contrib/completion/_$$p $(B)/sandbox-runtime completion zsh $$p; \
		write contrib/completion/$$p.fish $(B)/sandbox-runtime completion fish $$p; \
	done; \
	write docs/reference/result.schema.json $(B)/sandbox-runtime schema; \
	write docs/reference/serve.schema.json $(B)/sandbox-runtime schema serve; \
	for p in $(REFERENCE); do write docs/reference/$$p.md $(B)/gen-bin/gen_reference $$p; done
