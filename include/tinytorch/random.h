/* TinyTorch: generators and random tensors. A CPU generator gives PyTorch's numbers for the same seed and
 * calls; a Philox generator gives the same numbers on every device. Wherever a generator is taken, NULL is
 * the default one of the tensor's device: mt19937 on the CPU, Philox on others. */
#ifndef TINYTORCH_RANDOM_H_
#define TINYTORCH_RANDOM_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Seeds the default generators of every device. */
TT_API tt_status tt_manual_seed(uint64_t seed);
/* Seeds it from the system's entropy and gives the seed. */
TT_API tt_status tt_seed(uint64_t* out);
/* The seed that it was last given; 67280421310721 at start. */
TT_API tt_status tt_initial_seed(uint64_t* out);

typedef int32_t tt_generator_engine;
enum {
  TT_MT19937 = 0, /* PyTorch's CPU generator */
  TT_PHILOX = 1   /* counter-based */
};
TT_API tt_status tt_generator_new(tt_generator_engine engine, uint64_t seed, tt_generator** out);
/* A new reference to the default generator: the CPU's, or a device's. TT_ERR_DEVICE where there is no such
 * device. */
TT_API tt_status tt_generator_default(tt_generator** out);
TT_API tt_status tt_generator_default_of(tt_device_type type, int32_t index, tt_generator** out);
TT_API tt_generator* tt_generator_retain(tt_generator* generator);
/* NULL is fine. */
TT_API void tt_generator_release(tt_generator* generator);
TT_API tt_status tt_generator_manual_seed(tt_generator* generator, uint64_t seed);
TT_API tt_status tt_generator_initial_seed(const tt_generator* generator, uint64_t* out);
/* The state, as a uint8 tensor in the library's own format; and back. */
TT_API tt_status tt_generator_get_state(const tt_generator* generator, tt_tensor** out);
/* TT_ERR_FORMAT when the state is damaged or another engine's; the generator is then as before. */
TT_API tt_status tt_generator_set_state(tt_generator* generator, const tt_tensor* state);

/* Uniform in [0, 1); dtype floating, TT_DTYPE_NONE for the default dtype. */
TT_API tt_status tt_rand(const int64_t* sizes, size_t ndim, tt_generator* generator, tt_dtype dtype,
                         tt_tensor** out);
/* Standard normal; dtype as tt_rand's. */
TT_API tt_status tt_randn(const int64_t* sizes, size_t ndim, tt_generator* generator, tt_dtype dtype,
                          tt_tensor** out);
/* Of the input's shape and dtype. */
TT_API tt_status tt_rand_like(const tt_tensor* input, tt_generator* generator, tt_tensor** out);
TT_API tt_status tt_randn_like(const tt_tensor* input, tt_generator* generator, tt_tensor** out);
/* Integers in [low, high); dtype TT_DTYPE_NONE for int64. */
TT_API tt_status tt_randint(int64_t low, int64_t high, const int64_t* sizes, size_t ndim,
                            tt_generator* generator, tt_dtype dtype, tt_tensor** out);
/* A permutation of 0 .. n - 1; dtype TT_DTYPE_NONE for int64. n must fit the dtype, exactly but for bfloat16.
 */
TT_API tt_status tt_randperm(int64_t n, tt_generator* generator, tt_dtype dtype, tt_tensor** out);

/* In place: uniform in [from, to); normal; exponential; integers in [low, high); 1 with probability p, else
 * 0. */
TT_API tt_status tt_uniform_(tt_tensor* input, double from, double to, tt_generator* generator);
TT_API tt_status tt_normal_(tt_tensor* input, double mean, double std, tt_generator* generator);
TT_API tt_status tt_exponential_(tt_tensor* input, double lambda, tt_generator* generator);
TT_API tt_status tt_random_(tt_tensor* input, int64_t low, int64_t high, tt_generator* generator);
TT_API tt_status tt_bernoulli_(tt_tensor* input, double p, tt_generator* generator);
/* 0 or 1 for each probability of the input, in its dtype; the input's gradient is 0. */
TT_API tt_status tt_bernoulli(const tt_tensor* input, tt_generator* generator, tt_tensor** out);
/* `num_samples` int64 indices drawn by the weights of input (n) or of each row of input (rows, n). */
TT_API tt_status tt_multinomial(const tt_tensor* input, int64_t num_samples, int32_t replacement,
                                tt_generator* generator, tt_tensor** out);

#ifdef __cplusplus
}
#endif

#endif
