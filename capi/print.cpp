#include "tinytorch/print.h"

#include <cstdlib>
#include <cstring>

#include "autograd/meta.h"
#include "capi/enums.h"
#include "capi/structs.h"
#include "capi/text.h"
#include "tensor/format.h"
#include "base/utf8.h"
#include "ops/ops.h"

using namespace tt;
using namespace tt::capi;

namespace {

std::string text_of(const Tensor& t) {
  std::string suffix;
  if (const Ref<Node> node = grad_fn(t)) {
    suffix = str("grad_fn=<", node->display_name(), ">");
  } else if (t.requires_grad()) {
    suffix = "requires_grad=True";
  }
  const GradMode off(false);
  return format_tensor(ops::to_host(t), suffix, t.device(), print_options());
}

}  // namespace

namespace tt::capi {

void put_text(std::string_view text, char* buffer, size_t capacity, size_t* length) {
  TT_CHECK(buffer != nullptr || capacity == 0, Status::kInvalidArgument,
           "buffer is NULL, but its capacity is ", static_cast<uint64_t>(capacity));
  if (capacity > 0) {
    const size_t count = whole_characters(text, capacity - 1);
    std::memcpy(buffer, text.data(), count);
    buffer[count] = '\0';
  }
  if (length != nullptr) *length = text.size();
}

char* give_text(std::string_view text) {
  char* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

}  // namespace tt::capi

extern "C" {

tt_status tt_tensor_to_string(const tt_tensor* tensor, char* buffer, size_t capacity, size_t* length) {
  return guard("tt_tensor_to_string",
               [&] { put_text(text_of(*In(tensor, "tensor")), buffer, capacity, length); });
}

tt_status tt_tensor_str(const tt_tensor* tensor, char** out) {
  return guard("tt_tensor_str", [&] {
    out_value(out, "out") = nullptr;
    *out = give_text(text_of(*In(tensor, "tensor")));
  });
}

void tt_string_free(char* string) { std::free(string); }

tt_status tt_sizes_to_string(const int64_t* sizes, size_t ndim, char* buffer, size_t capacity,
                             size_t* length) {
  return guard("tt_sizes_to_string", [&] {
    put_text(format_sizes_torch(dims_in(sizes, ndim, "sizes")), buffer, capacity, length);
  });
}

tt_status tt_set_print_options(const tt_print_options* options) {
  return guard("tt_set_print_options", [&] {
    const tt_print_options read = read_options(options, "options");
    PrintOptions set;
    set.precision = read.precision;
    set.threshold = read.threshold;
    set.edgeitems = read.edgeitems;
    set.linewidth = read.linewidth;
    set.sci_mode =
        enum_in<SciMode>(read.sci_mode, "options.sci_mode", {"TT_SCI_AUTO", "TT_SCI_NEVER", "TT_SCI_ALWAYS"});
    set_print_options(set);
  });
}

tt_status tt_get_print_options(tt_print_options* out) {
  return guard("tt_get_print_options", [&] {
    const PrintOptions now = print_options();
    const tt_print_options full = {sizeof(tt_print_options),
                                   now.precision,
                                   static_cast<int32_t>(now.sci_mode),
                                   now.threshold,
                                   now.edgeitems,
                                   now.linewidth};
    put_struct(full, out, "out");
  });
}

}  // extern "C"
