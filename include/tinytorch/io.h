/* TinyTorch: files.
 *
 * A path that the system refuses is TT_ERR_IO with its reason; bytes that are not what the format says
 * (truncated, too long, damaged, sizes that do not match) are TT_ERR_FORMAT with the place. The readers of
 * tables and images decompress what starts with gzip's magic, whatever its name; they read pipes, too, and
 * wait for what is written there. Paths are in the system's encoding.
 *
 * What saves replaces the file whole or not at all, whenever the program or the machine stops: the bytes go
 * to a temporary file in the same directory (".NAME.PID.COUNT.tmp"), which then takes its name. One that a
 * killed process has left is removed by the next save to the same path on the machine. A link is followed,
 * also where what it points to is not there yet; what is no regular file is refused. A file that grows beyond
 * the process's limit (RLIMIT_FSIZE) is TT_ERR_IO, without a signal. */
#ifndef TINYTORCH_IO_H_
#define TINYTORCH_IO_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- tables and images ---- */

/* An IDX file (MNIST's format): dtype and shape are the file's; uint8, int8, int16, int32, float32, float64.
 */
TT_API tt_status tt_read_idx(const char* path, tt_tensor** out);

/* Lines of numbers: a tensor [rows, columns]. delimiter: a character, 0 for ','. skip_rows: lines to leave
 * out at the start. dtype: TT_DTYPE_NONE for the default dtype. Text, NaN, infinities, values out of the
 * dtype's range, empty values and rows of another length are TT_ERR_FORMAT naming row and column, both from
 * 1, skipped rows included. */
TT_API tt_status tt_read_csv(const char* path, int32_t delimiter, int64_t skip_rows, tt_dtype dtype,
                             tt_tensor** out);

/* A file of CIFAR-10's binary version: images uint8 [n, 3, 32, 32], labels int64 [n]. Compressed, it may have
 * 200,000 records at most: CIFAR's have 50,000, and a small file can become more than the memory holds. */
TT_API tt_status tt_read_cifar10(const char* path, tt_tensor** images, tt_tensor** labels);
/* A file of CIFAR-100's: coarse labels 0..19, fine labels 0..99. */
TT_API tt_status tt_read_cifar100(const char* path, tt_tensor** images, tt_tensor** coarse_labels,
                                  tt_tensor** fine_labels);

/* ---- NumPy ---- */

/* A .npy file, either byte order, C or Fortran order (strides keep the file's order). Element types that
 * TinyTorch does not have are TT_ERR_DTYPE. */
TT_API tt_status tt_read_npy(const char* path, tt_tensor** out);
/* bfloat16, which NumPy does not have, is TT_ERR_DTYPE. */
TT_API tt_status tt_save_npy(const char* path, const tt_tensor* tensor);

/* ---- safetensors ---- */

typedef struct tt_safetensors tt_safetensors;

/* Writes names[i] -> tensors[i] and, where metadata_count is not 0, the metadata. The tensors may be of any
 * layout and device. Names must differ and be UTF-8. */
TT_API tt_status tt_safetensors_save(const char* path, const char* const* names, tt_tensor* const* tensors,
                                     size_t count, const char* const* metadata_keys,
                                     const char* const* metadata_values, size_t metadata_count);

/* Opens a file and checks its whole header. mapped: 1: tensors are the file's own pages, read when touched,
 * and writes to them stay in this process; the file must not be shortened while any of them lives (replacing
 * it is fine). 0: they are read into memory of their own. */
TT_API tt_status tt_safetensors_open(const char* path, int32_t mapped, tt_safetensors** out);
/* Tensors that were got from it stay valid. NULL is fine. */
TT_API void tt_safetensors_release(tt_safetensors* file);
TT_API tt_status tt_safetensors_count(const tt_safetensors* file, size_t* out);
/* The name of tensor `index`, in the order of the data. Borrowed: while the file is open. */
TT_API tt_status tt_safetensors_name(const tt_safetensors* file, size_t index, const char** out);
TT_API tt_status tt_safetensors_contains(const tt_safetensors* file, const char* name, int32_t* out);
/* TT_ERR_INVALID_ARGUMENT for an unknown name; TT_ERR_DTYPE for an element type that TinyTorch does not have.
 */
TT_API tt_status tt_safetensors_get(const tt_safetensors* file, const char* name, tt_tensor** out);
TT_API tt_status tt_safetensors_metadata_count(const tt_safetensors* file, size_t* out);
/* Entry `index` of the metadata. Borrowed: while the file is open. */
TT_API tt_status tt_safetensors_metadata(const tt_safetensors* file, size_t index, const char** key,
                                         const char** value);

#ifdef __cplusplus
}
#endif

#endif
