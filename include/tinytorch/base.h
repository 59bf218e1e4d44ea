/* TinyTorch: status codes, the error message, versions, dtypes and devices.
 *
 * Conventions of every header:
 *  - A call that can fail returns tt_status. On failure tt_last_error() says what was wrong with which
 * argument; handle outputs are set to NULL, other outputs are left alone, and nothing else has changed,
 * except by a backward that fails midway (autograd.h).
 *  - Outputs come last. Every handle that a call returns is a new reference, which the caller releases (see
 * scopes in tensor.h for the exception). Borrowed pointers say how long they live.
 *  - An object of type tt_x is made by tt_x_new, of a kind by tt_KIND_x_new or, of modules, tt_nn_KIND_new,
 * and from what is there already by tt_x_new_from_...; tensors are made by functions of PyTorch's names. What
 * opens a file is tt_x_open. tt_x_retain takes one more reference, tt_x_release gives one back.
 *  - Arguments stand in PyTorch's order: tensors, then the op's own numbers, then options; outputs last. In
 * callbacks `user` is last.
 *  - Sizes, strides and dims are int64_t, booleans int32_t (0 is false), scalars double, text UTF-8. Every
 * enum has a type of its own, which is an int32_t, and values that never change; a value that is none of them
 * is TT_ERR_INVALID_ARGUMENT (of a dtype TT_ERR_DTYPE, of a device type TT_ERR_DEVICE).
 *  - An optional tensor may be NULL. A list is a pointer and a count.
 *  - A struct tt_x begins with its size, which may be an older or newer header's; members beyond it have
 * their defaults. `tt_x x = TT_X_INIT;` sets it and the defaults, and so does tt_x_init(sizeof(tt_x), &x),
 * for languages without macros: it writes so many bytes and no more, members that the library does not know
 * as 0. TT_ERR_INVALID_ARGUMENT for a size that no compiler gives such a struct.
 *  - Any handle may be used from any thread; concurrent reads are safe, concurrent writes are the caller's to
 * order.
 */
#ifndef TINYTORCH_BASE_H_
#define TINYTORCH_BASE_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(TT_BUILDING) && defined(__GNUC__)
#define TT_API __attribute__((visibility("default")))
#else
#define TT_API
#endif

typedef int32_t tt_status;
enum {
  TT_OK = 0,
  TT_ERR_INVALID_ARGUMENT = 1, /* NULL, wrong handle, value out of range */
  TT_ERR_SHAPE = 2,
  TT_ERR_DTYPE = 3,
  TT_ERR_DEVICE = 4,
  TT_ERR_OUT_OF_MEMORY = 5,
  TT_ERR_AUTOGRAD = 6,
  TT_ERR_IO = 7,     /* the system refused: no such file, no space */
  TT_ERR_FORMAT = 8, /* the bytes read are not what the format says */
  TT_ERR_NOT_IMPLEMENTED = 9,
  TT_ERR_CUDA = 10,
  TT_ERR_CALLBACK = 11, /* a callback reported failure */
  TT_ERR_INTERNAL = 12
};

/* Element types. */
typedef int32_t tt_dtype;
enum {
  TT_DTYPE_NONE = -1, /* where a dtype is optional: none given */
  TT_BOOL = 0,
  TT_UINT8 = 1,
  TT_INT8 = 2,
  TT_INT16 = 3,
  TT_INT32 = 4,
  TT_INT64 = 5,
  TT_FLOAT16 = 6,
  TT_BFLOAT16 = 7,
  TT_FLOAT32 = 8,
  TT_FLOAT64 = 9
};

/* A device is a type and an index: 0 for the first; -1 for the thread's current one
 * (tt_cuda_set_current_device). */
typedef int32_t tt_device_type;
enum { TT_CPU = 0, TT_CUDA = 1 };

typedef struct tt_tensor tt_tensor;
typedef struct tt_generator tt_generator;
typedef struct tt_module tt_module;
typedef struct tt_optimizer tt_optimizer;
typedef struct tt_dataset tt_dataset;
typedef struct tt_loader tt_loader;

/* The message of the thread's last failed call, "tt_mm: ...". Never NULL; "" before the first failure.
 * Borrowed: valid until the thread's next failing call. */
TT_API const char* tt_last_error(void);
/* The code of the thread's last failed call; TT_OK before the first failure. */
TT_API tt_status tt_last_status(void);
/* "TT_ERR_SHAPE" and so on; "unknown status" for a value that is none. Static. */
TT_API const char* tt_status_name(tt_status status);

/* Hears warnings: what is done, but is probably a mistake, as a loss whose input and target broadcast. The
 * message, "mse_loss: target has shape [5], ...", is borrowed for the call. Runs on the thread whose call
 * warns, within that call. */
typedef void (*tt_warning_handler)(const char* message, void* user);
/* The process's handler; NULL, as at the start: warnings are not heard. A call that is under way on another
 * thread may still use the handler before, so what `user` points to should stay. */
TT_API tt_status tt_set_warning_handler(tt_warning_handler handler, void* user);

