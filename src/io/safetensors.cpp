#include "io/safetensors.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>

#include "base/utf8.h"
#include "io/json.h"
#include "io/safetensors_dtype.h"

namespace tt::io {

static_assert(std::endian::native == std::endian::little, "the format's bytes are used as they are");

namespace {
constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kLongestHeader = 100'000'000;  // the reference implementation's limit
constexpr std::string_view kMetadata = "__metadata__";
}  // namespace

// ---- the header ----

class SafetensorsFile::HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& what, SafetensorsFile& file)
      : json_(text, what), file_(file) {}

  void read() {
    object([&](const std::string& key) {
      if (key == kMetadata) {
        read_metadata();
      } else {
        file_.entries_.push_back(read_entry(key));
      }
    });
    json_.end();
    auto& order = file_.by_name_;
    order.resize(file_.entries_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    check_unique(order, [&](size_t i) -> const std::string& { return file_.entries_[i].name; });
  }

 private:
  // {"key": ..., ...}; `value` reads what follows a key.
  template <typename F>
  void object(F value) {
    json_.expect('{');
    if (json_.consume('}')) return;
    do {
      const std::string key = json_.string();
      if (key.find('\0') != std::string::npos) json_.fail_here("a name with a NUL character");
      json_.expect(':');
      value(key);
    } while (json_.consume(','));
    json_.expect('}');
  }

  // Sorts the indices by name.
  template <typename F>
  void check_unique(std::vector<size_t>& order, F name_of) {
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return name_of(a) < name_of(b); });
    for (size_t i = 1; i < order.size(); ++i) {
      if (name_of(order[i - 1]) == name_of(order[i])) {
        json_.fail_here(str("the name '", name_of(order[i]), "' is there twice"));
      }
    }
  }

  void read_metadata() {
    if (seen_metadata_) json_.fail_here("the name '__metadata__' is there twice");
    seen_metadata_ = true;
    auto& metadata = file_.metadata_;
    object([&](const std::string& key) {
      std::string value = json_.string();
      if (value.find('\0') != std::string::npos) json_.fail_here("a value with a NUL character");
      metadata.emplace_back(key, std::move(value));
    });
    std::vector<size_t> order(metadata.size());
    std::iota(order.begin(), order.end(), size_t{0});
    check_unique(order, [&](size_t i) -> const std::string& { return metadata[i].first; });
  }

  Entry read_entry(const std::string& name) {
    Entry entry{name, {}, {}, 0, 0};
    bool dtype = false, shape = false, offsets = false;
    object([&](const std::string& key) {
      if (key == "dtype" && !std::exchange(dtype, true)) {
        entry.dtype = json_.string();
        if (safetensors_bits(entry.dtype) == 0) {
          json_.fail_here(str("tensor '", name, "' has the unknown dtype '", entry.dtype, "'"));
        }
      } else if (key == "shape" && !std::exchange(shape, true)) {
        json_.expect('[');
        if (json_.consume(']')) return;
        do entry.shape.push_back(json_.integer());
        while (json_.consume(','));
        json_.expect(']');
      } else if (key == "data_offsets" && !std::exchange(offsets, true)) {
        json_.expect('[');
        entry.begin = json_.integer();
        json_.expect(',');
        entry.end = json_.integer();
        json_.expect(']');
      } else {
        json_.fail_here(str("tensor '", name, "': the key '", key,
                            "' is there twice or none of dtype, shape and data_offsets"));
      }
    });
    if (!dtype || !shape || !offsets) {
      json_.fail_here(str("tensor '", name, "' lacks ",
                          !dtype   ? "dtype"
                          : !shape ? "shape"
                                   : "data_offsets"));
    }
    return entry;
  }

  JsonReader json_;
  SafetensorsFile& file_;
  bool seen_metadata_ = false;
};

