#include "io/npy.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace tt::io {

static_assert(std::endian::native == std::endian::little);

namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kLongestHeader = 1 << 16;

struct Row {
  std::string_view code;  // without the byte order
  DType dtype;
};
constexpr Row kRows[] = {{"b1", DType::kBool},    {"u1", DType::kUInt8},   {"i1", DType::kInt8},
                         {"i2", DType::kInt16},   {"i4", DType::kInt32},   {"i8", DType::kInt64},
                         {"f2", DType::kFloat16}, {"f4", DType::kFloat32}, {"f8", DType::kFloat64}};

struct Header {
  DType dtype = DType::kFloat32;
  bool swapped = false;
  bool fortran_order = false;
  Dims shape;
};

// The header is the text of a Python dict: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  Header parse() {
    Header header;
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!consume('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !std::exchange(descr, true)) {
        if (peek() == '[') fail_unsupported("a structure");
        read_dtype(quoted(), header);
      } else if (key == "fortran_order" && !std::exchange(order, true)) {
        header.fortran_order = word("True");
        if (!header.fortran_order && !word("False")) fail_here("expected True or False");
      } else if (key == "shape" && !std::exchange(shape, true)) {
        read_shape(header.shape);
      } else {
        fail_here(str("the key '", key, "' is there twice or none of descr, fortran_order and shape"));
      }
      if (!consume(',')) {
        expect('}');
        break;
      }
    }
    if (!descr || !order || !shape) fail_here("descr, fortran_order or shape is missing");
    skip_blanks();
    if (at_ != text_.size()) fail_here("something follows the dict");
    return header;
  }

 private:
  [[noreturn]] void fail_here(std::string_view message) {
    fail(Status::kFormat, path_, ": .npy header, character ", static_cast<uint64_t>(at_), ": ", message);
  }
  [[noreturn]] void fail_unsupported(std::string_view what) {
    fail(Status::kDtype, path_, ": the elements are ", what, ", which TinyTorch does not have");
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  char peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool consume(char c) {
    if (at_ == text_.size() || peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!consume(c)) fail_here(str("expected '", std::string_view(&c, 1), "'"));
  }
  bool word(std::string_view expected) {
    skip_blanks();
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }
  std::string_view quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail_here("expected a string");
    const size_t begin = ++at_;
    const size_t end = text_.find(quote, begin);
    if (end == std::string_view::npos) fail_here("the text ends inside a string");
    at_ = end + 1;
    return text_.substr(begin, end - begin);
  }
  void read_dtype(std::string_view descr, Header& header) {
    if (descr.size() < 2) fail_here("an empty element type");
    const char order = descr[0];
    if (order != '<' && order != '>' && order != '|' && order != '=') fail_here("unknown byte order");
    for (const Row& row : kRows) {
      if (row.code != descr.substr(1)) continue;
      header.dtype = row.dtype;
      header.swapped = order == '>';
      return;
    }
    fail_unsupported(str("'", descr, "'"));
  }
  // A tuple as Python writes one: (), (2,), (2, 3).
  void read_shape(Dims& shape) {
    expect('(');
    bool comma = true;
    while (!consume(')')) {
      skip_blanks();
      const size_t begin = at_;
      int64_t size = 0;
      for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
        if (__builtin_mul_overflow(size, int64_t{10}, &size) ||
            __builtin_add_overflow(size, int64_t{text_[at_] - '0'}, &size)) {
          fail_here("a size beyond 2^63 - 1");
        }
      }
      if (at_ == begin) fail_here("expected a size");
      if (text_[begin] == '0' && at_ - begin > 1) fail_here("a size with a leading zero");
      if (shape.size() == kMaxDims) fail_here(str("more than ", kMaxDims, " dimensions"));
      shape.push_back(size);
      comma = consume(',');
      if (!comma) {
        expect(')');
        break;
      }
    }
    if (shape.size() == 1 && !comma) fail_here("one size without a comma, which is no tuple");
  }

  std::string_view text_;
  const std::string& path_;
  size_t at_ = 0;
};

// Reads from the source, whose content ends too early otherwise.
void read_all(Source& source, void* to, size_t size) {
  const size_t n = source.read(to, size);
  TT_CHECK(n == size, Status::kFormat, source.path(), ": the file ends in the .npy header, after ",
           source.position(), " bytes");
}

