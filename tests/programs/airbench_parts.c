// The parts of examples/airbench against what they are to do: the eigenvectors, the whitening, the blocks
// that begin as the identity, the batches. The argument names the device.
#include <math.h>

#include "../../examples/airbench/images.h"
#include "../../examples/airbench/network.h"

static int failures = 0;

#define EXPECT(condition)                                            \
  do {                                                               \
    if (!(condition)) {                                              \
      printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                    \
    }                                                                \
  } while (0)

static float* values_of(const tt_tensor* tensor) {
  int64_t count;
  CHECK(tt_tensor_numel(tensor, &count));
  float* out = malloc((size_t)count * sizeof *out);
  CHECK(tt_tensor_copy_data(tensor, out, (size_t)count * sizeof *out));
  return out;
}

// A v = l v for each pair, and the vectors are orthonormal.
static void test_eigen(void) {
  double a[PATCH][PATCH], work[PATCH][PATCH], values[PATCH], vectors[PATCH][PATCH], sum = 0, trace = 0;
  for (int i = 0; i < PATCH; i++) {
    for (int j = 0; j <= i; j++) a[i][j] = a[j][i] = sin(1.0 + 7 * i + 3 * j) + (i == j) * i;
  }
  memcpy(work, a, sizeof a);
  eigen(work, values, vectors);
  for (int n = 0; n < PATCH; n++) {
    sum += values[n];
    trace += a[n][n];
    for (int i = 0; i < PATCH; i++) {
      double product = 0, dot = 0;
      for (int k = 0; k < PATCH; k++) {
        product += a[i][k] * vectors[n][k];
        dot += vectors[n][k] * vectors[i][k];
      }
      EXPECT(fabs(product - values[n] * vectors[n][i]) < 1e-10);
      EXPECT(fabs(dot - (n == i)) < 1e-12);
    }
  }
  EXPECT(fabs(sum - trace) < 1e-10);
}

// Smooth images, as patches of real ones are: neighbours alike.
static Split make_split(int64_t count, Device device) {
  const int64_t sizes[] = {count, CHANNELS, IMAGE_SIZE, IMAGE_SIZE}, window[] = {3, 3};
  tt_pool_options same_size = TT_POOL_OPTIONS_INIT;
  tt_tensor *noise, *smooth, *labels;
  Split split;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_randn(sizes, 4, NULL, TT_FLOAT32, &noise));
  same_size.stride[0] = same_size.stride[1] = 1;
  same_size.padding[0] = same_size.padding[1] = 1;
  CHECK(tt_avg_pool2d(noise, window, &same_size, &smooth));
  CHECK(tt_randint(0, CLASSES, &count, 1, NULL, TT_INT64, &labels));
  split.images = to(smooth, device);
  split.labels = to(labels, device);
  split.count = count;
  CHECK(tt_scope_keep(split.images));
  CHECK(tt_scope_keep(split.labels));
  CHECK(tt_scope_end(scope));
  return split;
}

// What the first convolution makes of the images it was made from does not correlate, and varies by 1 around
// 0, the last filters being the negatives of the first.
static void test_whitening(const Split* split, Device device) {
  Network net = make_network(4, FLOAT32, device);
  const int64_t order[] = {1, 0, 2, 3}, flat[] = {2 * PATCH, -1};
  tt_tensor *out, *turned, *products;
  const int64_t* sizes;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  network_whiten(&net, split->images);
  CHECK(tt_conv2d(split->images, net.whitening, net.whitening_bias, NULL, &out));
  CHECK(tt_detach(out, &out));
  CHECK(tt_permute(out, order, 4, &out));
  CHECK(tt_reshape(out, flat, 2, &out));
  CHECK(tt_tensor_sizes(out, &sizes));
  const double n = (double)sizes[1];
  CHECK(tt_t(out, &turned));
  CHECK(tt_mm(out, turned, &products));
  float* p = values_of(products);
  for (int i = 0; i < 2 * PATCH; i++) {
    for (int j = 0; j < 2 * PATCH; j++) {
      const double expected = i == j ? 1 : i % PATCH == j % PATCH ? -1 : 0;
      EXPECT(fabs(p[i * 2 * PATCH + j] / n - expected) < 0.05);
    }
  }
  free(p);
  CHECK(tt_scope_end(scope));
  free_network(&net);
}

