/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c - the table of commands. */
#include "bundle/command.h"

const struct command COMMANDS[] = {
	{ C_BUILD, "build", "RECIPE|ARCHIVE|IMAGE... -o NAME|DIR",
	  "Makes a bundle from recipes, archives and images",
	  "Makes a bundle with a generated config.json and a read-only root file system, from shipped "
	  "recipes (by name), recipe files (JSON), images (oci:DIR[:REF][@DIGEST], "
	  "docker-archive:FILE[:TAG]) and archives: tar and cpio, plain or compressed with gzip, bzip2, "
	  "xz or zstd, zip, and Debian packages. Several are laid over each other in their order; where "
	  "two differ about a file the build is refused unless --override is given.\n\n"
	  "Archives are not trusted. A child that can open nothing parses them; every name, link and "
	  "duplicate is settled in memory before anything has a name on disk; an entry that tries to "
	  "leave the root is refused. All becomes root's (but --owner), modes 0755 or 0644, times the epoch; set-id "
	  "bits, devices and extended attributes are left out. After a failure no bundle is left.\n\n"
	  "The packages of a recipe are chosen and fetched with apt-get from the lists that the "
	  "machine has, need no privilege, and must have the SHA-256 of apt's index. No script of a "
	  "package runs.\n\n"
	  "A bundle of the store is root's inside for whoever runs it. A plain directory names one "
	  "user, who built it or whom --map names, because other runtimes insist on numbers.",
	  1, OPERANDS_ANY, cmd_build },
	{ C_UNPACK, "unpack", "IMAGE|ARCHIVE -o NAME|DIR",
	  "Makes a bundle from one image or archive",
	  "As build, from one image or archive. The process of an image is the bundle's.", 1, 1,
	  cmd_unpack },
	{ C_LOCK, "lock", "RECIPE", "Writes down which bytes a recipe's inputs are",
	  "Resolves packages and hashes archives, and writes that beside the recipe. A lock that is "
	  "there is compared: exit status 1 if it would be another now. Only --update changes it.",
	  1, 1, cmd_lock },
	{ C_PACK, "pack", "NAME|DIR -o PATH", "Makes an image or an archive of a bundle",
	  "Makes an OCI layout, an archive for docker load and podman load, or a tar archive. The same "
	  "bundle gives the same bytes everywhere where the compression's library is the same; the "
	  "digests of what is not compressed depend on the bundle alone.",
	  1, 1, cmd_pack },
	{ C_VERIFY, "verify", "NAME|DIR", "Compares a bundle with its manifest",
	  "Names every difference between the manifest and the files: names, types, modes, owners, "
	  "sizes, times, targets, attributes, links, and with --full the content. A bundle of the store "
	  "is held against its id. For a directory --digest says what its id must be. Exit status 1 "
	  "where there is a difference.",
	  1, 1, cmd_verify },
	{ C_DIFF, "diff", "A B", "Compares two bundles",
	  "Lists what only one of them has, and what both have in different ways. Exit status 1 where "
	  "there is a difference.",
	  2, 2, cmd_diff },
	{ C_INSPECT, "inspect", "NAME|DIR", "Shows what is in a bundle",
	  "Shows a summary, or one of the views.", 1, 1, cmd_inspect },
	{ C_DIGEST, "digest", "NAME|DIR...", "Prints ids",
	  "Prints the id of each bundle: the SHA-256 of the digests of its manifest and its config.json "
	  "(keys sorted, id mappings left out). Of a directory without a manifest the files are read.",
	  1, OPERANDS_ANY, cmd_digest },
	{ C_LS, "ls", "", "Lists the bundles of the store",
	  "Lists name, id, size and placing. Of one that is damaged it says why; the exit status is 4 then.",
	  0, 0, cmd_ls },
	{ C_RM, "rm", "NAME...", "Removes bundles from the store",
	  "Takes the names away, and each bundle that no other name means. Its files stay until prune. A "
	  "bundle that a container runs from loses its name only.",
	  1, OPERANDS_ANY, cmd_rm },
	{ C_PRUNE, "prune", "", "Removes what the store no longer needs",
	  "Removes unfinished work, bundles without a name, and files that no bundle uses. A bundle that a "
	  "container runs from stays.",
	  0, 0, cmd_prune },
	{ C_FSCK, "fsck", "", "Checks the whole store",
	  "Checks every bundle with its content and every file of the store. Unfinished work of a "
	  "killed program is removed unless --dry-run is given; damage is only told. Exit status 4 "
	  "where there is damage.",
	  0, 0, cmd_fsck },
	{ C_ENTER, "enter", "NAME COMMAND [ARGUMENT...]",
	  "Runs a program where a bundle of the store can be seen",
	  "Files of a bundle whose placing is overlay are seen through a mount, which is made in "
	  "namespaces of the program's own. The variable SRT_OCI_STORED names the bundle's directory, "
	  "SRT_OCI_STORED_NAME the word it was asked for by. "
	  "srt-oci run NAME is this with srt-oci as the program, and so a failure has the exit status 1, as "
	  "with srt-oci.",
	  2, OPERANDS_ANY, cmd_enter, 1 },
	{ 0 },
};
