/* CIFAR-10 on the device, and its augmentation: every image mirrored in every other epoch, and moved by up to
 * two pixels. */
#ifndef AIRBENCH_IMAGES_H_
#define AIRBENCH_IMAGES_H_

#include <unistd.h>

#include "program.h"

enum { CHANNELS = 3, IMAGE_SIZE = 32, TRANSLATE = 2 };

typedef struct {
  tt_tensor* images; /* (n, 3, 32, 32) */
  tt_tensor* labels; /* (n), int64 */
  int64_t count;
} Split;

static inline void free_split(Split* split) {
  tt_tensor_release(split->images);
  tt_tensor_release(split->labels);
}

/* ---- files ---- */

typedef struct {
  Split train, test; /* on the CPU, bytes */
} Files;

/* Several of the files, joined; only the first `most` images, 0 for all. */
static inline Split read_split(const char* folder, const char* const* names, size_t count, int64_t most) {
  tt_tensor *images[8], *labels[8];
  Split split;
  size_t i;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  for (i = 0; i < count; ++i) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    if (access(path, F_OK) != 0) snprintf(path, sizeof path, "%s/%s.gz", folder, names[i]);
    if (access(path, F_OK) != 0) fail("%s holds neither %s nor %s.gz", folder, names[i], names[i]);
    CHECK(tt_read_cifar10(path, &images[i], &labels[i]));
  }
  CHECK(tt_cat(images, count, 0, &split.images));
  CHECK(tt_cat(labels, count, 0, &split.labels));
  CHECK(tt_tensor_numel(split.labels, &split.count));
  if (most > 0 && most < split.count) {
    split.count = most;
    CHECK(tt_narrow(split.images, 0, 0, most, &split.images));
    CHECK(tt_narrow(split.labels, 0, 0, most, &split.labels));
  }
  CHECK(tt_scope_keep(split.images));
  CHECK(tt_scope_keep(split.labels));
  CHECK(tt_scope_end(scope));
  return split;
}

static inline Files read_files(const char* folder, int64_t samples) {
  static const char* const train[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                      "data_batch_4.bin", "data_batch_5.bin"};
  static const char* const test[] = {"test_batch.bin"};
  Files files;
  files.train = read_split(folder, train, 5, samples);
  files.test = read_split(folder, test, 1, samples / 5);
  return files;
}

/* ---- on the device ---- */

/* The bytes go to the device and are divided by 255 and standardised by the training set's mean and spread
 * there. */
static inline Split upload(const Split* files, Device device, tt_dtype dtype) {
  static const float means[] = {0.4914f, 0.4822f, 0.4465f}, spreads[] = {0.2470f, 0.2435f, 0.2616f};
  const int64_t sizes[] = {1, CHANNELS, 1, 1};
  tt_tensor *mean, *spread, *t;
  Split split;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_from_data(means, sizes, 4, TT_FLOAT32, &mean));
  CHECK(tt_from_data(spreads, sizes, 4, TT_FLOAT32, &spread));
  CHECK(tt_to(to(files->images, device), TT_FLOAT32, &t));
  CHECK(tt_div_scalar_(t, 255.0));
  CHECK(tt_sub_(t, to(mean, device)));
  CHECK(tt_div_(t, to(spread, device)));
  CHECK(tt_to(t, dtype, &split.images));
  split.labels = to(files->labels, device);
  split.count = files->count;
  CHECK(tt_scope_keep(split.images));
  CHECK(tt_scope_keep(split.labels));
  CHECK(tt_scope_end(scope));
  return split;
}

/* ---- augmentation ---- */

typedef struct {
  tt_tensor* padded;     /* (n, 3, 36, 36): a random half of the images mirrored, each with a border */
  tt_tensor* labels;     /* (n) */
  tt_tensor* channels;   /* (1, 3, 1, 1): 0 1 2 */
  tt_tensor* rows;       /* (1, 1, 32, 1): 0 .. 31 */
  tt_tensor* columns[2]; /* (1, 1, 1, 32): 0 .. 31, and in reverse */
  int64_t count;
  Device device;
  /* of the present epoch, the scope's that begin_epoch was called in: */
  tt_tensor* order;       /* (n) */
  tt_tensor* down;        /* (n, 1, 1, 1): by how much each image moves */
  tt_tensor* right;       /* likewise */
  tt_tensor* mirror_cols; /* one of columns */
} Augmented;

