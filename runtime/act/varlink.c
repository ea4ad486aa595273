/* SPDX-License-Identifier: Apache-2.0 */
/* varlink.c - asks a service of systemd's for what takes rights that we have not.
 * Mustn't: wait for ever, or trust the length of an answer. */
#include "runtime/act/varlink.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "spec/base/arena.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"
#include "spec/json/tree.h"

#define ANSWER_MAX 65536
#define TIMEOUT_S 30
#define DEPTH_MAX 16
#define NODES_MAX 1024

static int reach(const char *path, int *ret, struct err *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = TIMEOUT_S };
	scoped_fd int fd = sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(to.sun_path))
		return err_host(err, ENAMETOOLONG, "reach %s", path);
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd < 0 || sys_connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return err_host(err, errno, "reach %s", path);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	*ret = take_fd(&fd);
	return 0;
}

/* The first part takes the fd along; what a stream socket did not take at once follows. */
static int send_all(int sock, const char *bytes, size_t n, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };

	while (n > 0) {
		struct iovec part = { (void *)(uintptr_t)bytes, n };
		struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
		ssize_t sent;

		if (fd >= 0) {
			msg.msg_control = control.room;
			msg.msg_controllen = sizeof(control.room);
			control.align.cmsg_level = SOL_SOCKET;
			control.align.cmsg_type = SCM_RIGHTS;
			control.align.cmsg_len = CMSG_LEN(sizeof(int));
			memcpy(CMSG_DATA(&control.align), &fd, sizeof(int));
		}
		sent = sys_sendmsg(sock, &msg, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -1;
		bytes += sent;
		n -= (size_t)sent;
		fd = -1;
	}
	return 0;
}

/* Up to the NUL. */
static int hear(int sock, char *answer, size_t room)
{
	size_t len = 0;

	while (len < room) {
		ssize_t n = sys_read(sock, answer + len, room - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : ECONNRESET;
			return -1;
		}
		if (memchr(answer + len, '\0', (size_t)n))
			return 0;
		len += (size_t)n;
	}
	errno = EMSGSIZE;
	return -1;
}

static int judge(const char *method, const char *answer, struct arena *a, struct err *err)
{
	static const struct json_limits limits = { ANSWER_MAX, DEPTH_MAX, NODES_MAX };
	const struct json *error;
	struct json *tree;

	TRY(json_parse(answer, strlen(answer), "answer", &limits, a, &tree, err));
	if (tree->type != JSON_OBJECT)
		return err_host(err, EPROTO, "%s: the answer is no object", method);
	error = json_member(tree, "error");
	if (error)
		return err_set(err, ERR_HOST, EPERM, "%s: %.200s", method,
			       error->type == JSON_STRING ? error->text : "an error");
	return 0;
}

int varlink_call(const char *socket_path, const char *method, const char *parameters, int fd,
		 struct err *err)
{
	scoped_arena struct arena a = { 0 };
	const char *call =
		arena_printf(&a, "{\"method\":\"%s\",\"parameters\":%s}", method, parameters);
	char *answer = arena_alloc(&a, ANSWER_MAX);
	scoped_fd int sock = -1;

	TRY(reach(socket_path, &sock, err));
	if (send_all(sock, call, strlen(call) + 1, fd) < 0)
		return err_host(err, errno, "%s: ask %s", method, socket_path);
	if (hear(sock, answer, ANSWER_MAX) < 0)
		return err_host(err, errno, "%s: hear from %s", method, socket_path);
	return judge(method, answer, &a, err);
}
