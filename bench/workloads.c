/*
 * The programs that the benchmark saves and restores, and a stopwatch.
 *
 *   workloads memory|children|files|threads|descriptors|mappings COUNT FOLDER
 *       Leaves its caller, makes its state, and writes its pid to FOLDER/ready. On SIGUSR1 it looks at its own state and
 *       writes FOLDER/verdict: OK, or what is wrong; behind it the longest time, in microseconds, for which its heartbeat
 *       was not heard (the time that the program stood still, as it saw it itself). On SIGTERM it ends with all of its tree.
 *   workloads time REPORT COMMAND...
 *       Runs a command and writes to REPORT: its exit code, wall time in microseconds, peak of resident memory in KiB.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *folder;
static long count;

static void fail(const char *what)
{
	fprintf(stderr, "workloads: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long microseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

/* Whoever waits for the name never sees half a file. */
static void publish(const char *name, const char *text)
{
	char hidden[PATH_MAX], path[PATH_MAX];
	snprintf(hidden, sizeof hidden, "%s/.%s", folder, name);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(hidden, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) || rename(hidden, path))
		fail(path);
}

/* --- One kind of state each: make it; say whether it is as it was made. --- */

static uint64_t *memory;

/* splitmix64: random enough that no page is like another, and made again from its place alone. */
static uint64_t word(uint64_t i)
{
	uint64_t z = (i + 1) * 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void make_memory(void)
{
	size_t bytes = (size_t)count << 20;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		fail("mmap");
	/* Pages of 4 KiB: the harder case, and the same on all machines. */
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < bytes / 8; i++)
		memory[i] = word(i);
}

static const char *check_memory(void)
{
	for (size_t i = 0; i < ((size_t)count << 20) / 8; i++)
		if (memory[i] != word(i))
			return "the memory is not what it was";
	return NULL;
}

static pid_t *children;

static void make_children(void)
{
	children = calloc(count, sizeof *children);
	for (long i = 0; i < count; i++) {
		children[i] = fork();
		if (children[i] < 0)
			fail("fork");
		if (children[i] == 0) {
			signal(SIGUSR1, SIG_IGN);
			signal(SIGTERM, SIG_DFL);
			sigset_t none;
			sigemptyset(&none);
			sigprocmask(SIG_SETMASK, &none, NULL);
			for (;;)
				pause();
		}
	}
}

static const char *check_children(void)
{
	for (long i = 0; i < count; i++)
		if (waitpid(children[i], NULL, WNOHANG) != 0)
			return "a child is no longer a living child";
	return NULL;
}

static int *files;

static void file_name(char *path, long i)
{
	snprintf(path, PATH_MAX, "%s/file%ld", folder, i);
}

static void make_files(void)
{
	char path[PATH_MAX], line[32];
	files = calloc(count, sizeof *files);
	for (long i = 0; i < count; i++) {
		file_name(path, i);
		files[i] = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		int n = snprintf(line, sizeof line, "file number %ld\n", i);
		if (files[i] < 0 || write(files[i], line, n) != n || lseek(files[i], i % 12, SEEK_SET) < 0)
			fail(path);
	}
}

static const char *check_files(void)
{
	char path[PATH_MAX];
	struct stat mine, named;
	for (long i = 0; i < count; i++) {
		file_name(path, i);
		if (lseek(files[i], 0, SEEK_CUR) != i % 12)
			return "a file's offset is not what it was";
		if (fstat(files[i], &mine) || stat(path, &named) || mine.st_ino != named.st_ino)
			return "a descriptor is not of the file that it was of";
	}
	return NULL;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked = PTHREAD_COND_INITIALIZER, answered = PTHREAD_COND_INITIALIZER;
static long round_now, answers;

static void *sleeper(void *unused)
{
	long seen = 0;
	pthread_mutex_lock(&gate);
	for (;;) {
		while (round_now == seen)
			pthread_cond_wait(&asked, &gate);
		seen = round_now;
		answers++;
		pthread_cond_signal(&answered);
	}
	return unused;
}

static void make_threads(void)
{
	pthread_attr_t small;
	pthread_t t;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 128 << 10);
	for (long i = 0; i < count; i++)
		if ((errno = pthread_create(&t, &small, sleeper, NULL)))
			fail("pthread_create");
	usleep(200000);
}

