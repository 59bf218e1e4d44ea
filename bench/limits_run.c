/* What the machine can do at most: fused multiply-adds of float32 in registers, and reads and writes of
 * memory (a[i] = b[i] + s * c[i]), on one thread and on all cores. One line of JSON, for bench/compare. An
 * FMA is two flops; of several tries the best counts, for a limit is what is possible. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { MAX_THREADS = 256, TRIES = 7, ACCUMULATORS = 12 };

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- arithmetic: independent chains, enough of them to hide the latency of two FMA units ---- */

/* Runs `rounds` FMAs of each accumulator; the sum keeps the compiler from leaving them out. */
typedef float (*fma_kernel)(long rounds);

#define FMA_KERNEL(name, attribute, vector, set, fma, store, lanes)               \
  attribute static float name(long rounds) {                                      \
    vector x[ACCUMULATORS];                                                       \
    const vector a = set(0.999f), b = set(0.001f);                                \
    float lane[lanes], sum = 0;                                                   \
    int i;                                                                        \
    for (i = 0; i < ACCUMULATORS; ++i) x[i] = set((float)i);                      \
    for (; rounds > 0; --rounds) {                                                \
      x[0] = fma(x[0], a, b), x[1] = fma(x[1], a, b), x[2] = fma(x[2], a, b);     \
      x[3] = fma(x[3], a, b), x[4] = fma(x[4], a, b), x[5] = fma(x[5], a, b);     \
      x[6] = fma(x[6], a, b), x[7] = fma(x[7], a, b), x[8] = fma(x[8], a, b);     \
      x[9] = fma(x[9], a, b), x[10] = fma(x[10], a, b), x[11] = fma(x[11], a, b); \
    }                                                                             \
    for (i = 0; i < ACCUMULATORS; ++i) {                                          \
      store(lane, x[i]);                                                          \
      sum += lane[0] + lane[lanes - 1];                                           \
    }                                                                             \
    return sum;                                                                   \
  }

#define SCALAR_SET(value) (value)
#define SCALAR_FMA(x, y, z) __builtin_fmaf(x, y, z)
#define SCALAR_STORE(to, value) ((to)[0] = (value))
FMA_KERNEL(fma_scalar, , float, SCALAR_SET, SCALAR_FMA, SCALAR_STORE, 1)

#if defined(__x86_64__) && defined(__GNUC__)
FMA_KERNEL(fma_avx512, __attribute__((target("avx512f"))), __m512, _mm512_set1_ps, _mm512_fmadd_ps,
           _mm512_storeu_ps, 16)
FMA_KERNEL(fma_avx2, __attribute__((target("avx2,fma"))), __m256, _mm256_set1_ps, _mm256_fmadd_ps,
           _mm256_storeu_ps, 8)
#elif defined(__aarch64__)
#define NEON_FMA(x, y, z) vfmaq_f32(z, x, y)
FMA_KERNEL(fma_neon, , float32x4_t, vdupq_n_f32, NEON_FMA, vst1q_f32, 4)
#endif

static const char* isa = "scalar";
static int lanes = 1;

static fma_kernel choose(void) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx512f")) return isa = "avx512", lanes = 16, fma_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return isa = "avx2", lanes = 8, fma_avx2;
#elif defined(__aarch64__)
  return isa = "neon", lanes = 4, fma_neon;
#endif
  return fma_scalar;
}

/* ---- memory ---- */

enum { ELEMENTS = 1 << 23 }; /* of each array: 32 MiB */

static void triad(float* restrict a, const float* restrict b, const float* restrict c, float s, long count) {
  long i;
  for (i = 0; i < count; ++i) a[i] = b[i] + s * c[i];
}

/* ---- threads ---- */

typedef struct {
  pthread_barrier_t* barrier;
  size_t core;       /* that the thread runs on: the scheduler may keep short-lived threads together */
  fma_kernel kernel; /* NULL: triad */
  long rounds;
  float *a, *b, *c;
  long count;
  float result;
  double begin, end, cpu; /* cpu: the time that the thread ran */
} Job;

static size_t core_of[MAX_THREADS];

