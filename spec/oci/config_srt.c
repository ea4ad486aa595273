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

static const struct bind_row srt_rows[] = {
	ROW_OBJECT(srt, network, "network", network_table, 0, "the network"),
};
const struct bind_table srt_table = CLOSED_TABLE(srt, srt_rows);
