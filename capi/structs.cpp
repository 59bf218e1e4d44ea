#include "capi/structs.h"

namespace tt::capi {

bool is_struct_size(size_t size, size_t alignment) noexcept {
  constexpr size_t kMost = 65536;  // more is a number that was never set
  return size >= sizeof(size_t) && size % alignment == 0 && size <= kMost;
}

tt_status init_bytes(const char* call, const void* defaults, size_t size, size_t alignment,
                     size_t struct_size, void* out, const char* argument) noexcept {
  return guard(call, [&] {
    TT_CHECK(out != nullptr, Status::kInvalidArgument, argument, " is NULL, expected a struct to fill in");
    TT_CHECK(is_struct_size(struct_size, alignment), Status::kInvalidArgument, "struct_size is ",
             static_cast<uint64_t>(struct_size), ", expected the size of the struct that ", argument,
             " points to");
    std::memset(out, 0, struct_size);
    std::memcpy(out, defaults, std::min(size, struct_size));
    std::memcpy(out, &struct_size, sizeof struct_size);
  });
}

}  // namespace tt::capi

extern "C" {

#define TT_INIT_FUNCTION(type, init, argument)                                                          \
  tt_status type##_init(size_t struct_size, type* argument) {                                           \
    return tt::capi::init_struct(#type "_init", tt::capi::Defaults<type>::value, struct_size, argument, \
                                 #argument);                                                            \
  }
TT_STRUCTS(TT_INIT_FUNCTION)
#undef TT_INIT_FUNCTION

}  // extern "C"
