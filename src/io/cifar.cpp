#include "io/cifar.h"

#include <cstring>
#include <initializer_list>

namespace tt::io {

namespace {

constexpr int64_t kImageBytes = 3 * 32 * 32;

struct Label {
  const char* name;
  int classes;
};

// The images, and the labels of each kind in the order of the record.
Tensor read_records(const std::string& path, std::initializer_list<Label> kinds, Tensor* labels) {
  Source source(path);
  size_t bytes = 0;
  const Ref<Storage> content = read_rest(source, &bytes);
  const int64_t record = kImageBytes + static_cast<int64_t>(kinds.size());
  TT_CHECK(bytes > 0, Status::kFormat, path, ": the file is empty");
  const auto n = static_cast<int64_t>(bytes) / record;
  TT_CHECK(static_cast<int64_t>(bytes) % record == 0, Status::kFormat, path, ": ",
           static_cast<uint64_t>(bytes), " bytes are not a whole number of records of ", record,
           " bytes; the file ends in record ", n);
  Tensor images = empty({n, 3, 32, 32}, DType::kUInt8);
  for (size_t k = 0; k < kinds.size(); ++k) labels[k] = empty({n}, DType::kInt64);
  const auto* at = static_cast<const unsigned char*>(content->data());
  for (int64_t i = 0; i < n; ++i) {
    size_t k = 0;
    for (const Label& kind : kinds) {
      const int label = *at++;
      TT_CHECK(label < kind.classes, Status::kFormat, path, ": record ", i, " has ", kind.name, " ", label,
               ", expected 0 to ", kind.classes - 1);
      labels[k++].data<int64_t>()[i] = label;
    }
    std::memcpy(images.raw() + i * kImageBytes, at, kImageBytes);
    at += kImageBytes;
  }
  return images;
}

}  // namespace

Cifar read_cifar10(const std::string& path) {
  Tensor labels[1];
  Tensor images = read_records(path, {{"label", 10}}, labels);
  return {std::move(images), std::move(labels[0]), {}};
}

Cifar read_cifar100(const std::string& path) {
  Tensor labels[2];
  Tensor images = read_records(path, {{"coarse label", 20}, {"fine label", 100}}, labels);
  return {std::move(images), std::move(labels[1]), std::move(labels[0])};
}

}  // namespace tt::io
