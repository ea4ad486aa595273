/* SPDX-License-Identifier: Apache-2.0 */
/* bench.h - the rows of the benchmark, how one is run, and the parts of its report. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define WORDS_MAX 96
#define ROWS_MAX 24
#define STEPS_MAX 6
#define ROUNDS_MAX 10000
/* Containers of one user at once. */
#define CROWD 1000
/* Where a row with filter_fd finds the compiled filter. */
#define FILTER_FD 9

enum group { GROUP_START, GROUP_LIFE, GROUP_EXEC, GROUP_STATE, GROUP_PYTHON, GROUPS };

/* Commands are words with a blank between; in them %B is the build directory, %p the bundles, %i a new
 * container id, %c the id of the row's running container. */
struct row {
	enum group group;
	const char *name;
	const char *engine; /* who is compared: rows of one engine meet in the goals */
	const char *before; /* once: starts the container %c */
	const char *run[STEPS_MAX];
	bool rate; /* also measured as starts per second */
	bool filter_fd; /* wants the compiled filter on FILTER_FD */
};

extern const struct row rows[];
extern const size_t rows_n;

/* A goal is a ratio of two engines' medians within a group; see docs/performance.md. */
struct goal {
	const char *name;
	enum group group;
	const char *of, *to;
	double most;
};
extern const struct goal goals[];
extern const size_t goals_n;

struct bench {
	const char *build, *bundles, *filter;
	FILE *out;
	int rounds;
	unsigned int ids; /* container ids handed out */
	uint32_t random;
	double *samples[ROWS_MAX]; /* µs, one per round; NULL where the row cannot run */
	char reasons[ROWS_MAX][200]; /* why not */
	double per_second[ROWS_MAX];
	long pss_kib[ROWS_MAX]; /* of the waiting parent; 0 where not measured */
	int crowd[ROWS_MAX]; /* containers that stood at once; 0 where not measured */
	long crowd_kib[ROWS_MAX]; /* memory that each of them took */
};

/* A command's words after substitution; they live in buf. */
struct command {
	char buf[4096];
	char *argv[WORDS_MAX];
};

double now_us(void);
void sleep_ms(long ms);

/* command_make: text with its % replaced, in words. */
void command_make(struct command *c, const struct bench *b, size_t row, const char *text);
/* launch: starts it; what it says goes to err_path, or nowhere. -1 and errno where it cannot start. */
pid_t launch(const struct bench *b, size_t row, const struct command *c, const char *err_path);
/* wait_for: the exit status of pid; reaps on the way the processes of containers orphaned to us. */
int wait_for(pid_t pid);
/* run_once: the row's commands one after the other; microseconds, or -1 at the first that fails. */
double run_once(struct bench *b, size_t row, const char *err_path);
/* run_text: one command; its exit status, or -1. */
int run_text(struct bench *b, size_t row, const char *text, const char *err_path);

/* row_find: the engine's row in a group, or -1. */
int row_find(enum group group, const char *engine);

void report_group(const struct bench *b, enum group group);
void report_goals(const struct bench *b);
/* report_start: an engine and its median of the first group a line, for who compares runs of the whole. */
void report_start(const struct bench *b);
/* report_rates: starts per second by several workers at once. */
void report_rates(struct bench *b);
/* report_memory: what the process that waits for the payload takes. */
void report_memory(struct bench *b);
/* report_crowd: a thousand containers of one user at once, of the floor and of ours. */
void report_crowd(struct bench *b);
