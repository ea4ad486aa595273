/* SPDX-License-Identifier: Apache-2.0 */
/* config_srt.c - table of "srt", the key of this runtime. An unknown key in it is refused: nobody else writes there, and a
 * rule that is misspelt would not be held. */
#include "spec/oci/config.h"
#include "spec/oci/tables.h"
#include "spec/oci/words.h"

static const struct bind_row network_rows[] = {
	ROW(srt_network, mode, "mode", WORD, REQUIRED, "what of a network there is",
	    .words = word_network_modes),
	ROW(srt_network, allow, "allow", STRINGS, 0,
	    "filtered: HOST[:PORT] that may be reached; *.DOMAIN, *, addresses and networks, too"),
	ROW(srt_network, deny, "deny", STRINGS, 0, "filtered: likewise, that may not; wins"),
	ROW(srt_network, publish, "publish", STRINGS, 0,
	    "filtered: HOST:PORT:PORT, the host's address and port and the port inside"),
	ROW(srt_network, hosts, "hosts", STR, ABSPATH,
	    "filtered: file of names and addresses in place of /etc/hosts"),
};
static const struct bind_table network_table = CLOSED_TABLE(srt_network, network_rows);

static const struct bind_row limit_rows[] = {
	ROW(srt_limits, timeout, "timeout", STR, 0,
	    "wall clock: 500ms, 30s, 5m, 1h; TERM, then KILL"),
	ROW(srt_limits, kill_after, "kill-after", STR, 0, "time between them; 500ms"),
	ROW(srt_limits, memory, "memory", STR, 0, "memory of all processes together: 64M, 1.5G"),
	ROW(srt_limits, cpu, "cpu", STR, 0, "processors, also a fraction of one"),
	ROW(srt_limits, processes, "max-processes", STR, 0, "processes and threads at one time"),
	ROW(srt_limits, open_files, "max-open-files", STR, 0, "open files of one process"),
	ROW(srt_limits, file_size, "max-file-size", STR, 0, "largest file that may be written"),
	ROW(srt_limits, files, "max-files", STR, 0, "of a sandbox alone: srt-oci refuses it"),
	ROW(srt_limits, disk, "disk", STR, 0, "of a sandbox alone: srt-oci refuses it"),
	ROW(srt_limits, output, "max-output", STR, 0, "of a sandbox alone: srt-oci refuses it"),
};
static const struct bind_table limit_table = CLOSED_TABLE(srt_limits, limit_rows);

static const struct bind_row srt_rows[] = {
	ROW_OBJECT(srt, network, "network", network_table, 0, "the network"),
	ROW_OBJECT(srt, limits, "limits", limit_table, 0,
		   "what it may use at most; of two limits the stricter one counts"),
};
const struct bind_table srt_table = CLOSED_TABLE(srt, srt_rows);