// The first filters of a block's convolutions pass a channel on.
static void test_identity(Device device) {
  Network net = make_network(32, FLOAT32, device);
  EXPECT(net.weight_count == 2 * BLOCKS + 2 && net.norm_bias_count == 2 * BLOCKS);
  for (size_t n = 1; n <= 2 * BLOCKS; n++) {
    const int64_t* sizes;
    CHECK(tt_tensor_sizes(net.weights[n], &sizes));
    const int64_t in = sizes[1], out = sizes[0];
    float* w = values_of(net.weights[n]);
    for (int64_t i = 0; i < (in < out ? in : out); i++) {
      for (int64_t k = 0; k < in * 9; k++) EXPECT(w[i * in * 9 + k] == (float)(k == i * 9 + 4));
    }
    if (out > in) EXPECT(w[in * in * 9] != 0 && w[in * in * 9] != 1);
    free(w);
  }
  free_network(&net);
}

// Every image of an epoch is one of the data set's, mirrored or not, moved by up to two pixels with reflected
// borders; the next epoch has each mirrored the other way; and an epoch has every image once.
static void test_batches(const Split* split) {
  enum { N = 64, BATCH = 16 };
  Augmented a = augment(split);
  float* all = values_of(split->images);
  int mirrored[2][N], moved = 0, most = 0;
  for (int epoch = 0; epoch < 2; epoch++) {
    int seen[N] = {0};
    tt_scope scope;
    CHECK(tt_scope_begin(&scope));
    begin_epoch(&a, epoch);
    int64_t order[N], down[N], right[N];
    CHECK(tt_tensor_copy_data(a.order, order, sizeof order));
    CHECK(tt_tensor_copy_data(a.down, down, sizeof down));
    CHECK(tt_tensor_copy_data(a.right, right, sizeof right));
    for (int from = 0; from < N; from += BATCH) {
      Batch batch = next_batch(&a, from, BATCH);
      float* got = values_of(batch.images);
      int64_t labels[BATCH], all_labels[N];
      CHECK(tt_tensor_copy_data(batch.labels, labels, sizeof labels));
      CHECK(tt_tensor_copy_data(split->labels, all_labels, sizeof all_labels));
      for (int i = 0; i < BATCH; i++) {
        const int64_t image = order[from + i];
        const int dy = (int)down[from + i] - TRANSLATE, dx = (int)right[from + i] - TRANSLATE;
        int matches[2] = {1, 1};
        seen[image]++;
        moved += dy != 0 || dx != 0;
        if (abs(dy) > most) most = abs(dy);
        EXPECT(labels[i] == all_labels[image]);
        for (int way = 0; way < 2; way++) {
          for (int c = 0; c < CHANNELS; c++) {
            for (int y = 0; y < IMAGE_SIZE; y++) {
              for (int x = 0; x < IMAGE_SIZE; x++) {
                // In the second epoch the batch is mirrored after it was moved.
                int sy = y + dy, sx = (epoch == 1 ? IMAGE_SIZE - 1 - x : x) + dx;
                if (sy < 0) sy = -sy;
                if (sx < 0) sx = -sx;
                if (sy >= IMAGE_SIZE) sy = 2 * (IMAGE_SIZE - 1) - sy;
                if (sx >= IMAGE_SIZE) sx = 2 * (IMAGE_SIZE - 1) - sx;
                if (way == 1) sx = IMAGE_SIZE - 1 - sx;
                if (got[((i * CHANNELS + c) * IMAGE_SIZE + y) * IMAGE_SIZE + x] !=
                    all[((image * CHANNELS + c) * IMAGE_SIZE + sy) * IMAGE_SIZE + sx])
                  matches[way] = 0;
              }
            }
          }
        }
        EXPECT(matches[0] != matches[1]);
        mirrored[epoch][image] = matches[1];
      }
      free(got);
    }
    for (int i = 0; i < N; i++) EXPECT(seen[i] == 1);
    CHECK(tt_scope_end(scope));
  }
  int count = 0;
  for (int i = 0; i < N; i++) {
    EXPECT(mirrored[0][i] == mirrored[1][i]);  // before the epoch's own mirroring
    count += mirrored[0][i];
  }
  EXPECT(count > N / 5 && count < N - N / 5 && moved > N && most == TRANSLATE);
  free(all);
  free_augmented(&a);
}

int main(int argc, char** argv) {
  Device device;
  const char* problem = device_from(argc > 1 ? argv[1] : "cpu", &device);
  if (problem != NULL) fail("%s", problem);
  CHECK(tt_manual_seed(1));
  Split split = make_split(64, device);
  test_eigen();
  test_whitening(&split, device);
  test_identity(device);
  test_batches(&split);
  free_split(&split);
  if (failures > 0) printf("airbench_parts: %d checks failed\n", failures);
  return failures > 0;
}
