#include "io/idx.h"

#include <algorithm>
#include <bit>

namespace tt::io {

namespace {

DType dtype_of(unsigned char code, const std::string& path) {
  switch (code) {
    case 0x08:
      return DType::kUInt8;
    case 0x09:
      return DType::kInt8;
    case 0x0b:
      return DType::kInt16;
    case 0x0c:
      return DType::kInt32;
    case 0x0d:
      return DType::kFloat32;
    case 0x0e:
      return DType::kFloat64;
    default:
      fail(Status::kFormat, path, ": unknown IDX type ", static_cast<int>(code),
           "; it is 8, 9, 11, 12, 13 or 14 (uint8, int8, int16, int32, float32, float64)");
  }
}

void read_header(Source& source, unsigned char* to, size_t size) {
  const size_t n = source.read(to, size);
  TT_CHECK(n == size, Status::kFormat, source.path(), source.position() == 0 ? ": the file is empty" : ": ",
           source.position() == 0
               ? ""
               : str("the file ends in the IDX header, after ", source.position(), " bytes"));
}

}  // namespace

Tensor read_idx(const std::string& path) {
  Source source(path);
  unsigned char magic[4];
  read_header(source, magic, sizeof magic);
  TT_CHECK(magic[0] == 0 && magic[1] == 0, Status::kFormat, path,
           ": not an IDX file: it starts with the bytes ", static_cast<int>(magic[0]), " ",
           static_cast<int>(magic[1]), ", expected 0 0");
  const DType dtype = dtype_of(magic[2], path);
  const int ndim = magic[3];
  TT_CHECK(ndim >= 1 && ndim <= kMaxDims, Status::kFormat, path, ": the IDX header says ", ndim,
           " dimensions, expected 1 to ", kMaxDims);
  Dims sizes;
  std::string shape;
  uint64_t bytes = size_of(dtype);
  bool overflow = false;
  bool empty_dim = false;
  for (int i = 0; i < ndim; ++i) {
    unsigned char word[4];
    read_header(source, word, sizeof word);
    const uint32_t size = static_cast<uint32_t>(word[0]) << 24 | static_cast<uint32_t>(word[1]) << 16 |
                          static_cast<uint32_t>(word[2]) << 8 | word[3];
    sizes.push_back(size);
    shape += str(i == 0 ? "" : "x", size);
    empty_dim = empty_dim || size == 0;
    // Sizes beside a 0 must not overflow either: strides are products of them.
    const uint64_t factor = std::max(size, 1u);
    overflow = overflow || __builtin_mul_overflow(bytes, factor, &bytes) || bytes > INT64_MAX;
  }
  TT_CHECK(!overflow, Status::kFormat, path, ": the IDX header promises ", shape, " values of ", dtype,
           ", more than any file holds");
  if (empty_dim) bytes = 0;
  const std::string promise = str(shape, " values of ", dtype, " (", bytes, " bytes)");
  Ref<Storage> storage = read_storage(source, bytes, promise);
  expect_end(source, promise);
  if constexpr (std::endian::native == std::endian::little) {
    swap_bytes(static_cast<char*>(storage->data()), bytes / size_of(dtype), size_of(dtype));
  }
  return tensor_over(std::move(storage), dtype, sizes);
}

}  // namespace tt::io