void check_bools(const Tensor& t, const std::string& path) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(t.raw());
  for (int64_t i = 0; i < t.numel(); ++i) {
    TT_CHECK(bytes[i] <= 1, Status::kFormat, path, ": the elements are bool, but byte ", i, " is ",
             static_cast<int>(bytes[i]));
  }
}

}  // namespace

Tensor read_npy(const std::string& path) {
  Source source(path);
  unsigned char start[8];
  TT_CHECK(!source.at_end(), Status::kFormat, path, ": the file is empty");
  read_all(source, start, sizeof start);
  TT_CHECK(std::memcmp(start, kMagic.data(), kMagic.size()) == 0, Status::kFormat, path,
           ": not a .npy file: it does not start with \\x93NUMPY");
  TT_CHECK(start[6] >= 1 && start[6] <= 3 && start[7] == 0, Status::kFormat, path, ": unknown .npy version ",
           static_cast<int>(start[6]), ".", static_cast<int>(start[7]));
  unsigned char length_bytes[4] = {};
  read_all(source, length_bytes, start[6] == 1 ? 2 : 4);
  uint32_t length;
  std::memcpy(&length, length_bytes, sizeof length);
  TT_CHECK(length <= kLongestHeader, Status::kFormat, path, ": a .npy header of ", length,
           " bytes, more than the limit of ", static_cast<uint64_t>(kLongestHeader));
  std::string text(length, '\0');
  read_all(source, text.data(), text.size());
  const Header header = HeaderParser(text, path).parse();

  uint64_t bytes = size_of(header.dtype);
  bool has_elements = true;
  for (const int64_t size : header.shape) {
    const bool overflow =
        __builtin_mul_overflow(bytes, static_cast<uint64_t>(std::max<int64_t>(size, 1)), &bytes);
    TT_CHECK(!overflow && bytes <= INT64_MAX, Status::kFormat, path, ": the size of shape ", header.shape,
             " overflows");
    has_elements = has_elements && size != 0;
  }
  if (!has_elements) bytes = 0;
  const std::string promise = str("shape ", header.shape, " of ", header.dtype, " (", bytes, " bytes)");
  Ref<Storage> storage = read_storage(source, bytes, promise);
  expect_end(source, promise);
  if (header.swapped) {
    swap_bytes(static_cast<char*>(storage->data()), bytes / size_of(header.dtype), size_of(header.dtype));
  }
  Tensor out = tensor_over(std::move(storage), header.dtype, header.shape);
  if (header.dtype == DType::kBool) check_bools(out, path);
  if (!header.fortran_order || header.shape.size() < 2) return out;
  Dims strides = header.shape;
  int64_t stride = 1;
  for (int i = 0; i < strides.size(); ++i) {
    strides[i] = stride;
    stride *= std::max<int64_t>(header.shape[i], 1);
  }
  return alias(out, header.shape, strides, 0);
}

void save_npy(const std::string& path, const Tensor& t) {
  const auto* row =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.dtype == t.dtype(); });
  TT_CHECK(row != std::end(kRows), Status::kDtype, "NumPy has no ", t.dtype(), "; convert the tensor first");
  std::string shape;
  for (const int64_t size : t.sizes()) shape += str(shape.empty() ? "" : ", ", size);
  if (t.ndim() == 1) shape += ',';
  const bool bytes = size_of(t.dtype()) == 1;
  std::string header = str("{'descr': '", bytes ? "|" : "<", row->code,
                           "', 'fortran_order': False, 'shape': (", shape, "), }");
  // Padded so that the values start at a multiple of 64, with a newline at the end.
  const size_t before = kMagic.size() + 4;
  header.resize((before + header.size() + 1 + 63) / 64 * 64 - before - 1, ' ');
  header += '\n';
  std::string start(kMagic);
  start += {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  const Tensor values = host_values(t);
  AtomicFile file(path);
  file.write(start.data(), start.size());
  file.write(header.data(), header.size());
  if (values.numel() > 0) file.write(values.raw(), values.nbytes());
  file.commit();
}

}  // namespace tt::io