static void* work(void* user) {
  Job* job = user;
  cpu_set_t core;
  double cpu;
  CPU_ZERO(&core);
  CPU_SET(job->core, &core);
  pthread_setaffinity_np(pthread_self(), sizeof core, &core);
  pthread_barrier_wait(job->barrier);
  job->begin = now(CLOCK_MONOTONIC);
  cpu = now(CLOCK_THREAD_CPUTIME_ID);
  if (job->kernel != NULL) {
    job->result = job->kernel(job->rounds);
  } else {
    triad(job->a, job->b, job->c, 0.5f, job->count);
  }
  job->cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
  job->end = now(CLOCK_MONOTONIC);
  return NULL;
}

/* Seconds from the first start to the last end. */
static double run(Job* jobs, int threads) {
  pthread_t ids[MAX_THREADS];
  pthread_barrier_t barrier;
  double begin, end;
  int i;
  pthread_barrier_init(&barrier, NULL, (unsigned)threads);
  for (i = 0; i < threads; ++i) {
    jobs[i].barrier = &barrier;
    jobs[i].core = core_of[i];
    if (i > 0 && pthread_create(&ids[i], NULL, work, &jobs[i]) != 0) {
      fputs("limits_run: no thread to be had\n", stderr);
      exit(1);
    }
  }
  work(&jobs[0]);
  for (i = 1; i < threads; ++i) pthread_join(ids[i], NULL);
  pthread_barrier_destroy(&barrier);
  begin = jobs[0].begin;
  end = jobs[0].end;
  for (i = 1; i < threads; ++i) {
    if (jobs[i].begin < begin) begin = jobs[i].begin;
    if (jobs[i].end > end) end = jobs[i].end;
  }
  return end - begin;
}

/* By the time that each thread ran, so that the limit stays what it is while others use the machine. */
static double fma_gflops(fma_kernel kernel, int threads) {
  Job jobs[MAX_THREADS] = {0};
  const long rounds = 20000000;
  double best = 0, rate;
  int try, i;
  for (try = 0; try < TRIES; ++try) {
    for (i = 0; i < threads; ++i) {
      jobs[i].kernel = kernel;
      jobs[i].rounds = rounds;
    }
    run(jobs, threads);
    for (i = 0, rate = 0; i < threads; ++i) {
      rate += 2e-9 * ACCUMULATORS * lanes * (double)rounds / jobs[i].cpu;
    }
    if (rate > best) best = rate;
  }
  return best;
}

static double triad_gbytes(float* memory, int threads) {
  Job jobs[MAX_THREADS] = {0};
  double best = 0, rate;
  int try, i;
  for (try = 0; try < 2 * TRIES; ++try) {
    for (i = 0; i < threads; ++i) {
      const long first = (long)ELEMENTS * i / threads, last = (long)ELEMENTS * (i + 1) / threads;
      jobs[i].a = memory + first;
      jobs[i].b = memory + ELEMENTS + first;
      jobs[i].c = memory + 2L * ELEMENTS + first;
      jobs[i].count = last - first;
    }
    rate = 1e-9 * 3 * sizeof(float) * ELEMENTS / run(jobs, threads);
    if (rate > best) best = rate;
  }
  return best;
}

int main(void) {
  cpu_set_t cores;
  const fma_kernel kernel = choose();
  float* memory = malloc(3 * sizeof(float) * ELEMENTS);
  int threads = 0;
  size_t core;
  long i;
  if (memory == NULL) return 1;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  for (core = 0; core < CPU_SETSIZE && threads < MAX_THREADS; ++core) {
    if (CPU_ISSET(core, &cores)) core_of[threads++] = core;
  }
  for (i = 0; i < 3L * ELEMENTS; ++i) memory[i] = (float)(i % 7);
  printf("{\"isa\": \"%s\", \"threads\": %d, ", isa, threads);
  printf("\"fma_gflops_one\": %.1f, \"fma_gflops\": %.1f, ", fma_gflops(kernel, 1),
         fma_gflops(kernel, threads));
  printf("\"triad_gbytes_one\": %.2f, \"triad_gbytes\": %.2f}\n", triad_gbytes(memory, 1),
         triad_gbytes(memory, threads));
  free(memory);
  return 0;
}
