/* Batch, iteration, epoch: 2000 examples in batches of 500 are 4 iterations. */
#include "lesson.h"

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  const int64_t column[] = {2000, 1};
  tt_tensor *numbers, *inputs, *tensors[2], *batch[2], *t, *first;
  tt_dataset* data;
  tt_loader* loader;
  tt_loader_options options = TT_LOADER_OPTIONS_INIT;
  int64_t length;
  int epoch;

  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_manual_seed(0));
  CHECK(tt_arange(0, 2000, 1, TT_INT64, &numbers));
  numbers = to(numbers, device);
  CHECK(tt_to(numbers, TT_FLOAT32, &inputs));
  CHECK(tt_view(inputs, column, 2, &inputs));
  tensors[0] = inputs;
  tensors[1] = numbers;
  CHECK(tt_tensor_dataset_new(tensors, 2, &data));
  options.batch_size = 500;
  options.shuffle = 1;
  CHECK(tt_loader_new(data, &options, &loader));
  CHECK(tt_loader_length(loader, &length));
  printf("%lld\n", (long long)length);
  for (epoch = 0; epoch < 2; ++epoch) {
    long long seen = 0, iterations = 0;
    int32_t more;
    CHECK(tt_loader_begin(loader));
    for (;;) {
      int32_t same;
      CHECK(tt_loader_next(loader, batch, 2, &more));
      if (!more) break;
      CHECK(tt_flatten(batch[0], 0, -1, &t));
      CHECK(tt_to(t, TT_INT64, &t));
      CHECK(tt_equal(t, batch[1], &same));
      if (!same) {
        fprintf(stderr, "inputs and labels have come apart\n");
        return 1;
      }
      CHECK(tt_sum(batch[1], NULL, 0, 0, TT_DTYPE_NONE, &t));
      seen += (long long)item(t);
      ++iterations;
      CHECK(tt_narrow(batch[1], 0, 0, 5, &first));
    }
    printf("%d %lld %lld ", epoch, iterations, seen);
    print_tensor(first);
  }
  tt_loader_release(loader);
  tt_dataset_release(data);
  CHECK(tt_scope_end(scope));
  return 0;
}
