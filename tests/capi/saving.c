/* Saving beside what hosts and systems do: limits of file sizes, links, and processes that were killed. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static char g_directory[64] = "/tmp/tinytorch_saving_XXXXXX";
static tt_tensor* g_values;
static const char* const kNames[1] = {"x"};

static const char* path_of(const char* name) {
  static char paths[4][128];
  static int next = 0;
  char* path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", g_directory, name);
  return path;
}

static int entries(void) {
  int count = 0;
  DIR* directory = opendir(g_directory);
  for (struct dirent* each; (each = readdir(directory)) != NULL;)
    count += each->d_name[0] != '.' || strlen(each->d_name) > 2;
  closedir(directory);
  return count;
}

static volatile sig_atomic_t g_signals = 0;
static void on_signal(int number) {
  (void)number;
  ++g_signals;
}

static void limit_of_files(void) {
  const struct rlimit low = {4096, RLIM_INFINITY};
  struct rlimit before;
  sigset_t set;
  CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0 && setrlimit(RLIMIT_FSIZE, &low) == 0);
  /* As programs start: the signal would end this one. */
  FAILS(tt_safetensors_save(path_of("large"), kNames, &g_values, 1, NULL, NULL, 0), TT_ERR_IO,
        "File too large");
  FAILS(tt_save_npy(path_of("large"), g_values), TT_ERR_IO, "File too large");
  /* A host that handles it does not see ours; one that waits for it keeps its own. */
  signal(SIGXFSZ, on_signal);
  FAILS(tt_safetensors_save(path_of("large"), kNames, &g_values, 1, NULL, NULL, 0), TT_ERR_IO,
        "File too large");
  CHECK(g_signals == 0);
  sigemptyset(&set);
  sigaddset(&set, SIGXFSZ);
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGXFSZ);
  FAILS(tt_safetensors_save(path_of("large"), kNames, &g_values, 1, NULL, NULL, 0), TT_ERR_IO,
        "File too large");
  CHECK(g_signals == 0);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  CHECK(g_signals == 1);
  signal(SIGXFSZ, SIG_DFL);
  CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK(entries() == 0);
}

static void links(void) {
  struct stat info;
  CHECK(symlink("target", path_of("first")) == 0 && symlink(path_of("first"), path_of("second")) == 0);
  OK(tt_safetensors_save(path_of("second"), kNames, &g_values, 1, NULL, NULL,
                         0)); /* dangling: the target is made */
  CHECK(lstat(path_of("first"), &info) == 0 && S_ISLNK(info.st_mode));
  CHECK(lstat(path_of("second"), &info) == 0 && S_ISLNK(info.st_mode));
  CHECK(lstat(path_of("target"), &info) == 0 && S_ISREG(info.st_mode));
  OK(tt_safetensors_save(path_of("second"), kNames, &g_values, 1, NULL, NULL, 0)); /* and replaced */
  CHECK(lstat(path_of("second"), &info) == 0 && S_ISLNK(info.st_mode));
  CHECK(symlink("loop", path_of("loop")) == 0);
  FAILS(tt_safetensors_save(path_of("loop"), kNames, &g_values, 1, NULL, NULL, 0), TT_ERR_IO,
        "symbolic links");
  CHECK(symlink("nowhere/target", path_of("lost")) == 0);
  FAILS(tt_safetensors_save(path_of("lost"), kNames, &g_values, 1, NULL, NULL, 0), TT_ERR_IO, "No such file");
  CHECK(entries() == 5);
  static const char* const kAll[] = {"first", "second", "target", "loop", "lost"};
  for (int i = 0; i < 5; ++i) unlink(path_of(kAll[i]));
}

static void touch(const char* name) {
  FILE* file = fopen(path_of(name), "w");
  CHECK(file != NULL);
  fclose(file);
}

static void abandoned_files(void) {
  char name[64];
  const pid_t child = fork(); /* a process that is no more */
  if (child == 0) _exit(0);
  waitpid(child, NULL, 0);
  snprintf(name, sizeof name, ".x.%d.0.tmp", (int)child);
  touch(name);
  snprintf(name, sizeof name, ".x.%d.17.tmp", (int)child);
  touch(name);
  /* These are others': of another file, of a process that lives, and what only looks like one. */
  snprintf(name, sizeof name, ".y.%d.0.tmp", (int)child);
  touch(name);
  snprintf(name, sizeof name, ".x.%d.5.tmp", (int)getppid());
  touch(name);
  snprintf(name, sizeof name, ".x.%d.tmp", (int)child);
  touch(name);
  snprintf(name, sizeof name, ".x.z.%d.0.tmp", (int)child);
  touch(name);
  OK(tt_safetensors_save(path_of("x"), kNames, &g_values, 1, NULL, NULL, 0));
  CHECK(entries() == 5);
  snprintf(name, sizeof name, "rm -rf %.40s", g_directory);
  CHECK(system(name) == 0);
}

int main(void) {
  const int64_t sizes[1] = {100000};
  CHECK(mkdtemp(g_directory) != NULL);
  OK(tt_ones(sizes, 1, TT_FLOAT32, &g_values));
  limit_of_files();
  links();
  abandoned_files();
  tt_tensor_release(g_values);
  return finish("saving");
}
