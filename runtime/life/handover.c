/* SPDX-License-Identifier: Apache-2.0 */
/* handover.c - pid files, and fds over sockets. */
#include "runtime/life/handover.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define LISTEN_FDS_MAX 1024

int pid_file_write(const char *path, pid_t pid, struct err *err)
{
	char beside[4096], text[16];
	int n = snprintf(text, sizeof(text), "%d", pid);

	if ((size_t)snprintf(beside, sizeof(beside), "%s.%d", path, getpid()) >= sizeof(beside))
		return err_host(err, ENAMETOOLONG, "write the pid file %.64s…", path);
	scoped_fd int fd = sys_openat(AT_FDCWD, beside,
				      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_host(err, errno, "write the pid file %s", path);
	if (fd_write_all(fd, text, (size_t)n) == 0 &&
	    sys_renameat(AT_FDCWD, beside, AT_FDCWD, path) == 0)
		return 0;
	(void)err_host(err, errno, "write the pid file %s", path);
	(void)sys_unlinkat(AT_FDCWD, beside, 0);
	return -1;
}

int socket_connect(const char *path, const char *property, int *ret, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	scoped_fd int fd = sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_host(err, errno, "make a socket");
	if (strlen(path) >= sizeof(addr.sun_path))
		return err_input(err, "%s: the path of a unix socket has at most %zu bytes: %s",
				 property, sizeof(addr.sun_path) - 1, path);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (sys_connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_host(err, errno, "%s: connect to %s", property, path);
	*ret = take_fd(&fd);
	return 0;
}

int fd_send_on(int sock, const char *property, const char *text, int fd, struct err *err)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .room = { 0 } };
	struct iovec part = { (void *)(uintptr_t)text, strlen(text) };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	if (sys_sendmsg(sock, &msg, MSG_NOSIGNAL) < 0)
		return err_host(err, errno, "%s: hand over a file descriptor", property);
	return 0;
}

int fd_send(const char *path, const char *property, const char *text, int fd, struct err *err)
{
	scoped_fd int sock = -1;

	TRY(socket_connect(path, property, &sock, err));
	return fd_send_on(sock, property, text, fd, err);
}

int fds_preserved(uint32_t n, struct err *err)
{
	for (uint32_t i = 0; i < n; i++)
		if (sys_fcntl(3 + (int)i, F_GETFD, 0) < 0)
			return err_input(err, "--preserve-fds %u: fd %u is not open", n, 3 + i);
	return 0;
}

uint32_t listen_fds(void)
{
	const char *n = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	struct err ignored;
	uint64_t count, who;

	if (!n || str_u64(n, 10, LISTEN_FDS_MAX, &count, &ignored) < 0)
		return 0;
	if (pid && (str_u64(pid, 10, INT32_MAX, &who, &ignored) < 0 || who != (uint64_t)getpid()))
		return 0;
	return (uint32_t)count;
}
