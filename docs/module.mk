# SPDX-License-Identifier: Apache-2.0
# What is written by the program's own tables: the manual page and the completions. They are checked
# in, and a unit test says when they are no longer what the tables would write.

.PHONY: docs
## docs: write docs/man and contrib/completion anew from the tables of options and commands
docs: $(B)/srt-oci
	@mkdir -p docs/man contrib/completion
	@set -e; write() { out=$$1; shift; "$$@" >$$out.new; mv $$out.new $$out; }; \
	write docs/man/srt-oci.1 $(B)/srt-oci man; \
	write contrib/completion/srt-oci.bash $(B)/srt-oci completion bash; \
	write contrib/completion/_srt-oci $(B)/srt-oci completion zsh; \
	write contrib/completion/srt-oci.fish $(B)/srt-oci completion fish