static const char *check_threads(void)
{
	struct timespec limit;
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 10;
	pthread_mutex_lock(&gate);
	answers = 0;
	round_now++;
	pthread_cond_broadcast(&asked);
	while (answers < count)
		if (pthread_cond_timedwait(&answered, &gate, &limit))
			break;
	long came = answers;
	pthread_mutex_unlock(&gate);
	return came == count ? NULL : "a thread does not answer";
}

static void make_mappings(void)
{
	/* Rights that alternate keep neighbours from becoming one mapping. */
	size_t page = 4096;
	memory = mmap(NULL, count * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		fail("mmap");
	for (long i = 0; i < count; i++)
		memory[i * page / 8] = word(i);
	for (long i = 0; i < count; i += 2)
		if (mprotect((char *)memory + i * page, page, PROT_READ))
			fail("mprotect");
}

static const char *check_mappings(void)
{
	for (long i = 0; i < count; i++)
		if (memory[i * 4096 / 8] != word(i))
			return "a mapping's memory is not what it was";
	return NULL;
}

static const struct {
	const char *name;
	void (*make)(void);
	const char *(*check)(void);
} kinds[] = {
	{ "memory", make_memory, check_memory },
	{ "children", make_children, check_children },
	{ "files", make_files, check_files },
	{ "threads", make_threads, check_threads },
	{ "mappings", make_mappings, check_mappings },
};

/* --- The frame. --- */

static volatile long last_beat, longest;

static void beat(int unused)
{
	(void)unused;
	long now = microseconds(), gap = now - last_beat;
	if (gap > longest)
		longest = gap;
	last_beat = now;
}

static void leave_caller(void)
{
	if (fork())
		_exit(0);
	setsid();
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close_range(3, ~0U, 0);
	if (chdir("/"))
		_exit(1);
}

static int run(int kind)
{
	struct rlimit files_limit;
	getrlimit(RLIMIT_NOFILE, &files_limit);
	files_limit.rlim_cur = files_limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files_limit);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	leave_caller();
	kinds[kind].make();

	/* A timer of one process: a tick every 2 ms costs next to nothing and tells how long the program stood still. */
	struct itimerval tick = { { 0, 2000 }, { 0, 2000 } };
	if (kind == 0) {
		signal(SIGALRM, beat);
		last_beat = microseconds();
		setitimer(ITIMER_REAL, &tick, NULL);
	}
	char text[128];
	snprintf(text, sizeof text, "%d\n", getpid());
	publish("ready", text);
	for (;;) {
		int signal_number = sigwaitinfo(&set, NULL);
		if (signal_number == SIGTERM) {
			for (long i = 0; children && i < count; i++)
				kill(children[i], SIGKILL);
			_exit(0);
		}
		if (signal_number != SIGUSR1)
			continue;
		long gap = longest;
		const char *wrong = kinds[kind].check();
		snprintf(text, sizeof text, "%s\n%ld\n", wrong ? wrong : "OK", gap);
		publish("verdict", text);
		longest = 0;
	}
}

static int time_command(const char *report, char **command)
{
	struct rusage used;
	int status;
	long start = microseconds();
	pid_t pid = vfork();
	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		fail(command[0]);
	long took = microseconds() - start;
	FILE *f = fopen(report, "w");
	if (!f)
		fail(report);
	fprintf(f, "%d %ld %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), took, used.ru_maxrss);
	return fclose(f);
}

int main(int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "time") == 0)
		return time_command(argv[2], argv + 3);
	if (argc == 4) {
		count = atol(argv[2]);
		folder = argv[3];
		for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++)
			if (strcmp(argv[1], kinds[k].name) == 0)
				return run(k);
	}
	fprintf(stderr, "workloads memory|children|files|threads|mappings COUNT FOLDER\nworkloads time REPORT COMMAND...\n");
	return 2;
}
