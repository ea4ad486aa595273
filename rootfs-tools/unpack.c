/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c - records -> bounds and policy -> content into the spool, names into the tree.
 *
 * Should: check every number of a record before it is used.  Mustn't: give a name from an archive to
 * the kernel. */
#include "rootfs-tools/unpack.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rootfs-tools/glob.h"
#include "rootfs-tools/record.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

#define NOTES_MAX 10
#define BUFFER_BYTES (256u << 10)
#define TICK_MS 100
#define LOOK_MS 20
#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void unpack_init(struct unpack *u, const struct limits *limits, struct spool *spool,
		 const struct log *log)
{
	*u = (struct unpack){ .limits = *limits, .spool = spool, .log = log };
	u->deadline_ms = now_ms() + (int64_t)limits->seconds * 1000;
}

int interrupted(struct err *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t waiting;

	if (sigpending(&waiting) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (sigismember(&waiting, signals[i]) == 1)
			return err_host(err, EINTR, "stopped by signal %d", signals[i]);
	return 0;
}

bool xattr_is_denied(const char *name)
{
	/* The first would steer our overlay store, the next two other stores and tools. */
	static const char *const denied[] = { "user.overlay.", "user.containers.",
					      "user.rootlesscontainers" };

	for (size_t i = 0; i < ARRAY_LEN(denied); i++)
		if (str_starts(name, denied[i]))
			return true;
	return !str_starts(name, "user.");
}

/* --- what comes through the pipe --- */

struct intake {
	struct unpack *u;
	const struct target *to;
	int pipe;
	struct lane *lane; /* or NULL: contents come through the pipe, too */
	uint32_t taken; /* from the lane, modulo 2^32 */
	char *buf;
	size_t at, filled;
	bool ended; /* nothing comes any more */
	uint64_t bytes; /* of content, of this archive */
	uint64_t packed, unpacked; /* as the reader says */
	struct record next; /* the record after the entry's content */
	bool has_next;
};

static void intake_done(struct intake *in)
{
	free(in->buf);
}

static int deadline_check(struct unpack *u, struct err *err)
{
	int64_t now = now_ms();

	if (now > u->deadline_ms)
		return err_limit(err, "reading took more than %llu s (--max-seconds)",
				 (unsigned long long)u->limits.seconds);
	if (now - u->looked_ms < LOOK_MS)
		return 0;
	u->looked_ms = now;
	return interrupted(err);
}

static int intake_fill(struct intake *in, struct err *err)
{
	struct pollfd ready = { .fd = in->pipe, .events = POLLIN };
	ssize_t n;

	in->at = in->filled = 0;
	while (poll(&ready, 1, TICK_MS) <= 0) {
		TRY(deadline_check(in->u, err));
		if (in->u->tick)
			in->u->tick(in->u->tick_ctx);
	}
	do
		n = sys_read(in->pipe, in->buf, BUFFER_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_host(err, errno, "listen to the reader");
	in->filled = (size_t)n;
	in->ended = n == 0;
	return 0;
}

static int cut(struct err *err)
{
	return err_set(err, ERR_INTEGRITY, 0, "the reader ended in the middle");
}

static int take(struct intake *in, void *to, size_t n, struct err *err)
{
	char *p = to;

	while (n > 0) {
		size_t some = in->filled - in->at;

		if (some == 0) {
			TRY(intake_fill(in, err));
			if (in->ended)
				return cut(err);
			continue;
		}
		some = n < some ? n : some;
		memcpy(p, in->buf + in->at, some);
		in->at += some;
		p += some;
		n -= some;
	}
	return 0;
}

/* Every bound that data can pass; more is what comes next. */
static int bounds(struct intake *in, uint64_t size, uint64_t more, struct err *err)
{
	const struct unpack *u = in->u;
	uint64_t packed = in->packed ? in->packed : 1;
	uint64_t unpacked = in->bytes + more;

	if (in->unpacked > unpacked)
		unpacked = in->unpacked;
	if (more > u->limits.file || size > u->limits.file - more)
		return err_limit(err, "a file of more than %llu bytes (--max-file)",
				 (unsigned long long)u->limits.file);
	if (more > u->limits.total || u->total > u->limits.total - more)
		return err_limit(err, "more than %llu bytes in all (--max-total)",
				 (unsigned long long)u->limits.total);
	if (in->packed && unpacked > RATIO_FROM && unpacked / packed >= u->limits.ratio)
		return err_limit(err, "unpacks to more than %llu times its size (--max-ratio)",
				 (unsigned long long)u->limits.ratio);
	return 0;
}

/* The next record, whose numbers of progress only grow. */
static int record_take(struct intake *in, struct record *r, struct err *err)
{
	if (in->has_next) {
		*r = in->next;
		in->has_next = false;
		return 0;
	}
	TRY(take(in, r, sizeof(*r), err));
	if (r->packed > in->packed) {
		in->u->packed += r->packed - in->packed;
		in->packed = r->packed;
	}
	if (r->unpacked > in->unpacked)
		in->unpacked = r->unpacked;
	return 0;
}

static int data_take(struct intake *in, uint64_t n, struct err *err)
{
	while (n > 0) {
		size_t some = in->filled - in->at;

		if (some == 0) {
			TRY(intake_fill(in, err));
			if (in->ended)
				return cut(err);
			continue;
		}
		some = n < some ? (size_t)n : some;
		TRY(spool_write(in->u->spool, in->buf + in->at, some, err));
		in->at += some;
		n -= some;
	}
	return 0;
}

static int pieces_take(struct intake *in, uint64_t n, struct err *err)
{
	struct spool *s = in->u->spool;

	while (n > 0) {
		size_t some;
		char *room = spool_room(s, &some);

		some = n < some ? (size_t)n : some;
		lane_take(in->lane, &in->taken, room, some);
		TRY(spool_filled(s, some, err));
		n -= some;
	}
	return 0;
}

static bool is_content(const struct record *r)
{
	return r->kind == RECORD_DATA || r->kind == RECORD_HOLE || r->kind == RECORD_PIECE;
}

static int part_take(struct intake *in, const struct record *r, struct err *err)
{
	if (r->kind == RECORD_HOLE)
		return spool_zeros(in->u->spool, r->size, err);
	if (r->kind == RECORD_DATA && r->size <= RECORD_DATA_MAX)
		return data_take(in, r->size, err);
	if (r->kind == RECORD_PIECE && r->size <= LANE_PIECE && in->lane)
		return pieces_take(in, r->size, err);
	return err_set(err, ERR_HOSTILE, 0, "the reader says too much at once");
}

/* Records of content until another comes. *some says that there was one. */
static int content_take(struct intake *in, struct content **ret, bool *some, struct err *err)
{
	uint64_t size = 0;
	struct record r;

	*some = false;
	TRY(spool_begin(in->u->spool, err));
	for (;;) {
		TRY(record_take(in, &r, err));
		if (!is_content(&r))
			break;
		*some = true;
		TRY(bounds(in, size, r.size, err));
		TRY(part_take(in, &r, err));
		size += r.size;
		in->bytes += r.size;
		in->u->total += r.size;
		TRY(deadline_check(in->u, err));
	}
	in->next = r;
	in->has_next = true;
	return spool_end(in->u->spool, ret, err);
}

/* --- one entry --- */

struct entry {
	struct record r;
	const char *name, *link;
	struct xattrs xattrs;
};

static void note(struct unpack *u, const char *entry, const char *what)
{
	if (u->said++ < NOTES_MAX)
		log_line(u->log, LOG_LEVEL_WARN, "entry %s: %s", Q(entry), what);
	else if (u->said == NOTES_MAX + 1)
		log_line(u->log, LOG_LEVEL_WARN, "there are more such entries");
}

static int text_take(struct intake *in, struct arena *a, uint32_t n, uint64_t most,
		     const char **ret, struct err *err)
{
	char *s;

	if (n > most)
		return err_limit(err, "a name of %u bytes", n);
	s = arena_alloc(a, (size_t)n + 1);
	TRY(take(in, s, n, err));
	if (memchr(s, '\0', n))
		return err_set(err, ERR_HOSTILE, 0, "a name that holds a NUL");
	*ret = s;
	return 0;
}

static int xattr_order(const void *a, const void *b)
{
	return strcmp(((const struct xattr *)a)->name, ((const struct xattr *)b)->name);
}

/* Those that are listed. */
static int xattrs_take(struct intake *in, struct arena *a, uint32_t n, struct xattrs *ret,
		       struct err *err)
{
	struct arena *keep = &in->u->spool->arena; /* as contents: trees come and go */
	char *bytes = arena_alloc(a, (size_t)n + 1), *end = bytes + n;

	TRY(take(in, bytes, n, err));
	for (char *p = bytes; p < end;) {
		size_t name = strnlen(p, (size_t)(end - p));
		uint32_t len;

		if (p + name + 1 + sizeof(len) > end)
			return err_set(err, ERR_HOSTILE, 0, "attributes without an end");
		memcpy(&len, p + name + 1, sizeof(len));
		if (len > (size_t)(end - p) - name - 1 - sizeof(len))
			return err_set(err, ERR_HOSTILE, 0, "attributes without an end");
		if (!xattr_is_denied(p) && glob_any(in->u->xattrs, in->u->n_xattrs, p)) {
			ret->v = arena_grow(keep, ret->v, ret->n * sizeof(*ret->v),
					    (ret->n + 1) * sizeof(*ret->v));
			ret->v[ret->n++] =
				(struct xattr){ arena_str(keep, p),
						arena_strn(keep, p + name + 1 + sizeof(len), len),
						len };
		}
		p += name + 1 + sizeof(len) + len;
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), xattr_order);
	return 0;
}

static struct item item_new(const struct intake *in, const struct entry *e, enum node_type type)
{
	struct item item = {
		.type = type, .xattrs = e->xattrs, .source = in->to->source, .layer = in->to->layer
	};

	if (in->u->owners)
		item.owner = (struct owner){ e->r.uid, e->r.gid };
	return item;
}

static int dots(struct err *err)
{
	return err_set(err, ERR_HOSTILE, 0, "its name holds \"..\"");
}

static int put_hard_link(struct intake *in, const struct entry *e, struct err *err)
{
	struct tree *t = in->to->tree;
	struct node *n = path_has_dotdot(e->link) ? NULL : tree_find(t, e->link, false), *made;
	struct content *content;
	struct item item;
	bool some;

	if (!n || n->type == NODE_DIR || (n->source != in->to->source && !in->to->layer))
		return err_set(err, ERR_HOSTILE, 0,
			       "a hard link to %s, which is no earlier file of the archive",
			       Q(e->link));
	item = item_new(in, e, n->type);
	item.mode = n->mode;
	item.owner = n->owner;
	item.content = n->content;
	item.target = n->target;
	item.xattrs = n->xattrs;
	TRY(tree_put(t, e->name, &item, err));
	TRY(content_take(in, &content, &some, err));
	made = tree_find(t, e->name, false);
	if (!made || made == n || n->type != NODE_FILE)
		return 0;
	tree_link(t, n, made);
	/* In cpio archives the content comes with the last of several names. */
	for (struct node *l = some ? n : NULL; l; l = l->links)
		if (l->group == n->group)
			l->content = content;
	return 0;
}

static int put_special(struct intake *in, const struct entry *e, struct err *err)
{
	if (in->u->devices == VERDICT_REFUSE)
		return err_set(err, ERR_HOSTILE, 0, "a device, fifo or socket (--devices=refuse)");
	if (path_has_dotdot(e->name))
		return dots(err);
	/* What had its name before is gone, too. */
	tree_displace(in->to->tree, e->name, in->to->layer, in->to->source);
	in->u->dropped++;
	note(in->u, e->name, "a device, fifo or socket is left out");
	return 0;
}

static int setid_judge(struct intake *in, const struct entry *e, struct err *err)
{
	if (!(e->r.mode & (S_ISUID | S_ISGID)))
		return 0;
	if (in->u->setid == VERDICT_REFUSE)
		return err_set(err, ERR_HOSTILE, 0, "set-user-id or set-group-id (--setid=refuse)");
	in->u->cleared++;
	note(in->u, e->name, "set-user-id and set-group-id are cleared");
	return 0;
}

/* The first component of a path that is a whiteout's, or NULL. */
static const char *whiteout_find(const char *path)
{
	for (const char *p = path + strspn(path, "/"); *p; p += strspn(p, "/")) {
		if (str_starts(p, WHITEOUT))
			return p;
		p += strcspn(p, "/");
	}
	return NULL;
}

/* What a whiteout names, whatever type it has: 1 done, 0 it is none. (OCI image-spec,
 * layer.md#whiteouts) */
static int whiteout(struct intake *in, const struct entry *e, struct err *err)
{
	scoped_arena struct arena a = ARENA_ROOM(1024);
	const char *at = in->to->layer ? whiteout_find(e->name) : NULL, *base, *gone, *dir;
	size_t len;

	if (!at)
		return 0;
	len = strcspn(at, "/");
	base = arena_strn(&a, at, len);
	gone = base + strlen(WHITEOUT);
	dir = arena_strn(&a, e->name, (size_t)(at - e->name));
	if (path_has_dotdot(e->name))
		return dots(err);
	if (at[len + strspn(at + len, "/")] && !str_starts(gone, WHITEOUT))
		return err_set(err, ERR_HOSTILE, 0, "its parent %s is a whiteout", Q(base));
	if (str_eq(base, OPAQUE) && !at[len + strspn(at + len, "/")])
		tree_whiteout(in->to->tree, *dir ? dir : "/", true, in->to->source);
	else if (str_starts(gone, WHITEOUT))
		note(in->u, e->name, "notes of another store are left out");
	else if (!*gone || str_eq(gone, ".") || str_eq(gone, ".."))
		return err_set(err, ERR_HOSTILE, 0, "a whiteout of no name");
	else
		tree_whiteout(in->to->tree, arena_printf(&a, "%s/%s", dir, gone), false,
			      in->to->source);
	return 1;
}

static int put_file(struct intake *in, const struct entry *e, struct err *err)
{
	struct item item = item_new(in, e, NODE_FILE);
	bool some;

	TRY(setid_judge(in, e, err));
	item.mode = e->r.mode & 0111 ? 0755 : 0644;
	TRY(content_take(in, &item.content, &some, err));
	return tree_put(in->to->tree, e->name, &item, err);
}

static int entry_put(struct intake *in, const struct entry *e, struct err *err)
{
	struct item item;
	int r = whiteout(in, e, err);

	if (r)
		return r < 0 ? r : 0;
	switch (e->r.type) {
	case RECORD_DIR:
		/* A set-group-id directory is common and only says who owns new files. */
		item = item_new(in, e, NODE_DIR);
		item.mode = 0755;
		return tree_put(in->to->tree, e->name, &item, err);
	case RECORD_FILE:
		return put_file(in, e, err);
	case RECORD_SYMLINK:
		item = item_new(in, e, NODE_SYMLINK);
		item.target = e->link;
		item.mode = 0777;
		item.xattrs = (struct xattrs){ 0 };
		return tree_put(in->to->tree, e->name, &item, err);
	case RECORD_HARD_LINK:
		return put_hard_link(in, e, err);
	case RECORD_SPECIAL:
		return put_special(in, e, err);
	default:
		return err_set(err, ERR_HOSTILE, 0, "the reader says what it may not");
	}
}

/* A whiteout may be a file: its content is nobody's. */
static int content_skip(struct intake *in, struct err *err)
{
	struct content *ignored;
	bool some;

	return in->has_next ? 0 : content_take(in, &ignored, &some, err);
}

static int entry_take(struct intake *in, const struct record *r, struct err *err)
{
	scoped_arena struct arena a = ARENA_ROOM(4096);
	struct entry e = { .r = *r, .name = "" };
	const struct limits *l = &in->u->limits;

	if (++in->u->entries > l->entries)
		return err_limit(err, "more than %llu entries (--max-entries)",
				 (unsigned long long)l->entries);
	/* The tree says which name is too long, once there is one to show. */
	TRY(text_take(in, &a, r->name, RECORD_DATA_MAX, &e.name, err));
	if (r->xattrs > l->xattrs)
		return err_limit(err, "more than %llu bytes of extended attributes (--max-xattrs)",
				 (unsigned long long)l->xattrs);
	if (in->u->owners && (r->uid == OWNER_NONE || r->gid == OWNER_NONE)) {
		(void)err_set(err, ERR_HOSTILE, 0, "an owner that is no number of a user");
		return err_in(err, "entry %s", Q(e.name));
	}
	if (text_take(in, &a, r->link, RECORD_DATA_MAX, &e.link, err) < 0 ||
	    xattrs_take(in, &a, r->xattrs, &e.xattrs, err) < 0 || bounds(in, 0, 0, err) < 0 ||
	    entry_put(in, &e, err) < 0 ||
	    ((r->type == RECORD_FILE || r->type == RECORD_HARD_LINK) && content_skip(in, err) < 0))
		/* The tree has named the entry already. */
		return str_starts(err->place, "entry ") ? -1 : err_in(err, "entry %s", Q(e.name));
	return 0;
}

static int failure_take(struct intake *in, struct err *err)
{
	struct err said;

	TRY(take(in, &said, sizeof(said), err));
	said.place[sizeof(said.place) - 1] = said.text[sizeof(said.text) - 1] = '\0';
	if (said.kind <= ERR_NONE || said.kind > ERR_INTEGRITY)
		return err_set(err, ERR_HOSTILE, 0, "the reader says what it may not");
	*err = said;
	return -1;
}

static int records_take(struct intake *in, struct err *err)
{
	for (;;) {
		struct record r;

		TRY(record_take(in, &r, err));
		if (r.kind == RECORD_END)
			return 0;
		if (r.kind == RECORD_FAIL)
			return failure_take(in, err);
		if (r.kind != RECORD_ENTRY)
			return err_set(err, ERR_HOSTILE, 0, "the reader says what it may not");
		TRY(entry_take(in, &r, err));
		TRY(deadline_check(in->u, err));
		if (in->u->tick)
			in->u->tick(in->u->tick_ctx);
	}
}

int unpack_records(struct unpack *u, int pipe, struct lane *lane, const struct target *to,
		   struct err *err)
{
	scoped(intake_done) struct intake in = {
		.u = u, .to = to, .pipe = pipe, .lane = lane, .buf = malloc(BUFFER_BYTES)
	};

	if (!in.buf)
		return err_host(err, ENOMEM, "listen to the reader");
	return records_take(&in, err);
}

int unpack_reading(struct unpack *u, struct reading *r, const char *name, const struct target *to,
		   struct err *err)
{
	int result = unpack_records(u, r->pipe, r->lane, to, err), sig;

	/* A failure ends the reader, which may still have much to say. */
	if (result < 0 && err->kind != ERR_INTEGRITY)
		reading_done(r);
	sig = reading_end(r);
	if (result < 0 && sig == SIGSYS)
		(void)err_set(err, ERR_HOSTILE, 0,
			      "the archive made its reader do what it may not");
	else if (result < 0 && sig == SIGXCPU)
		(void)err_limit(err, "reading took more than %llu s (--max-seconds)",
				(unsigned long long)u->limits.seconds);
	else if (result < 0 && sig)
		(void)err_set(err, ERR_INTEGRITY, 0, "damaged: its reader ended with signal %d",
			      sig);
	return result < 0 ? err_in(err, err->place[0] ? "%s: " : "%s", name) : 0;
}

int unpack_fd(struct unpack *u, int fd, const char *name, const struct target *to, struct err *err)
{
	scoped_reading struct reading r = { .pipe = -1 };
	struct stat st;

	if (sys_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)err_input(err, "no regular file");
		return err_in(err, "%s", name);
	}
	TRY(reading_start(&r, u, fd, to->layer, err));
	return unpack_reading(u, &r, name, to, err);
}
