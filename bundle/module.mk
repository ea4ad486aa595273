# SPDX-License-Identifier: Apache-2.0
# The bundle half: the program srt-oci-bundle, which holds the shipped recipes, and the demonstration.

BUNDLE_SRC := $(filter-out spec/oci/%,$(SPEC_SRC)) spec/oci/domain.c spec/oci/value.c $(wildcard spec/image/*.c rootfs-tools/*.c bundle/*.c)
BUNDLE_LIBS := -larchive -lcrypto -lyajl -lz -lzstd
BUNDLE_RECIPES := $(sort $(wildcard bundle/recipes/*.json))

all: $(B)/srt-oci-bundle

# Each recipe becomes a string; its lines keep their order and their ends.
$(B)/gen/recipes.h: $(BUNDLE_RECIPES) bundle/module.mk
	@mkdir -p $(@D)
	@for r in $(BUNDLE_RECIPES); do printf '{ "%s",\n' "$$(basename $$r .json)"; \
		sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $$r; echo '},'; done >$@.new
	@mv $@.new $@
GEN += $(B)/gen/recipes.h

# The page of inspect --html, likewise.
$(B)/gen/page.h: bundle/page.html bundle/module.mk
	@mkdir -p $(@D)
	@sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $< >$@.new
	@mv $@.new $@
GEN += $(B)/gen/page.h

$(foreach v,host asan fuzz,$(B)/$(v)/bundle/main.o $(B)/$(v)/bundle/sbom.o): $(B)/gen/version.h

$(B)/srt-oci-bundle: $(BUNDLE_SRC:%.c=$(B)/host/%.o)
	$(call say,LD,$@)
	$(Q)$(host_CC) $(host_LDFLAGS) -o $@ $^ $(BUNDLE_LIBS)
$(B)/asan/srt-oci-bundle: $(BUNDLE_SRC:%.c=$(B)/asan/%.o)
	$(call say,LD,$@)
	$(Q)$(asan_CC) $(asan_LDFLAGS) -o $@ $^ $(BUNDLE_LIBS)

## demo: on a Debian machine, from nothing to Python in a read-only bundle, as an ordinary user
.PHONY: demo
demo: deps-build
	@$(MAKE) --no-print-directory -j2 all
	@bundle/demo $(B)
