/* enter ROOT [EMULATOR]: for each line `KIND<tab>LOADER<tab>PATH` of standard input loads PATH inside ROOT and prints
 * `PATH<tab>EXIT-CODE<tab>its complaint`. KIND `program`: the file itself, or LOADER with it where it may not be
 * executed; `run`: the same without what ends it early; `start`: a program without a loader, killed at
 * its first instruction (42); `library`: by a program of LOADER's family. `trace`: asked of
 * the loader itself, by the emulator, as ldd -r does; 0 when it has no complaint. But for `run`, the program's own code never runs (see loaded.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOOLS "/.seaworthy/tools"
static char *environment[] = {"LD_PRELOAD=" TOOLS "/loaded.so", "LD_BIND_NOW=1", NULL};
static char *plain[] = {"LD_BIND_NOW=1", NULL};
static char *trace[] = {"LD_BIND_NOW=1", "LD_WARN=1", "LD_TRACE_LOADED_OBJECTS=1", NULL};
static char *emulator;

/* The file, or where it may not be executed a copy that may. */
static int executable(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (access(path, X_OK) == 0) return file;
  int copy = memfd_create("copy", MFD_CLOEXEC);
  while (sendfile(copy, file, NULL, 1 << 24) > 0) {}
  return copy;
}

static void child(const char *root, const char *kind, char *loader, char *path, int errors) {
  dup2(errors, 1);
  dup2(errors, 2);
  int nothing[2]; /* the list on standard input is not the program's */
  if (!pipe(nothing)) close(nothing[1]), dup2(nothing[0], 0);
  setpgid(0, 0);
  alarm(60);
  /* A set-user-id program would ignore the environment, and so run. */
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) exit(96);
  if (chroot(root) || chdir("/")) exit(99);
  if (getuid() == 0 && getenv("SEAWORTHY_KEEP_UID") == NULL && (setgid(65534) || setuid(65534))) exit(98);
  if (!strcmp(kind, "trace")) {
    if (strstr(loader, "musl"))
      execve(emulator, (char *[]){emulator, loader, "--list", path, NULL}, plain);
    else /* as ldd -r: with --list glibc looks at no symbols */
      execve(emulator, (char *[]){emulator, loader, path, NULL}, trace);
  } else if (!strcmp(kind, "start")) {
    int file = executable(path);
    if (ptrace(PTRACE_TRACEME, 0, 0, 0)) exit(95);
    fexecve(file, (char *[]){path, NULL}, plain);
  } else if (!strcmp(kind, "run")) {
    execve(path, (char *[]){path, NULL}, plain);
  } else if (!strcmp(kind, "library")) {
    char *opener = strstr(loader, "musl") ? TOOLS "/open-musl" : TOOLS "/open-glibc";
    execve(loader, (char *[]){loader, opener, path, NULL}, plain);
  } else if (access(path, X_OK) == 0) {
    execve(path, (char *[]){path, NULL}, environment);
  } else {
    execve(loader, (char *[]){loader, path, NULL}, environment);
  }
  dprintf(2, "execve: %s", strerror(errno));
  _exit(127);
}

static void one(const char *root, const char *kind, char *loader, char *path) {
  int ends[2], status = 0;
  static char text[1 << 18]; /* a trace names every library before it complains */
  size_t have = 0;
  ssize_t got;
  if (pipe(ends)) exit(97);
  pid_t id = fork();
  if (id == 0) {
    close(ends[0]);
    child(root, kind, loader, path, ends[1]);
  }
  close(ends[1]);
  if (!strcmp(kind, "start")) {
    waitpid(id, &status, 0);
    if (WIFSTOPPED(status)) { /* by its first instruction, or by what the kernel made of its segments */
      int stopped_by = WSTOPSIG(status);
      kill(id, SIGKILL);
      waitpid(id, &status, 0);
      status = stopped_by == SIGTRAP ? 42 << 8 : stopped_by;
    }
    id = -1;
  }
  for (int over = 0; have < sizeof text - 1;) {
    struct pollfd says = {ends[0], POLLIN, 0};
    if (poll(&says, 1, over ? 0 : 100) > 0) {
      if ((got = read(ends[0], text + have, sizeof text - 1 - have)) <= 0) break;
      have += (size_t)got;
    } else if (over) { /* a process that it left behind keeps the pipe */
      break;
    } else if (id > 0 && waitpid(id, &status, WNOHANG) == id) {
      over = 1;
      kill(-id, SIGKILL);
      id = -1;
    }
  }
  close(ends[0]);
  if (id > 0) waitpid(id, &status, 0);
  text[have] = 0;
  for (char *at = text; *at; at++)
    if (*at == '\n' || *at == '\t') *at = ' ';
  printf("%s\t%d\t%s\n", path, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text);
  fflush(stdout);
}

int main(int count, char **arguments) {
  static char line[8192];
  if (count < 2) return 2;
  if (count > 2) emulator = arguments[2];
  signal(SIGPIPE, SIG_IGN);
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    char *kind = strtok(line, "\t"), *loader = strtok(NULL, "\t"), *path = strtok(NULL, "\t");
    if (path) one(arguments[1], kind, loader, path);
  }
  return 0;
}
