/* An allocator that counts the blocks in use, so that a test sees what is freed when. */
#ifndef TESTS_CAPI_LIVE_BLOCKS_H_
#define TESTS_CAPI_LIVE_BLOCKS_H_

#include <stdlib.h>

#include "check.h"

/* The programs that use it allocate on one thread at a time. */
static int64_t live_blocks = 0;

static void* counting_allocate(size_t size, size_t alignment, void* user) {
  void* block = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  (void)user;
  if (block != NULL) ++live_blocks;
  return block;
}

static void counting_deallocate(void* block, size_t size, void* user) {
  (void)size;
  (void)user;
  --live_blocks;
  free(block);
}

/* Before anything else that the program asks of the library. Every block is then asked for and freed, so
 * that valgrind and the sanitizers see each. */
static inline void count_live_blocks(void) {
  tt_allocator allocator = {sizeof(tt_allocator), counting_allocate, counting_deallocate, NULL, 1};
  OK(tt_set_allocator(&allocator));
}

#endif
