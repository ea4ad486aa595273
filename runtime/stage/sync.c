/* SPDX-License-Identifier: Apache-2.0 */
/* sync.c - datagrams with at most one fd beside them. */
#include "runtime/stage/sync.h"

#include <stddef.h>
#include <string.h>
#include <sys/uio.h>

#include "spec/base/sys.h"

union one_fd {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int sync_pair(int fds[2], struct err *err)
{
	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, fds) < 0)
		return err_host(err, errno, "make a socket pair");
	return 0;
}

static int send_with(int sock, struct iovec *parts, size_t n, int fd)
{
	union one_fd control = { .room = { 0 } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = n };
	struct cmsghdr *c;
	ssize_t sent;

	if (fd >= 0) {
		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	do
		sent = sys_sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

int sync_say(int sock, enum sync_word word, int number, int fd)
{
	struct sync_msg m = { .word = word, .number = number };
	struct iovec part = { &m, offsetof(struct sync_msg, err) };

	return send_with(sock, &part, 1, fd);
}

int sync_say_err(int sock, enum sync_word word, const struct err *what)
{
	struct sync_msg m = { .word = word, .err = *what };
	struct iovec part = { &m, sizeof(m) };

	return send_with(sock, &part, 1, -1);
}

static int take_one_fd(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

static ssize_t receive(int sock, struct iovec *parts, size_t n, int *ret_fd)
{
	union one_fd control;
	struct msghdr msg = { .msg_iov = parts,
			      .msg_iovlen = n,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	int resets = 0;
	ssize_t got;

	/* Of an end that closed with words of ours unread the kernel tells once, before the words that it left. */
	do {
		msg.msg_controllen = sizeof(control.room);
		got = sys_recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (got < 0 && (errno == EINTR || (errno == ECONNRESET && !resets++)));
	*ret_fd = got > 0 ? take_one_fd(&msg) : -1;
	return got;
}

int sync_hear(int sock, struct sync_msg *ret, int *ret_fd)
{
	struct iovec part = { ret, sizeof(*ret) };
	ssize_t got;

	*ret = (struct sync_msg){ 0 };
	got = receive(sock, &part, 1, ret_fd);
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return 0;
	if (got < 0)
		return -1;
	if ((size_t)got < offsetof(struct sync_msg, err)) {
		errno = EPROTO;
		return -1;
	}
	/* Nobody's error is read past its end. */
	ret->err.place[sizeof(ret->err.place) - 1] = '\0';
	ret->err.text[sizeof(ret->err.text) - 1] = '\0';
	return 1;
}

int sync_say_text(int sock, const char *text)
{
	struct sync_msg m = { .word = SYNC_GO };
	struct iovec parts[2] = { { &m, offsetof(struct sync_msg, err) },
				  { (void *)(uintptr_t)text, strlen(text) } };

	return send_with(sock, parts, 2, -1);
}

int sync_hear_text(int sock, char *text, size_t room)
{
	struct sync_msg m = { 0 };
	struct iovec parts[2] = { { &m, offsetof(struct sync_msg, err) }, { text, room - 1 } };
	int fd;
	ssize_t got = receive(sock, parts, 2, &fd);
	size_t head = offsetof(struct sync_msg, err);

	if (fd >= 0)
		(void)sys_close(fd);
	if (got <= 0)
		return (int)got;
	if ((size_t)got < head || m.word != SYNC_GO) {
		errno = EPROTO;
		return -1;
	}
	text[(size_t)got - head] = '\0';
	return 1;
}
