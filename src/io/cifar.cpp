#include "io/cifar.h"

#include <initializer_list>
#include <optional>
#include <vector>

#include "ops/create/create.h"

namespace tt::io {

namespace {

constexpr int64_t kImageBytes = 3 * 32 * 32;

struct Label {
  const char* name;
  int classes;
};

constexpr int64_t kFirstRecords = 256;
constexpr int64_t kMostCompressed = 200'000;  // records: images that compress a thousandfold are no images

// Records that memory is made for before any has come. `most`: bytes of the file's content, where that is
// known.
int64_t first_capacity(std::optional<uint64_t> most, bool compressed, int64_t record) {
  return most && !compressed ? static_cast<int64_t>(*most) / record + 1 : kFirstRecords;
}

// The images, and the labels of each kind in the order of the record. Read record by record, so that what is
// no such file is refused at the first record that cannot be one, however much it would become.
Tensor read_records(const std::string& path, std::initializer_list<Label> kinds, Tensor* labels) {
  Source source(path);
  const int64_t record = kImageBytes + static_cast<int64_t>(kinds.size());
  TT_CHECK(!source.at_end(), Status::kFormat, path, ": the file is empty");
  int64_t capacity = first_capacity(source.most_left(), source.compressed(), record);
  const Ref<Storage> pixels = Storage::allocate(static_cast<size_t>(capacity * kImageBytes), Device{});
  std::vector<unsigned char> values;  // the records' labels
  int64_t n = 0;
  for (;; ++n) {
    unsigned char bytes[2];  // the labels of a record
    const size_t got = source.read(bytes, kinds.size());
    if (got == 0) break;
    TT_CHECK(n < kMostCompressed || !source.compressed(), Status::kFormat, path,
             ": the compressed file has more than the limit of ", kMostCompressed, " records");
    if (n == capacity) pixels->grow(static_cast<size_t>((capacity *= 2) * kImageBytes));
    const size_t k = got < kinds.size()
                         ? 0
                         : source.read(static_cast<char*>(pixels->data()) + n * kImageBytes, kImageBytes);
    TT_CHECK(k == kImageBytes, Status::kFormat, path, ": ", source.position(),
             " bytes are not a whole number of records of ", record, " bytes; the file ends in record ", n);
    const unsigned char* label = bytes;
    for (const Label& kind : kinds) {
      TT_CHECK(*label < kind.classes, Status::kFormat, path, ": record ", n, " has ", kind.name, " ",
               static_cast<int>(*label), ", expected 0 to ", kind.classes - 1);
      values.push_back(*label++);
    }
  }
  for (size_t k = 0; k < kinds.size(); ++k) {
    labels[k] = empty({n}, DType::kInt64);
    auto* const to = labels[k].data<int64_t>();
    for (int64_t i = 0; i < n; ++i) to[i] = values[static_cast<size_t>(i) * kinds.size() + k];
  }
  Tensor images = tensor_over(pixels, DType::kUInt8, {n, 3, 32, 32});
  // Memory for many more records than there are is given back.
  return n < capacity / 2 ? ops::contiguous_copy(images) : images;
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
