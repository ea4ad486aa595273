# SPDX-License-Identifier: Apache-2.0
# A config.json as lines for naive.c: a word and its tab-separated values, in the order of the work.
def line: map(tostring | gsub("\\\\?\n\\s*"; " ")) | join("\t");
(.linux.namespaces // [] | .[] | ["ns", .type]),
(.hooks // {} | (.prestart // []), (.createRuntime // []) | .[] | ["hook", .path]),
(.mounts // [] | .[] | ["mount", .destination, .type // "", .source // "", (.options // [] | join(","))]),
(.linux.devices // [] | .[] | ["device", .path, .major, .minor]),
(.linux.sysctl // {} | to_entries[] | ["sysctl", (.key | gsub("\\."; "/")), .value]),
(.linux.readonlyPaths // [] | .[] | ["readonly", .]),
(.linux.maskedPaths // [] | .[] | ["mask", .]),
(if .process.terminal then ["console"] else empty end),
["cwd", .process.cwd],
(.process.env // [] | .[] | ["env", .]),
(.process.args[] | ["arg", .])
| line
