/* TinyTorch: data sets and loaders. */
#ifndef TINYTORCH_DATA_H_
#define TINYTORCH_DATA_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- data sets ----
 * A data set has a length and a width: the number of tensors in a sample. */

/* One more reference, and one given back. NULL is fine; the last release frees. */
TT_API tt_dataset* tt_dataset_retain(tt_dataset* dataset);
TT_API void tt_dataset_release(tt_dataset* dataset);

/* Sample i is tensors[0][i], tensors[1][i], ... All have the same first size; they are kept, not copied.
 * TT_ERR_SHAPE when the first sizes differ or a tensor has no dimensions. */
TT_API tt_status tt_tensor_dataset_new(tt_tensor* const* tensors, size_t count, tt_dataset** out);

/* A data set of the caller's. The callbacks run on the thread that asks for a sample, inside a scope, and
 * report failure as autograd.h says. */
typedef struct tt_dataset_callbacks {
  size_t struct_size;
  size_t width; /* 1 or more */
  tt_status (*length)(int64_t* out, void* user);
  /* Fills sample[0..width) (NULL on entry); 0 <= index < length. Tensors made in it need no release. */
  tt_status (*get)(int64_t index, tt_tensor** sample, size_t width, void* user);
  void* user;
  /* May be NULL. Runs once: with the last reference to the data set, or when tt_dataset_new fails after it
   * has read this struct. */
  void (*destroy)(void* user);
} tt_dataset_callbacks;
#define TT_DATASET_CALLBACKS_INIT \
  { sizeof(tt_dataset_callbacks), 0, NULL, NULL, NULL, NULL }
TT_API tt_status tt_dataset_callbacks_init(size_t struct_size, tt_dataset_callbacks* callbacks);
TT_API tt_status tt_dataset_new(const tt_dataset_callbacks* callbacks, tt_dataset** out);

/* Samples indices[0..count) of a data set; repeats are fine. */
TT_API tt_status tt_subset_new(tt_dataset* dataset, const int64_t* indices, size_t count, tt_dataset** out);
/* Several data sets of one width, one after the other. Their lengths are asked for once, here. */
TT_API tt_status tt_concat_dataset_new(tt_dataset* const* datasets, size_t count, tt_dataset** out);
/* out[0..count): disjoint parts of these lengths, which must sum to the data set's. The order is
 * torch.utils.data.random_split's for the same seed. generator: NULL for the default one. */
TT_API tt_status tt_random_split(tt_dataset* dataset, const int64_t* lengths, size_t count,
                                 tt_generator* generator, tt_dataset** out);
/* The same with fractions that sum to 1: each length is rounded down, the rest goes out one by one. */
TT_API tt_status tt_random_split_fractions(tt_dataset* dataset, const double* fractions, size_t count,
                                           tt_generator* generator, tt_dataset** out);

TT_API tt_status tt_dataset_length(const tt_dataset* dataset, int64_t* out);
TT_API tt_status tt_dataset_width(const tt_dataset* dataset, size_t* out);
/* Sample `index` into sample[0..width); the rest of sample[0..capacity) becomes NULL. Of a tensor data set
 * the tensors are views. */
TT_API tt_status tt_dataset_get(const tt_dataset* dataset, int64_t index, tt_tensor** sample,
                                size_t capacity);

/* ---- loaders ---- */

typedef struct tt_loader_options {
  size_t struct_size;
  int64_t batch_size; /* 1 */
  int32_t shuffle;    /* 0; 1 draws PyTorch's order for the same seed */
  int32_t drop_last;  /* 0; 1 leaves out a last batch that is not full */
  /* Where the order comes from; kept. NULL: as in PyTorch, the default generator seeds one for each epoch. */
  tt_generator* generator;
  /* The samples of an epoch in order (copied), instead of all; not together with shuffle. Each must be one of
   * the data set's, when the loader is made and when an epoch begins. NULL: none. */
  const int64_t* sampler;
  size_t sampler_count;
} tt_loader_options;
#define TT_LOADER_OPTIONS_INIT \
  { sizeof(tt_loader_options), 1, 0, 0, NULL, NULL, 0 }
TT_API tt_status tt_loader_options_init(size_t struct_size, tt_loader_options* options);

TT_API tt_loader* tt_loader_retain(tt_loader* loader);
TT_API void tt_loader_release(tt_loader* loader);

/* A loader over a data set, which it keeps. options: NULL for the defaults. Samples are read on the caller's
 * thread. */
TT_API tt_status tt_loader_new(tt_dataset* dataset, const tt_loader_options* options, tt_loader** out);
/* Batches in an epoch. */
TT_API tt_status tt_loader_length(const tt_loader* loader, int64_t* out);
/* Starts an epoch, wherever the loader is. Takes 64 bits from the generator, as PyTorch's iterator does. */
TT_API tt_status tt_loader_begin(tt_loader* loader);
/* The next batch, samples stacked along a new first dimension, in new memory: batch[0..width), NULL in the
 * rest of batch[0..capacity). *has_batch is 1, or 0 at the end of the epoch with every entry NULL. Samples
 * whose shapes differ are TT_ERR_SHAPE, a capacity below the width is TT_ERR_INVALID_ARGUMENT. After a
 * failure the next call tries the same batch again. The data set's callbacks may release the loader, but not
 * use it meanwhile: TT_ERR_INVALID_ARGUMENT. */
TT_API tt_status tt_loader_next(tt_loader* loader, tt_tensor** batch, size_t capacity, int32_t* has_batch);

#ifdef __cplusplus
}
#endif

#endif
