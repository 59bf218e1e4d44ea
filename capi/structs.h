// The structs of the C ABI that begin with their size: how they are read and filled in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "capi/guard.h"

namespace tt::capi {

// Whether some compiler makes a struct of this size: no member is cut by it.
bool is_struct_size(size_t size, size_t alignment) noexcept;

// min(their size, ours) bytes of an options struct over the defaults. `options` may be NULL.
template <typename Options>
Options read_options(const Options* options, const Options& defaults, const char* argument) {
  Options out = defaults;
  if (options == nullptr) return out;
  TT_CHECK(is_struct_size(options->struct_size, alignof(Options)), Status::kInvalidArgument, argument,
           ".struct_size is ", static_cast<uint64_t>(options->struct_size),
           "; initialise it with the INIT macro or function");
  std::memcpy(static_cast<void*>(&out), options, std::min(options->struct_size, sizeof(Options)));
  out.struct_size = sizeof(Options);
  return out;
}

// Runs tt_X_init: the defaults into the caller's struct, which has `struct_size` bytes.
tt_status init_bytes(const char* call, const void* defaults, size_t size, size_t alignment,
                     size_t struct_size, void* out, const char* argument) noexcept;
template <typename Struct>
tt_status init_struct(const char* call, const Struct& defaults, size_t struct_size, Struct* out,
                      const char* argument) noexcept {
  static_assert(offsetof(Struct, struct_size) == 0);
  return init_bytes(call, &defaults, sizeof(Struct), alignof(Struct), struct_size, out, argument);
}

// As much of `full` as the caller's struct has room for; its struct_size stays.
template <typename Struct>
void put_struct(const Struct& full, Struct* out, const char* argument) {
  TT_CHECK(out != nullptr, Status::kInvalidArgument, argument, " is NULL");
  read_options(out, full, argument);  // refuses a size that cannot be
  const size_t size = std::min(out->struct_size, sizeof(Struct));
  std::memcpy(reinterpret_cast<char*>(out) + sizeof(size_t),
              reinterpret_cast<const char*>(&full) + sizeof(size_t), size - sizeof(size_t));
}

// Struct, its defaults, and what its init function (structs.cpp) calls its argument. That line is all a new
// struct needs here.
#define TT_STRUCTS(X)                                             \
  X(tt_allocator, TT_ALLOCATOR_INIT, allocator)                   \
  X(tt_autocast, TT_AUTOCAST_INIT, autocast)                      \
  X(tt_backward_options, TT_BACKWARD_OPTIONS_INIT, options)       \
  X(tt_conv_options, TT_CONV_OPTIONS_INIT, options)               \
  X(tt_cuda_device, TT_CUDA_DEVICE_INIT, device)                  \
  X(tt_cuda_memory, TT_CUDA_MEMORY_INIT, memory)                  \
  X(tt_dataset_callbacks, TT_DATASET_CALLBACKS_INIT, callbacks)   \
  X(tt_function, TT_FUNCTION_INIT, function)                      \
  X(tt_grad_scaler_options, TT_GRAD_SCALER_OPTIONS_INIT, options) \
  X(tt_loader_options, TT_LOADER_OPTIONS_INIT, options)           \
  X(tt_loss_options, TT_LOSS_OPTIONS_INIT, options)               \
  X(tt_memory_stats, TT_MEMORY_STATS_INIT, stats)                 \
  X(tt_module_callbacks, TT_MODULE_CALLBACKS_INIT, callbacks)     \
  X(tt_norm_options, TT_NORM_OPTIONS_INIT, options)               \
  X(tt_pool_options, TT_POOL_OPTIONS_INIT, options)               \
  X(tt_print_options, TT_PRINT_OPTIONS_INIT, options)

template <typename Struct>
struct Defaults;
#define TT_DEFAULTS(type, init, argument) \
  template <>                             \
  struct Defaults<type> {                 \
    static constexpr type value = init;   \
  };
TT_STRUCTS(TT_DEFAULTS)
#undef TT_DEFAULTS

// The caller's over those defaults.
template <typename Options>
Options read_options(const Options* options, const char* argument) {
  return read_options(options, Defaults<Options>::value, argument);
}

}  // namespace tt::capi