SafetensorsFile::SafetensorsFile(const std::string& path, Access access)
    : RefCounted(Kind::kFile), path_(path), file_(-1) {
  uint64_t size;
  if (access == Access::kMap) {
    mapping_ = std::make_shared<Mapping>(path);
    size = mapping_->size();
  } else {
    file_ = open_regular(path, &size);
  }
  TT_CHECK(size > 0, Status::kFormat, path, ": the file is empty");
  TT_CHECK(size >= kLengthBytes, Status::kFormat, path, ": the file ends after ", size,
           " bytes, inside the 8 bytes of the header's length");
  uint64_t length;
  read_at(&length, sizeof length, 0);
  TT_CHECK(length <= kLongestHeader, Status::kFormat, path, ": the header's length is ", length,
           ", more than the limit of ", kLongestHeader, "; not a safetensors file?");
  TT_CHECK(length <= size - kLengthBytes, Status::kFormat, path, ": the file promises a header of ", length,
           " bytes, but ends after ", size - kLengthBytes, " of them");
  std::string copied;
  std::string_view header;
  if (mapping_) {
    header = {mapping_->data() + kLengthBytes, static_cast<size_t>(length)};
  } else {
    copied.resize(static_cast<size_t>(length));
    read_at(copied.data(), copied.size(), kLengthBytes);
    header = copied;
  }
  TT_CHECK(!header.empty() && header[0] == '{', Status::kFormat, path,
           ": the header does not start with '{'");
  HeaderReader(header, str(path, ": header"), *this).read();
  data_offset_ = kLengthBytes + length;
  check_layout(static_cast<int64_t>(size - data_offset_));
}

// Every byte of the data must belong to one tensor, and have been promised by its shape.
void SafetensorsFile::check_layout(int64_t data_bytes) {
  for (const Entry& entry : entries_) {
    TT_CHECK(entry.begin <= entry.end, Status::kFormat, path_, ": tensor '", entry.name, "' begins at byte ",
             entry.begin, " and ends at ", entry.end);
    TT_CHECK(entry.end <= data_bytes, Status::kFormat, path_, ": tensor '", entry.name, "' ends at byte ",
             entry.end, " of the data, but the file holds ", data_bytes);
    int64_t bits = safetensors_bits(entry.dtype);
    int64_t elements = bits;  // as if no size were 0: strides are such products
    bool overflow = false;
    for (const int64_t dim : entry.shape) {
      overflow = overflow || __builtin_mul_overflow(elements, std::max<int64_t>(dim, 1), &elements);
      bits = dim == 0 || bits == 0 ? 0 : elements;
    }
    TT_CHECK(!overflow, Status::kFormat, path_, ": the size of tensor '", entry.name, "' of shape ",
             shape_text(entry.shape), " overflows");
    TT_CHECK(bits % 8 == 0 && bits / 8 == entry.end - entry.begin, Status::kFormat, path_, ": tensor '",
             entry.name, "' has ", entry.end - entry.begin, " bytes, but shape ", shape_text(entry.shape),
             " and dtype ", entry.dtype, " make ", bits / 8);
  }
  std::vector<size_t> order(entries_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(entries_[a].begin, entries_[a].end) < std::pair(entries_[b].begin, entries_[b].end);
  });
  int64_t at = 0;
  for (const size_t i : order) {
    const Entry& entry = entries_[i];
    TT_CHECK(entry.begin == at, Status::kFormat, path_, ": tensor '", entry.name, "' begins at byte ",
             entry.begin, " of the data, ", entry.begin < at ? "inside the tensor before it" : "after a gap",
             "; expected ", at);
    at = entry.end;
  }
  TT_CHECK(at == data_bytes, Status::kFormat, path_, ": the tensors end at byte ", at,
           " of the data, but the file holds ", data_bytes);
  // Entries in the order of their data.
  std::vector<Entry> sorted;
  sorted.reserve(entries_.size());
  std::vector<size_t> place(entries_.size());
  for (const size_t i : order) {
    place[i] = sorted.size();
    sorted.push_back(std::move(entries_[i]));
  }
  entries_ = std::move(sorted);
  for (size_t& i : by_name_) i = place[i];
}

void SafetensorsFile::read_at(void* to, size_t size, uint64_t offset) const {
  if (mapping_) {
    std::memcpy(to, mapping_->data() + offset, size);
    return;
  }
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t n = ::pread(file_.get(), at, std::min(size, size_t{1} << 30), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_io("cannot read", path_, errno);
    TT_CHECK(n > 0, Status::kFormat, path_,
             ": the file has been shortened since it was opened: it ends after ", offset, " bytes");
    at += n;
    offset += static_cast<uint64_t>(n);
    size -= static_cast<size_t>(n);
  }
}

const SafetensorsFile::Entry* SafetensorsFile::find(std::string_view name) const {
  const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                      [&](size_t i, std::string_view n) { return entries_[i].name < n; });
  return found != by_name_.end() && entries_[*found].name == name ? &entries_[*found] : nullptr;
}

