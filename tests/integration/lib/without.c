/* SPDX-License-Identifier: Apache-2.0 */
/* without.c - runs a program in which one system call answers with an errno: without NR ERRNO PROGRAM [ARGUMENT]…
 * "listener" in place of NR and ERRNO: a filter around it listens already, as a container manager's may. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The listener stays open in the program, which is what makes it one. */
static int listen_around(char **argv)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog program = { 1, code };
	int fd;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
		fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				  SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
		if (fd >= 0 && fcntl(fd, F_SETFD, 0) == 0)
			(void)execvp(argv[0], argv);
	}
	perror("without listener");
	return 2;
}

int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (argc >= 3 && strcmp(argv[1], "listener") == 0)
		return listen_around(argv + 2);
	if (argc < 4)
		return 2;
	code[1].k = (unsigned int)strtoul(argv[1], NULL, 10);
	code[2].k |= (unsigned int)strtoul(argv[2], NULL, 10);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("without");
		return 2;
	}
	(void)execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 2;
}
