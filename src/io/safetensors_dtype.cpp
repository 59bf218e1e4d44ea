#include "io/safetensors_dtype.h"

namespace tt::io {

namespace {
struct Row {
  std::string_view name;
  int bits;
  std::optional<DType> dtype;
};
// In the reference implementation's order.
constexpr Row kRows[] = {
    {"BOOL", 8, DType::kBool},
    {"F4", 4, {}},
    {"F6_E2M3", 6, {}},
    {"F6_E3M2", 6, {}},
    {"U8", 8, DType::kUInt8},
    {"I8", 8, DType::kInt8},
    {"F8_E5M2", 8, {}},
    {"F8_E4M3", 8, {}},
    {"F8_E5M2FNUZ", 8, {}},
    {"F8_E4M3FNUZ", 8, {}},
    {"F8_E8M0", 8, {}},
    {"I16", 16, DType::kInt16},
    {"U16", 16, {}},
    {"F16", 16, DType::kFloat16},
    {"BF16", 16, DType::kBFloat16},
    {"I32", 32, DType::kInt32},
    {"U32", 32, {}},
    {"F32", 32, DType::kFloat32},
    {"C64", 64, {}},
    {"F64", 64, DType::kFloat64},
    {"I64", 64, DType::kInt64},
    {"U64", 64, {}},
};

int row_of(DType dtype) {
  for (int i = 0; i < static_cast<int>(std::size(kRows)); ++i) {
    if (kRows[i].dtype == dtype) return i;
  }
  fail(Status::kInternal, "dtype ", dtype, " has no safetensors name");
}
}  // namespace

int safetensors_bits(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.bits;
  }
  return 0;
}

std::optional<DType> dtype_of_safetensors(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.dtype;
  }
  return std::nullopt;
}

std::string_view safetensors_name(DType dtype) { return kRows[row_of(dtype)].name; }
int safetensors_rank(DType dtype) { return row_of(dtype); }

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += str(i == 0 ? "" : ",", shape[i]);
  return out + "]";
}

}  // namespace tt::io
