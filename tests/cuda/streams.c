/* Streams and events of a CUDA device. Ends with 77, having printed the reason, where there is none. */
#include "../capi/check.h"

/* As much of dlpack.h's as is called. */
struct DLManagedTensor {
  struct {
    void* data;
    int32_t device[2], ndim;
    uint32_t dtype;
    int64_t *shape, *strides;
    uint64_t byte_offset;
  } dl_tensor;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensor* self);
};

/* What was exported is not used again before the consumer's stream is done with it. */
static void exports(void) {
  enum { kSize = 4096 };
  const int64_t size = kSize;
  tt_stream *side = NULL, *before = NULL;
  struct DLManagedTensor* lent = NULL;
  tt_tensor *host = NULL, *x = NULL, *y = NULL, *next = NULL;
  void* native = NULL;
  float values[kSize];
  int i;
  OK(tt_stream_new(TT_CUDA, 0, &side));
  OK(tt_stream_native(side, &native));
  OK(tt_full(&size, 1, 2.0, TT_FLOAT32, &host));
  OK(tt_to_device(host, TT_CUDA, 0, &x));
  OK(tt_to_dlpack_legacy(x, native, &lent));
  OK(tt_stream_set_current(side, &before));
  OK(tt_mul(x, x, &y));
  OK(tt_stream_set_current(before, NULL));
  tt_tensor_release(x);
  lent->deleter(lent);
  OK(tt_full_like(y, 9.0, TT_FLOAT32, &next));
  OK(tt_cuda_synchronize(0));
  OK(tt_stream_synchronize(side));
  OK(tt_tensor_copy_data(y, values, sizeof values));
  for (i = 0; i < kSize; ++i) CHECK(values[i] == 4);
  tt_tensor_release(host);
  tt_tensor_release(y);
  tt_tensor_release(next);
  tt_stream_release(before);
  tt_stream_release(side);

  /* CUDA's default stream. */
  OK(tt_ones(&size, 1, TT_FLOAT32, &host));
  OK(tt_to_device(host, TT_CUDA, 0, &x));
  OK(tt_to_dlpack_legacy(x, NULL, &lent));
  tt_tensor_release(x);
  lent->deleter(lent);
  tt_tensor_release(host);
}

static void streams(void) {
  tt_stream *side = NULL, *current = NULL, *before = NULL, *wrapped = NULL;
  tt_event *start = NULL, *end = NULL, *plain = NULL;
  tt_device_type type = -1;
  int32_t index = -1, done = -1;
  double milliseconds = -1;
  void *native = NULL, *same = NULL;
  const int64_t sizes[] = {64, 33};
  tt_tensor *host = NULL, *x = NULL, *y = NULL, *z = NULL, *w = NULL;
  int32_t equal = 0;
  OK(tt_randn(sizes, 2, NULL, TT_FLOAT32, &host));
  OK(tt_to_device(host, TT_CUDA, 0, &x));
  FAILS(tt_stream_new(TT_CPU, 0, &side), TT_ERR_DEVICE, "the CPU has no streams");
  FAILS(tt_stream_new(TT_CUDA, 77, &side), TT_ERR_DEVICE, "cuda:77");
  FAILS(tt_stream_set_current(NULL, NULL), TT_ERR_INVALID_ARGUMENT, "stream is NULL");
  FAILS(tt_event_new(TT_CPU, 0, 0, &plain), TT_ERR_DEVICE, "the CPU has no streams");
  OK(tt_stream_new(TT_CUDA, 0, &side));
  OK(tt_stream_device(side, &type, &index));
  CHECK(type == TT_CUDA && index == 0);
  OK(tt_event_new(TT_CUDA, 0, 1, &start));
  OK(tt_event_new(TT_CUDA, 0, 1, &end));
  OK(tt_event_new(TT_CUDA, 0, 0, &plain));
  OK(tt_event_query(start, &done));
  CHECK(done == 1);
  FAILS(tt_event_elapsed(start, end, &milliseconds), TT_ERR_INVALID_ARGUMENT, "recorded first");

  /* x was made on the shared stream; its square on the side; the sum on the shared one again. */
  FAILS(tt_stream_wait_stream(side, NULL), TT_ERR_INVALID_ARGUMENT, "other is NULL");
  OK(tt_event_record(plain, NULL));
  OK(tt_stream_set_current(side, &before));
  OK(tt_stream_get_current(TT_CUDA, 0, &current));
  CHECK(current == side);
  OK(tt_event_wait(plain, NULL));
  OK(tt_event_record(start, NULL));
  OK(tt_mul(x, x, &y));
  OK(tt_event_record(end, NULL));
  OK(tt_tensor_record_stream(x, side));
  OK(tt_stream_set_current(before, NULL));
  OK(tt_event_wait(end, NULL));
  OK(tt_add(y, x, &z));
  OK(tt_mul(x, x, &w));
  OK(tt_add_(w, x));
  tt_tensor_release(x);
  tt_tensor_release(y);
  OK(tt_equal(z, w, &equal));
  CHECK(equal == 1);
  OK(tt_event_synchronize(end));
  OK(tt_event_elapsed(start, end, &milliseconds));
  CHECK(milliseconds >= 0);
  OK(tt_event_record(plain, NULL));
  FAILS(tt_event_elapsed(start, plain, &milliseconds), TT_ERR_INVALID_ARGUMENT, "with timing");
  OK(tt_stream_synchronize(side));
  OK(tt_stream_query(side, &done));
  CHECK(done == 1);

  OK(tt_stream_native(side, &native));
  OK(tt_stream_new_from_native(TT_CUDA, 0, native, &wrapped));
  OK(tt_stream_native(wrapped, &same));
  CHECK(native != NULL && same == native);
  tt_stream_release(wrapped);
  tt_tensor_release(host);
  tt_tensor_release(z);
  tt_tensor_release(w);
  tt_stream_release(current);
  tt_stream_release(before);
  tt_stream_release(side);
  tt_event_release(start);
  tt_event_release(end);
  tt_event_release(plain);
}

int main(void) {
  int32_t there = 0;
  OK(tt_cuda_is_available(&there));
  if (!there) {
    char reason[512];
    OK(tt_cuda_unavailable_reason(reason, sizeof reason, NULL));
    printf("skipped: %s\n", reason);
    return 77;
  }
  streams();
  exports();
  return finish("streams");
}