/* Library version, "0.1.0". Static. */
TT_API const char* tt_version(void);
/* The ABI's number: 1 for every library of soname libtinytorch.so.1. */
TT_API int32_t tt_abi_version(void);
/* Compiler, instruction set in use, BLAS: one line for bug reports. Static. */
TT_API const char* tt_build_info(void);

/* "float32"; "unknown dtype" for a value that is none. Static. */
TT_API const char* tt_dtype_name(tt_dtype dtype);
/* Bytes of one element; 0 for a value that is no dtype. */
TT_API size_t tt_dtype_size(tt_dtype dtype);
/* The dtype of results that no argument decides: TT_FLOAT32 at start. */
TT_API tt_status tt_get_default_dtype(tt_dtype* out);
/* TT_ERR_DTYPE unless floating. */
TT_API tt_status tt_set_default_dtype(tt_dtype dtype);

/* Threads that one call may use on the CPU, 256 at most: a larger count acts as 256. 0 sets it back to
 * OpenMP's choice (OMP_NUM_THREADS, else one a core); negative is TT_ERR_INVALID_ARGUMENT. */
TT_API tt_status tt_set_num_threads(int32_t count);
TT_API tt_status tt_get_num_threads(int32_t* out);

/* How exactly CUDA devices compute products of float32 numbers, for the whole process. TT_PRECISION_HIGH lets
 * them round the operands to TF32 (10 bits of mantissa, sums in float32), which tensor cores multiply many
 * times faster. TT_PRECISION_MEDIUM allows bfloat16, which is not made use of: it acts as TT_PRECISION_HIGH.
 * CPUs and other dtypes ignore it. */
typedef int32_t tt_float32_precision;
enum { TT_PRECISION_HIGHEST = 0, TT_PRECISION_HIGH = 1, TT_PRECISION_MEDIUM = 2 };

/* Of matrix products: PyTorch's torch.set_float32_matmul_precision. TT_PRECISION_HIGHEST at start.
 * TT_ERR_INVALID_ARGUMENT for another number. */
TT_API tt_status tt_set_float32_matmul_precision(tt_float32_precision precision);
TT_API tt_status tt_get_float32_matmul_precision(tt_float32_precision* out);
/* Of convolutions: PyTorch's torch.backends.cudnn.allow_tf32, but TT_PRECISION_HIGHEST at start. */
TT_API tt_status tt_set_float32_conv_precision(tt_float32_precision precision);
TT_API tt_status tt_get_float32_conv_precision(tt_float32_precision* out);

/* Where tensors, graphs and the library's scratch memory come from, in place of the C library's allocator.
 * Both functions may be called from any thread, in the middle of any call: they must not use the library.
 * (Small bookkeeping of the C++ runtime, and what OpenBLAS and OpenMP need, is not asked for here.) */
typedef struct tt_allocator {
  size_t struct_size;
  /* NULL when there is no memory: the call that needed it then fails with TT_ERR_OUT_OF_MEMORY. */
  void* (*allocate)(size_t size, size_t alignment, void* user);
  void (*deallocate)(void* block, size_t size, void* user);
  void* user;     /* must stay valid while the allocator is in use */
  int32_t direct; /* 1: ask for every block; 0: keep blocks that were freed for the next who wants one */
} tt_allocator;
#define TT_ALLOCATOR_INIT \
  { sizeof(tt_allocator), NULL, NULL, NULL, 0 }
TT_API tt_status tt_allocator_init(size_t struct_size, tt_allocator* allocator);
/* NULL: the library's own again. TT_ERR_INVALID_ARGUMENT while memory of the present allocator is in use:
 * call it first, or after everything is released and other threads that used the library have ended. */
TT_API tt_status tt_set_allocator(const tt_allocator* allocator);

/* What is alive, and the CPU memory that it takes; see tt_cuda_get_memory for devices. A number that grows
 * from step to step is a leak. The environment's TINYTORCH_LIST_HANDLES=1 lists the handles that a program
 * has not released when it ends, by the calls that gave them, on the standard error. */
typedef struct tt_memory_stats {
  size_t struct_size;
  int64_t tensors;        /* of the process: those of handles, scopes and graphs, on every device */
  int64_t storages;       /* their memory: one for all views of it */
  int64_t allocated;      /* bytes in use; blocks of up to 2 KB until the thread that freed them ends */
  int64_t peak_allocated; /* the most since the start or the last reset */
  int64_t cached;         /* bytes of larger blocks that were freed and are kept for reuse */
  int64_t scopes;         /* open on the calling thread (tensor.h) */
  int64_t scope_tensors;  /* references that these own */
} tt_memory_stats;
#define TT_MEMORY_STATS_INIT \
  { sizeof(tt_memory_stats), 0, 0, 0, 0, 0, 0, 0 }
TT_API tt_status tt_memory_stats_init(size_t struct_size, tt_memory_stats* stats);
/* Fills in what struct_size has room for. */
TT_API tt_status tt_get_memory_stats(tt_memory_stats* stats);
TT_API tt_status tt_reset_peak_memory(void);

#ifdef __cplusplus
}
#endif

#endif
