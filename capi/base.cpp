#include "tinytorch/base.h"

#include <array>
#include <cstdio>

#include "capi/enums.h"
#include "capi/structs.h"
#include "capi/guard.h"
#include "base/float32_precision.h"
#include "base/live.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/warning.h"
#include "device/backend.h"

using namespace tt;
using namespace tt::capi;

static_assert(static_cast<int>(Status::kInternal) == TT_ERR_INTERNAL &&
              static_cast<int>(Status::kShape) == TT_ERR_SHAPE);
static_assert(static_cast<int>(DType::kFloat64) == TT_FLOAT64 &&
              static_cast<int>(DType::kFloat16) == TT_FLOAT16);
static_assert(static_cast<int>(Float32Precision::kHigh) == TT_PRECISION_HIGH &&
              static_cast<int>(Float32Precision::kMedium) == TT_PRECISION_MEDIUM);

namespace {

Float32Precision precision_in(tt_float32_precision precision) {
  return enum_in<Float32Precision>(precision, "precision",
                                   {"TT_PRECISION_HIGHEST", "TT_PRECISION_HIGH", "TT_PRECISION_MEDIUM"});
}

}  // namespace

extern "C" {

const char* tt_status_name(tt_status status) {
  static constexpr const char* kNames[] = {
      "TT_OK",          "TT_ERR_INVALID_ARGUMENT", "TT_ERR_SHAPE",    "TT_ERR_DTYPE",
      "TT_ERR_DEVICE",  "TT_ERR_OUT_OF_MEMORY",    "TT_ERR_AUTOGRAD", "TT_ERR_IO",
      "TT_ERR_FORMAT",  "TT_ERR_NOT_IMPLEMENTED",  "TT_ERR_CUDA",     "TT_ERR_CALLBACK",
      "TT_ERR_INTERNAL"};
  return status >= 0 && status <= TT_ERR_INTERNAL ? kNames[status] : "unknown status";
}

tt_status tt_set_warning_handler(tt_warning_handler handler, void* user) {
  return guard("tt_set_warning_handler", [&] { set_warning_handler({handler, user}); });
}

const char* tt_version(void) { return TT_VERSION_STRING; }
int32_t tt_abi_version(void) { return 1; }

const char* tt_build_info(void) {
  static const auto info = [] {
    std::array<char, 320> text{};
    std::snprintf(text.data(), text.size(), "tinytorch %s, g++ %s, %s", TT_VERSION_STRING, __VERSION__,
                  cpu_backend().memory->info(Device{}).name);
    return text;
  }();
  return info.data();
}

const char* tt_dtype_name(tt_dtype dtype) { return name(static_cast<DType>(dtype)).data(); }
size_t tt_dtype_size(tt_dtype dtype) {
  return dtype >= 0 && dtype < kDTypeCount ? size_of(static_cast<DType>(dtype)) : 0;
}

tt_status tt_get_default_dtype(tt_dtype* out) {
  return guard("tt_get_default_dtype",
               [&] { out_value(out, "out") = static_cast<tt_dtype>(default_dtype()); });
}
tt_status tt_set_default_dtype(tt_dtype dtype) {
  return guard("tt_set_default_dtype", [&] { set_default_dtype(dtype_in(dtype, "dtype")); });
}

tt_status tt_set_num_threads(int32_t count) {
  return guard("tt_set_num_threads", [&] {
    TT_CHECK(count >= 0, Status::kInvalidArgument, "count is ", count, ", expected 0 or more");
    set_num_threads(count);
  });
}
tt_status tt_get_num_threads(int32_t* out) {
  return guard("tt_get_num_threads", [&] { out_value(out, "out") = num_threads(); });
}

tt_status tt_set_float32_matmul_precision(tt_float32_precision precision) {
  return guard("tt_set_float32_matmul_precision",
               [&] { float32_settings().matmul = precision_in(precision); });
}
tt_status tt_get_float32_matmul_precision(tt_float32_precision* out) {
  return guard("tt_get_float32_matmul_precision", [&] {
    out_value(out, "out") = static_cast<tt_float32_precision>(float32_settings().matmul.load());
  });
}
tt_status tt_set_float32_conv_precision(tt_float32_precision precision) {
  return guard("tt_set_float32_conv_precision", [&] { float32_settings().conv = precision_in(precision); });
}
tt_status tt_get_float32_conv_precision(tt_float32_precision* out) {
  return guard("tt_get_float32_conv_precision", [&] {
    out_value(out, "out") = static_cast<tt_float32_precision>(float32_settings().conv.load());
  });
}

tt_status tt_set_allocator(const tt_allocator* allocator) {
  return guard("tt_set_allocator", [&] {
    const tt_allocator read = read_options(allocator, "allocator");
    TT_CHECK(allocator == nullptr || (read.allocate != nullptr && read.deallocate != nullptr),
             Status::kInvalidArgument, "allocator.", read.allocate == nullptr ? "allocate" : "deallocate",
             " is NULL");
    empty_memory_cache();
    const int64_t blocks = memory_stats().system_blocks;
    TT_CHECK(blocks == 0, Status::kInvalidArgument, blocks,
             " blocks of the present allocator are still in use; release every tensor and object first");
    set_system_allocator(allocator == nullptr ? default_system_allocator()
                                              : SystemAllocator{read.allocate, read.deallocate, read.user});
    set_memory_caching(read.direct == 0);
  });
}

tt_status tt_get_memory_stats(tt_memory_stats* stats) {
  return guard("tt_get_memory_stats", [&] {
    const MemoryStats memory = memory_stats();
    const ScopeStats scopes = scope_stats();
    tt_memory_stats full = Defaults<tt_memory_stats>::value;
    full.tensors = live(Counted::kTensors);
    full.storages = live(Counted::kStorages);
    const UsedMemory used = used_memory();
    full.allocated = used.now;
    full.peak_allocated = used.peak;
    full.cached = memory.cached_bytes;
    full.scopes = static_cast<int64_t>(scopes.open);
    full.scope_tensors = static_cast<int64_t>(scopes.owned);
    put_struct(full, stats, "stats");
  });
}

tt_status tt_reset_peak_memory(void) {
  return guard("tt_reset_peak_memory", [] { reset_peak_memory(); });
}

}  // extern "C"