Tensor SafetensorsFile::get(std::string_view name) const {
  const Entry* entry = find(name);
  TT_CHECK(entry != nullptr, Status::kInvalidArgument, path_, " has no tensor '", name, "'");
  const auto dtype = dtype_of_safetensors(entry->dtype);
  TT_CHECK(dtype.has_value(), Status::kDtype, path_, ": tensor '", name, "' has the dtype ", entry->dtype,
           ", which TinyTorch does not have");
  const Dims sizes{std::span<const int64_t>(entry->shape)};
  const auto nbytes = static_cast<size_t>(entry->end - entry->begin);
  const uint64_t offset = data_offset_ + static_cast<uint64_t>(entry->begin);
  Tensor out;
  // A foreign file may place a tensor where its type must not lie.
  if (mapping_ && nbytes > 0 && offset % size_of(*dtype) == 0) {
    auto keep = std::make_unique<std::shared_ptr<Mapping>>(mapping_);
    Ref<Storage> storage = Storage::wrap(
        mapping_->data() + offset, nbytes, Device{},
        [](void*, void* context) { delete static_cast<std::shared_ptr<Mapping>*>(context); }, keep.get());
    (void)keep.release();
    out = tensor_over(std::move(storage), *dtype, sizes);
  } else {
    out = empty(sizes, *dtype);
    if (nbytes > 0) read_at(out.raw(), nbytes, offset);
  }
  if (*dtype == DType::kBool) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(out.raw());
    for (size_t i = 0; i < nbytes; ++i) {
      TT_CHECK(bytes[i] <= 1, Status::kFormat, path_, ": tensor '", name, "' is BOOL, but its byte ",
               static_cast<uint64_t>(i), " is ", static_cast<int>(bytes[i]));
    }
  }
  return out;
}

// ---- saving ----

void save_safetensors(const std::string& path, std::vector<NamedTensor> tensors,
                      const std::vector<std::pair<std::string, std::string>>& metadata) {
  const auto check_text = [](std::string_view text, const char* what) {
    TT_CHECK(is_utf8(text), Status::kInvalidArgument, what, " '", text, "' is not UTF-8");
  };
  std::sort(tensors.begin(), tensors.end(), [](const NamedTensor& a, const NamedTensor& b) {
    const int rank_a = safetensors_rank(a.tensor.dtype());
    const int rank_b = safetensors_rank(b.tensor.dtype());
    return rank_a != rank_b ? rank_a > rank_b : a.name < b.name;
  });
  std::vector<std::string_view> names;
  for (const NamedTensor& t : tensors) {
    check_text(t.name, "the name");
    TT_CHECK(t.name != kMetadata, Status::kInvalidArgument, "a tensor cannot have the name '__metadata__'");
    names.push_back(t.name);
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  TT_CHECK(twice == names.end(), Status::kInvalidArgument, "two tensors have the name '", *twice, "'");

  std::string header = "{";
  if (!metadata.empty()) {
    append_json_string(header, kMetadata);
    header += ":{";
    for (size_t i = 0; i < metadata.size(); ++i) {
      check_text(metadata[i].first, "the metadata key");
      check_text(metadata[i].second, "the metadata value");
      for (size_t j = 0; j < i; ++j) {
        TT_CHECK(metadata[j].first != metadata[i].first, Status::kInvalidArgument, "the metadata key '",
                 metadata[i].first, "' is there twice");
      }
      if (i > 0) header += ',';
      append_json_string(header, metadata[i].first);
      header += ':';
      append_json_string(header, metadata[i].second);
    }
    header += '}';
  }
  int64_t at = 0;
  for (const NamedTensor& t : tensors) {
    int64_t end;
    TT_CHECK(!__builtin_add_overflow(at, static_cast<int64_t>(t.tensor.nbytes()), &end),
             Status::kInvalidArgument, "the tensors' sizes overflow int64");
    if (header.size() > 1) header += ',';
    append_json_string(header, t.name);
    const Dims& sizes = t.tensor.sizes();
    header += str(":{\"dtype\":\"", safetensors_name(t.tensor.dtype()),
                  "\",\"shape\":", shape_text({sizes.begin(), sizes.end()}), ",\"data_offsets\":[", at, ",",
                  end, "]}");
    at = end;
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  TT_CHECK(header.size() <= kLongestHeader, Status::kInvalidArgument, "the header would be ",
           static_cast<uint64_t>(header.size()), " bytes, more than the limit of ", kLongestHeader);

  AtomicFile file(path);
  const uint64_t length = header.size();
  header.insert(0, reinterpret_cast<const char*>(&length), sizeof length);
  file.write(header.data(), header.size());
  for (const NamedTensor& t : tensors) {
    if (t.tensor.numel() == 0) continue;
    const Tensor values = host_values(t.tensor);
    file.write(values.raw(), values.nbytes());
  }
  file.commit();
}

}  // namespace tt::io
