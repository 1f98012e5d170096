/* A program that watches itself: each thread sits in another kind of system call or register pattern and ends the
 * program with a message as soon as something is not as it must be. Progress counters go to the shared file argv[1]:
 * one 64-bit word a thread. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SLEEP, READ, WRITE, FUTEX, POLL, SPIN, HANDLER, KINDS };
static volatile uint64_t *progress;
static int ends[2];

static void die(const char *what, long a, long b)
{
	dprintf(2, "%s: %ld %ld\n", what, a, b);
	_exit(9);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void check_mask(void)
{
	sigset_t set;
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	for (int s = 1; s < 65; s++)
		if (s != SIGUSR2 && s != SIGALRM && s != 32 && s != 33 && sigismember(&set, s) == 1)
			die("a signal is masked that was not", s, 0);
	if (!sigismember(&set, SIGUSR2) || !sigismember(&set, SIGALRM))
		die("a signal is not masked any more", 0, 0);
}

static void *run(void *arg)
{
	long kind = (long)arg;
	char byte = 0;
	int word = 0;
	for (uint64_t n = 0;; n++) {
		double start = now();
		struct timespec t = { 0, 20000000 };
		long r;
		switch (kind) {
		case SLEEP:
			if ((r = nanosleep(&t, NULL)) || now() - start < 0.019)
				die("nanosleep", r, errno);
			break;
		case READ:
			if ((r = read(ends[0], &byte, 1)) != 1 || byte != (char)n)
				die("read", r, byte);
			break;
		case WRITE:
			byte = n;
			usleep(5000);
			if ((r = write(ends[1], &byte, 1)) != 1)
				die("write", r, errno);
			break;
		case FUTEX:
			r = syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t, NULL, 0);
			if (r != -1 || errno != ETIMEDOUT || now() - start < 0.019)
				die("futex", r, errno);
			break;
		case POLL: {
			struct pollfd none = { -1, 0, 0 };
			if ((r = poll(&none, 1, 20)) || now() - start < 0.019)
				die("poll", r, errno);
			break;
		}
		case SPIN: {
			/* All general registers that the compiler leaves, the flags' carry and the vector registers keep their values. */
			uint64_t a = n * 0x9e3779b97f4a7c15ull, b = ~a, carry = 0, low, high;
			__asm__ volatile(
				"movq %3, %%xmm7\n\tmovq %4, %%xmm15\n\tmov %3, %%r12\n\tmov %4, %%r13\n\tmov %3, %%r14\n\tmov $200000, %%ecx\n\tstc\n"
				"1:\tdec %%ecx\n\tjnz 1b\n\tsetc %b0\n\tmovq %%xmm7, %1\n\tmovq %%xmm15, %2\n\t"
				"xor %%r12, %1\n\txor %%r13, %2\n\txor %3, %%r14\n\tor %%r14, %1\n"
				: "=&q"(carry), "=&r"(low), "=&r"(high) : "r"(a), "r"(b) : "rcx", "r12", "r13", "r14", "xmm7", "xmm15", "cc");
			if ((carry & 255) != 1 || low || high)
				die("registers", carry, low | high);
			break;
		}
		}
		check_mask();
		progress[kind]++;
	}
	return NULL;
}

static void tick(int s)
{
	(void)s;
	progress[HANDLER]++;
}

int main(int c, char **v)
{
	int f = open(v[1], O_RDWR | O_CREAT, 0600);
	if (c != 2 || f < 0 || ftruncate(f, 4096) || pipe(ends))
		return 2;
	progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	close(f);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	stack_t st = { .ss_sp = malloc(65536), .ss_size = 65536 };
	sigaltstack(&st, NULL);
	/* The timer's signal goes to the main thread: the others mask it, for it would interrupt their calls. */
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (long k = 0; k < HANDLER; k++) {
		pthread_t t;
		if (pthread_create(&t, NULL, run, (void *)k))
			return 3;
	}
	sigdelset(&set, SIGUSR2);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	struct sigaction sa = { .sa_handler = tick, .sa_flags = SA_ONSTACK | SA_RESTART };
	sigaction(SIGALRM, &sa, NULL);
	struct itimerval tv = { { 0, 10000 }, { 0, 10000 } };
	setitimer(ITIMER_REAL, &tv, NULL);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
