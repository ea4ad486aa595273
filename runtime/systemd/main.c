/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - srt-oci-systemd: asks a systemd manager for what srt-oci, which is static and knows no D-Bus, needs of it.
 *
 *   srt-oci-systemd start system|user UNIT PID   <PROPERTIES   prints the process' cgroup
 *   srt-oci-systemd attach system|user UNIT PID SUBCGROUP
 *   srt-oci-systemd set   system|user UNIT       <PROPERTIES
 *   srt-oci-systemd stop  system|user UNIT
 *
 * Its caller has checked everything; PROPERTIES are lines of runtime/plan/plan_scope.h. Ends with 1 and one line on standard
 * error where it fails. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/systemd/line.h"
#include "runtime/systemd/manager.h"
#include "spec/base/str.h"
#include "version.h"

#define PROGRAM "srt-oci-systemd"
/* For each call and job: shorter than what D-Bus gives a call by itself (25 s), as an engine waits for us. */
#define TIMEOUT_US (20u * 1000 * 1000)
#define EXIT_USAGE 2

struct request {
	struct manager manager;
	const char *unit;
	pid_t pid;
	const char *sub;
	char *lines;
};

static int read_lines(char **ret, struct err *err)
{
	char *text = calloc(1, LINES_MAX + 1);
	size_t n = 0;
	ssize_t got;

	if (!text)
		return err_host(err, ENOMEM, "read properties");
	while ((got = read(STDIN_FILENO, text + n, LINES_MAX + 1 - n)) > 0 && n <= LINES_MAX)
		n += (size_t)got;
	*ret = text;
	if (got < 0)
		return err_host(err, errno, "read properties");
	if (n > LINES_MAX)
		return err_limit(err, "properties of more than %u bytes", LINES_MAX);
	text[n] = '\0';
	return 0;
}

static int start(struct request *r, struct err *err)
{
	char *path = NULL;

	TRY(manager_start(&r->manager, r->unit, r->pid, r->lines, &path, err));
	(void)printf("%s\n", path);
	free(path);
	return fflush(stdout) == 0 ? 0 : err_host(err, errno, "print the cgroup");
}

static int attach(struct request *r, struct err *err)
{
	return manager_attach(&r->manager, r->unit, r->pid, r->sub, err);
}

static int set(struct request *r, struct err *err)
{
	return manager_set(&r->manager, r->unit, r->lines, err);
}

static int stop(struct request *r, struct err *err)
{
	return manager_stop(&r->manager, r->unit, err);
}

static const struct verb {
	const char *name;
	int args;
	bool has_lines;
	int (*run)(struct request *r, struct err *err);
} verbs[] = {
	{ "start", 5, true, start },
	{ "attach", 6, false, attach },
	{ "set", 4, true, set },
	{ "stop", 4, false, stop },
};

static int ask(const struct verb *verb, struct request *r, char **argv, struct err *err)
{
	uint64_t pid = 0;

	r->manager.user = str_eq(argv[2], "user");
	r->unit = argv[3];
	if (verb->args > 4)
		TRY(str_u64(argv[4], 10, INT32_MAX, &pid, err));
	r->pid = (pid_t)pid;
	r->sub = verb->args > 5 ? argv[5] : "";
	if (verb->has_lines)
		TRY(read_lines(&r->lines, err));
	TRY(manager_open(&r->manager, err));
	return verb->run(r, err);
}

static int usage(void)
{
	(void)fprintf(
		stderr,
		"usage: " PROGRAM
		" start system|user UNIT PID | attach system|user UNIT PID SUBCGROUP | set system|user UNIT | stop "
		"system|user UNIT\n"
		"It is run by srt-oci where --systemd-cgroup is given; properties are read from "
		"standard input.\n");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct request r = { .manager = { .timeout_us = TIMEOUT_US } };
	struct err err = { 0 };
	char line[ERR_LINE_MAX];

	if (argc == 2 && str_eq(argv[1], "--version")) {
		(void)printf(PROGRAM " " SRT_VERSION "\ncommit: " SRT_COMMIT "\n");
		return 0;
	}
	for (size_t i = 0; argc > 3 && i < ARRAY_LEN(verbs); i++) {
		int failed;

		if (!str_eq(argv[1], verbs[i].name) || argc != verbs[i].args ||
		    (!str_eq(argv[2], "system") && !str_eq(argv[2], "user")))
			continue;
		failed = ask(&verbs[i], &r, argv, &err);
		manager_done(&r.manager);
		free(r.lines);
		if (failed < 0)
			(void)fprintf(stderr, "%s\n", err_line(&err, line, sizeof(line)));
		return failed < 0;
	}
	return usage();
}
