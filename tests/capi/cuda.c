/* CUDA devices through the C API, with the plug-in that TINYTORCH_CUDA_LIBRARY names; the argument says what
 * it is: "mock" (two pretended devices), "none" (there is no such library) or "any" (a real one, with devices
 * or without). */
#include "check.h"

/* The default generator of a device goes on where its state was, and is no other device's. */
static void generator_of(tt_device_type type) {
  tt_generator *generator = NULL, *again = NULL;
  tt_tensor *state = NULL, *x = NULL, *first = NULL, *second = NULL;
  const float values[8] = {0};
  int32_t same = 0;
  x = vector_of(values, 8);
  OK(tt_to_device(x, type, 0, &first));
  OK(tt_clone(first, &second));
  OK(tt_generator_default_of(type, 0, &generator));
  OK(tt_generator_default_of(type, 0, &again));
  CHECK(generator != NULL && generator == again);
  OK(tt_generator_get_state(generator, &state));
  OK(tt_uniform_(first, 0, 1, NULL));
  OK(tt_generator_set_state(generator, state));
  if (type == TT_CUDA) {
    OK(tt_uniform_(x, 0, 1, NULL)); /* draws from the CPU's, not from this one */
  }
  OK(tt_uniform_(second, 0, 1, NULL));
  OK(tt_equal(first, second, &same));
  CHECK(same);
  OK(tt_uniform_(second, 0, 1, NULL));
  OK(tt_equal(first, second, &same));
  CHECK(!same);
  tt_generator_release(again);
  tt_generator_release(generator);
  tt_tensor_release(state);
  tt_tensor_release(second);
  tt_tensor_release(first);
  tt_tensor_release(x);
}