/* 0 .. count - 1 along dimension `dim` of four. */
static inline tt_tensor* counting(int64_t count, int dim, Device device) {
  int64_t sizes[] = {1, 1, 1, 1};
  tt_tensor* t;
  sizes[dim] = count;
  CHECK(tt_arange_int(0, count, 1, TT_INT64, &t));
  CHECK(tt_view(t, sizes, 4, &t));
  return to(t, device);
}

static inline Augmented augment(const Split* split) {
  const int64_t around[] = {TRANSLATE, TRANSLATE, TRANSLATE, TRANSLATE}, last[] = {3};
  int64_t each[] = {0, 1, 1, 1};
  tt_tensor *chosen, *mirrored;
  Augmented a;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_tensor_device(split->images, &a.device.type, &a.device.index));
  a.count = each[0] = split->count;
  /* Mirrored in a first epoch by chance; which half is mirrored then alternates. */
  CHECK(tt_rand(each, 4, NULL, TT_FLOAT32, &chosen));
  CHECK(tt_lt_scalar(to(chosen, a.device), 0.5, &chosen));
  CHECK(tt_flip(split->images, last, 1, &mirrored));
  CHECK(tt_where(chosen, mirrored, split->images, &mirrored));
  CHECK(tt_pad(mirrored, around, 4, TT_PAD_REFLECT, 0, &a.padded));
  a.labels = tt_tensor_retain(split->labels);
  a.channels = counting(CHANNELS, 1, a.device);
  a.rows = counting(IMAGE_SIZE, 2, a.device);
  a.columns[0] = counting(IMAGE_SIZE, 3, a.device);
  CHECK(tt_flip(a.columns[0], last, 1, &a.columns[1]));
  CHECK(tt_scope_keep(a.padded));
  CHECK(tt_scope_keep(a.channels));
  CHECK(tt_scope_keep(a.rows));
  CHECK(tt_scope_keep(a.columns[0]));
  CHECK(tt_scope_keep(a.columns[1]));
  CHECK(tt_scope_end(scope));
  return a;
}

static inline void free_augmented(Augmented* a) {
  tt_tensor_release(a->padded);
  tt_tensor_release(a->labels);
  tt_tensor_release(a->channels);
  tt_tensor_release(a->rows);
  tt_tensor_release(a->columns[0]);
  tt_tensor_release(a->columns[1]);
}

/* Draws the order of the images and where each is moved. On the CPU, so that it is the same on every device.
 */
static inline void begin_epoch(Augmented* a, long epoch) {
  const int64_t sizes[] = {a->count, 1, 1, 1};
  tt_tensor* t;
  CHECK(tt_randint(0, 2 * TRANSLATE + 1, sizes, 4, NULL, TT_INT64, &t));
  a->down = to(t, a->device);
  CHECK(tt_randint(0, 2 * TRANSLATE + 1, sizes, 4, NULL, TT_INT64, &t));
  a->right = to(t, a->device);
  CHECK(tt_randperm(a->count, NULL, TT_INT64, &t));
  a->order = to(t, a->device);
  a->mirror_cols = a->columns[epoch % 2];
}

typedef struct {
  tt_tensor* images; /* (count, 3, 32, 32) */
  tt_tensor* labels; /* (count) */
} Batch;

/* Images `from` to from + count of the epoch's order, taken out of the padded ones, moved and mirrored, in
 * one go. They belong to the caller's scope. */
static inline Batch next_batch(const Augmented* a, int64_t from, int64_t count) {
  const int64_t each[] = {count, 1, 1, 1};
  tt_tensor *order, *indices[4];
  Batch batch;
  CHECK(tt_narrow(a->order, 0, from, count, &order));
  CHECK(tt_view(order, each, 4, &indices[0]));
  indices[1] = a->channels;
  CHECK(tt_narrow(a->down, 0, from, count, &indices[2]));
  CHECK(tt_add(indices[2], a->rows, &indices[2]));
  CHECK(tt_narrow(a->right, 0, from, count, &indices[3]));
  CHECK(tt_add(indices[3], a->mirror_cols, &indices[3]));
  CHECK(tt_index(a->padded, indices, 4, &batch.images));
  CHECK(tt_index_select(a->labels, 0, order, &batch.labels));
  return batch;
}

#endif
