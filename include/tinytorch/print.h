/* TinyTorch: tensors as text, as PyTorch prints them. */
#ifndef TINYTORCH_PRINT_H_
#define TINYTORCH_PRINT_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the text, "tensor([1., 2.])", and a final 0 into buffer, cut to capacity; *length (may be NULL) is
 * the whole text's length without the 0, so a call with capacity 0 measures. */
TT_API tt_status tt_tensor_to_string(const tt_tensor* tensor, char* buffer, size_t capacity, size_t* length);
/* The same as a new string, which the caller frees with tt_string_free. */
TT_API tt_status tt_tensor_str(const tt_tensor* tensor, char** out);
/* NULL is fine. */
TT_API void tt_string_free(char* string);
/* "torch.Size([2, 3])": as tt_tensor_to_string. */
TT_API tt_status tt_sizes_to_string(const int64_t* sizes, size_t ndim, char* buffer, size_t capacity,
                                    size_t* length);

/* Whether numbers are written as 1.0000e+03: where it helps, never, always. */
typedef int32_t tt_sci_mode;
enum { TT_SCI_AUTO = 0, TT_SCI_NEVER = 1, TT_SCI_ALWAYS = 2 };

typedef struct tt_print_options {
  size_t struct_size;
  int32_t precision;    /* 4; digits after the point */
  tt_sci_mode sci_mode; /* TT_SCI_AUTO */
  int64_t threshold;    /* 1000; tensors with more elements are shown by their edges */
  int64_t edgeitems;    /* 3; at each end of a dimension */
  int64_t linewidth;    /* 80; characters */
} tt_print_options;
#define TT_PRINT_OPTIONS_INIT \
  { sizeof(tt_print_options), 4, TT_SCI_AUTO, 1000, 3, 80 }
TT_API tt_status tt_print_options_init(size_t struct_size, tt_print_options* options);
/* The process's options. NULL sets the defaults. */
TT_API tt_status tt_set_print_options(const tt_print_options* options);
TT_API tt_status tt_get_print_options(tt_print_options* out);

#ifdef __cplusplus
}
#endif

#endif