static void generators(int32_t device_count) {
  tt_generator *generator = NULL, *other = NULL;
  OK(tt_generator_default(&generator));
  OK(tt_generator_default_of(TT_CPU, 0, &other));
  CHECK(generator == other);
  tt_generator_release(other);
  generator_of(TT_CPU);
  if (device_count > 0) {
    OK(tt_generator_default_of(TT_CUDA, 0, &other));
    CHECK(generator != other);
    tt_generator_release(other);
    generator_of(TT_CUDA);
  }
  FAILS(tt_generator_default_of(TT_CUDA, device_count, &other), TT_ERR_DEVICE, "");
  CHECK(other == NULL);
  FAILS(tt_generator_default_of(TT_CPU, 0, NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  FAILS(tt_generator_default_of(7, 0, &other), TT_ERR_DEVICE, "type is 7");
  tt_generator_release(generator);
}

static void without_a_device(void) {
  tt_cuda_device device = TT_CUDA_DEVICE_INIT;
  tt_cuda_memory memory = TT_CUDA_MEMORY_INIT;
  const float values[] = {1, 2, 3};
  tt_tensor *x = vector_of(values, 3), *y = NULL;
  size_t length = 0;
  char reason[512];
  OK(tt_cuda_unavailable_reason(reason, sizeof reason, &length));
  FAILS(tt_pin_memory(x, &y), TT_ERR_DEVICE, "no CUDA backend");
  FAILS(tt_cuda_set_current_device(0), TT_ERR_DEVICE, "");
  CHECK(length > 10 && strncmp(reason, "no CUDA backend: ", 17) == 0);
  FAILS(tt_cuda_get_device(0, &device), TT_ERR_DEVICE, "");
  FAILS(tt_cuda_get_memory(0, &memory), TT_ERR_DEVICE, "");
  FAILS(tt_cuda_synchronize(0), TT_ERR_DEVICE, "");
  FAILS(tt_cuda_empty_cache(0), TT_ERR_DEVICE, "");
  FAILS(tt_cuda_reset_peak_memory(0), TT_ERR_DEVICE, "");
  FAILS(tt_cuda_set_memory_limit(0, 0), TT_ERR_DEVICE, "");
  FAILS(tt_to_device(x, TT_CUDA, 0, &y), TT_ERR_DEVICE, "");
  CHECK(y == NULL);
  /* The CPU goes on working. */
  OK(tt_add(x, x, &y));
  tt_tensor_release(y);
  tt_tensor_release(x);
}

static void with_devices(int32_t count) {
  tt_cuda_device device = TT_CUDA_DEVICE_INIT;
  tt_cuda_memory before = TT_CUDA_MEMORY_INIT, during = TT_CUDA_MEMORY_INIT, after = TT_CUDA_MEMORY_INIT;
  struct {
    size_t struct_size;
    int64_t allocated, guard;
  } older = {2 * sizeof(int64_t), -1, -7};
  float values[1000] = {0}, back[1000];
  tt_tensor *x = NULL, *y = NULL, *z = NULL;
  char reason[64] = "?";
  size_t length = 1;
  int i;
  OK(tt_cuda_unavailable_reason(reason, sizeof reason, &length));
  CHECK(length == 0 && reason[0] == '\0');

  OK(tt_cuda_get_device(0, &device));
  CHECK(strlen(device.name) > 0 && device.major > 0 && device.multiprocessors > 0);
  CHECK(device.total_memory > 0 && device.free_memory > 0 && device.free_memory <= device.total_memory);
  CHECK(device.struct_size == sizeof device);
  FAILS(tt_cuda_get_device(count, &device), TT_ERR_DEVICE, "");
  FAILS(tt_cuda_get_device(-2, &device), TT_ERR_DEVICE, "-2");
  FAILS(tt_cuda_get_device(0, NULL), TT_ERR_INVALID_ARGUMENT, "device is NULL");
  device.struct_size = 3;
  FAILS(tt_cuda_get_device(0, &device), TT_ERR_INVALID_ARGUMENT, "device.struct_size is 3");

  for (i = 0; i < 1000; ++i) values[i] = (float)i;
  x = vector_of(values, 1000);
  OK(tt_cuda_get_memory(0, &before));
  OK(tt_to_device(x, TT_CUDA, 0, &y));
  OK(tt_cuda_get_memory(0, &during));
  CHECK(during.allocated >= before.allocated + 4000 && during.peak_allocated >= during.allocated);
  CHECK(during.reserved >= during.allocated && during.peak_reserved >= during.reserved);
  /* A caller of an older version gets what its struct has room for. */
  OK(tt_cuda_get_memory(0, (tt_cuda_memory*)&older));
  CHECK(older.allocated == during.allocated && older.guard == -7);
  OK(tt_add(y, y, &z));
  OK(tt_cuda_synchronize(0));
  OK(tt_tensor_copy_data(z, back, sizeof back));
  for (i = 0; i < 1000; ++i) CHECK(back[i] == 2 * values[i]);
  tt_tensor_release(z);
  tt_tensor_release(y);
  OK(tt_cuda_synchronize(0));
  OK(tt_cuda_get_memory(0, &after));
  CHECK(after.allocated == before.allocated && after.peak_allocated >= during.allocated);
  OK(tt_cuda_empty_cache(0));
  OK(tt_cuda_reset_peak_memory(0));
  OK(tt_cuda_get_memory(0, &after));
  CHECK(after.peak_allocated == after.allocated && after.limit == 0);

  FAILS(tt_cuda_set_memory_limit(0, -1), TT_ERR_INVALID_ARGUMENT, "bytes is -1");
  OK(tt_cuda_set_memory_limit(0, 1000));
  OK(tt_cuda_get_memory(0, &after));
  CHECK(after.limit == 1000);
  FAILS(tt_to_device(x, TT_CUDA, 0, &y), TT_ERR_OUT_OF_MEMORY, "");
  CHECK(y == NULL);
  OK(tt_cuda_set_memory_limit(0, 0));
  OK(tt_to_device(x, TT_CUDA, 0, &y));
  tt_tensor_release(y);
  tt_tensor_release(x);
}

/* The index -1 is the thread's current device. */
static void current_device(int32_t count) {
  const float values[] = {1, 2, 3};
  tt_tensor *x = vector_of(values, 3), *y = NULL, *z = NULL;
  tt_device_type type = -1;
  int32_t index = -1;
  OK(tt_cuda_get_current_device(&index));
  CHECK(index == 0);
  FAILS(tt_cuda_set_current_device(count), TT_ERR_DEVICE, "");
  FAILS(tt_cuda_get_current_device(NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  OK(tt_cuda_set_current_device(count - 1));
  OK(tt_cuda_get_current_device(&index));
  CHECK(index == count - 1);
  OK(tt_to_device(x, TT_CUDA, -1, &y));
  OK(tt_tensor_device(y, &type, &index));
  CHECK(type == TT_CUDA && index == count - 1);
  OK(tt_cuda_synchronize(-1));
  OK(tt_to_device(y, TT_CPU, -1, &z));
  CHECK(at(z, 2) == 3);
  OK(tt_cuda_set_current_device(0));
  tt_tensor_release(x);
  tt_tensor_release(y);
  tt_tensor_release(z);
}

/* Copies for which the host does not wait. */
static void copies(void) {
  enum { kRows = 300, kColumns = 400 };
  static float values[kRows * kColumns];
  const int64_t sizes[] = {kRows, kColumns};
  tt_tensor *x = NULL, *pinned = NULL, *device = NULL, *turned = NULL, *back = NULL, *half = NULL,
            *again = NULL;
  int32_t yes = -1, equal = 0;
  int i;
  for (i = 0; i < kRows * kColumns; ++i) values[i] = (float)i;
  OK(tt_from_data(values, sizes, 2, TT_FLOAT32, &x));
  OK(tt_tensor_is_pinned(x, &yes));
  CHECK(yes == 0);
  OK(tt_pin_memory(x, &pinned));
  OK(tt_tensor_is_pinned(pinned, &yes));
  CHECK(yes == 1);
  OK(tt_equal(x, pinned, &equal));
  CHECK(equal == 1);
  FAILS(tt_tensor_is_pinned(x, NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");

  /* The pinned memory is let go of before anybody has waited for the copy. */
  OK(tt_to_device_non_blocking(pinned, TT_CUDA, 0, &device));
  tt_tensor_release(pinned);
  FAILS(tt_pin_memory(device, &pinned), TT_ERR_DEVICE, "cannot pin a tensor of cuda:0");
  OK(tt_to_device_non_blocking(device, TT_CPU, 0, &back));
  OK(tt_tensor_is_pinned(back, &yes));
  CHECK(yes == 1);
  OK(tt_cuda_synchronize(0));
  OK(tt_equal(x, back, &equal));
  CHECK(equal == 1);
  tt_tensor_release(back);

  /* Where the host has to convert or to put in place, the copy waits. */
  OK(tt_transpose(device, 0, 1, &turned));
  OK(tt_pin_memory(x, &pinned));
  OK(tt_zero_(pinned));
  OK(tt_to(pinned, TT_FLOAT64, &half));
  OK(tt_transpose(pinned, 0, 1, &back));
  OK(tt_copy_non_blocking_(back, turned));
  OK(tt_equal(x, pinned, &equal));
  CHECK(equal == 1);
  OK(tt_copy_non_blocking_(half, device));
  OK(tt_to(half, TT_FLOAT32, &again));
  OK(tt_equal(x, again, &equal));
  CHECK(equal == 1);
  /* And into the device's memory from memory that is not pinned. */
  OK(tt_zero_(device));
  OK(tt_copy_non_blocking_(device, x));
  tt_tensor_release(again);
  OK(tt_to_device(device, TT_CPU, 0, &again));
  OK(tt_equal(x, again, &equal));
  CHECK(equal == 1);
  tt_tensor_release(x);
  tt_tensor_release(pinned);
  tt_tensor_release(device);
  tt_tensor_release(turned);
  tt_tensor_release(back);
  tt_tensor_release(half);
  tt_tensor_release(again);
}

int main(int argc, char** argv) {
  const char* kind = argc > 1 ? argv[1] : "any";
  int32_t available = -1, count = -1;
  FAILS(tt_cuda_is_available(NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  FAILS(tt_cuda_device_count(NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  OK(tt_cuda_is_available(&available));
  OK(tt_cuda_device_count(&count));
  CHECK(available == (count > 0));
  if (strcmp(kind, "mock") == 0) CHECK(count == 2);
  if (strcmp(kind, "none") == 0) CHECK(count == 0);
  if (available) {
    with_devices(count);
    current_device(count);
    copies();
  } else {
    without_a_device();
  }
  generators(count);
  return finish("capi_cuda");
}
