/* The readers take pipes, whose length nobody knows before. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char path[64];

static void* write_rows(void* rows) {
  const int fd = open(path, O_WRONLY);
  long i;
  for (i = 0; i < *(const long*)rows; ++i) CHECK(write(fd, "1,2,3\n", 6) == 6);
  close(fd);
  return NULL;
}

static void reads(long rows) {
  pthread_t writer;
  tt_tensor* table = NULL;
  const int64_t* sizes = NULL;
  CHECK(pthread_create(&writer, NULL, write_rows, &rows) == 0);
  OK(tt_read_csv(path, 0, 0, -1, &table));
  CHECK(pthread_join(writer, NULL) == 0);
  OK(tt_tensor_sizes(table, &sizes));
  CHECK(sizes[0] == rows && sizes[1] == 3 && at(table, 3 * rows - 1) == 3.0F);
  tt_tensor_release(table);
}

int main(void) {
  tt_safetensors* file = NULL;
  snprintf(path, sizeof path, "/tmp/tinytorch-pipe-%ld", (long)getpid());
  CHECK(mkfifo(path, 0600) == 0);
  reads(3);
  reads(300000); /* more than any first guess */
  /* Nobody writes, and nobody waits. */
  FAILS(tt_safetensors_open(path, 1, &file), TT_ERR_IO, "it is not a regular file");
  FAILS(tt_safetensors_open(path, 0, &file), TT_ERR_IO, "it is not a regular file");
  unlink(path);
  return finish("pipes");
}
