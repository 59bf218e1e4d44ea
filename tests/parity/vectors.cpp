#include "vectors.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <tuple>

namespace tt::parity {
namespace {

struct DtypeInfo {
  std::string_view name;
  std::size_t size;
};

constexpr std::array<DtypeInfo, 10> kDtypes{{{"bool", 1},
                                             {"uint8", 1},
                                             {"int8", 1},
                                             {"int16", 2},
                                             {"int32", 4},
                                             {"int64", 8},
                                             {"float16", 2},
                                             {"bfloat16", 2},
                                             {"float32", 4},
                                             {"float64", 8}}};

// What is wrong with a line; load() adds the file and the line's number.
[[noreturn]] void fail(const std::string& what) { throw FormatError(what); }

// The words of a line, taken from its front.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  bool empty() const { return rest_.empty(); }

  std::string_view next() {
    if (rest_.empty()) fail("the line ends too early");
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return word;
  }

  std::string_view rest() { return std::exchange(rest_, {}); }

 private:
  std::string_view rest_;
};

std::int64_t parse_int(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) fail("not an integer: " + std::string(text));
  return value;
}

std::uint64_t parse_hex(std::string_view text, std::size_t bytes) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (code != std::errc() || end != text.data() + text.size() || text.size() != 2 * bytes)
    fail("not a hexadecimal word of " + std::to_string(bytes) + " bytes: " + std::string(text));
  return value;
}

double parse_hex_double(std::string_view text) { return std::bit_cast<double>(parse_hex(text, 8)); }

// Decimal, for tolerances. from_chars does not depend on the locale.
double parse_decimal(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) fail("not a number: " + std::string(text));
  return value;
}

Dtype parse_dtype(std::string_view text) {
  for (std::size_t i = 0; i < kDtypes.size(); ++i)
    if (kDtypes[i].name == text) return static_cast<Dtype>(i);
  fail("unknown dtype: " + std::string(text));
}

template <typename Parse>
auto parse_list(std::string_view text, Parse parse) {
  std::vector<decltype(parse(text))> values;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    values.push_back(parse(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return values;
}

template <typename Unsigned>
void append(std::vector<unsigned char>& data, std::uint64_t word) {
  const auto narrow = static_cast<Unsigned>(word);
  const std::size_t at = data.size();
  data.resize(at + sizeof narrow);
  std::memcpy(data.data() + at, &narrow, sizeof narrow);
}

std::vector<unsigned char> parse_data(std::string_view text, std::size_t size) {
  std::vector<unsigned char> data;
  data.reserve(text.size() / (2 * size + 1) * size + size);
  for (Words words(text); !words.empty();) {
    const std::uint64_t word = parse_hex(words.next(), size);
    if (size == 1) append<std::uint8_t>(data, word);
    if (size == 2) append<std::uint16_t>(data, word);
    if (size == 4) append<std::uint32_t>(data, word);
    if (size == 8) append<std::uint64_t>(data, word);
  }
  return data;
}

// "3", an argument, or "3.1", an item of a list; the item is -1 without one.
std::pair<int, int> parse_place(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto index = static_cast<int>(parse_int(text.substr(0, dot)));
  return {index, dot == std::string_view::npos ? -1 : static_cast<int>(parse_int(text.substr(dot + 1)))};
}

// The fields after `tensor`, up to data=.
Tensor parse_tensor(Words& words) {
  Tensor tensor;
  tensor.dtype = parse_dtype(words.next());
  std::optional<std::int64_t> storage;
  bool has_data = false;
  while (!words.empty()) {
    std::string_view field = words.next();
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) fail("not a field: " + std::string(field));
    const std::string_view key = field.substr(0, equals);
    const std::string_view value = field.substr(equals + 1);
    if (key == "data") {
      // The first word is in this field, the others follow it.
      const std::string_view more = words.rest();
      const std::size_t length = value.size() + (more.empty() ? 0 : more.size() + 1);
      tensor.data = parse_data(std::string_view(value.data(), length), size_of(tensor.dtype));
      has_data = true;
    } else if (key == "sizes") {
      tensor.sizes = parse_list(value, parse_int);
    } else if (key == "strides") {
      tensor.strides = parse_list(value, parse_int);
    } else if (key == "offset") {
      tensor.offset = parse_int(value);
    } else if (key == "storage") {
      storage = parse_int(value);
    } else if (key == "grad") {
      tensor.requires_grad = parse_int(value) != 0;
    } else if (key == "alias") {
      std::tie(tensor.alias, tensor.alias_item) = parse_place(value);
    } else {
      fail("unknown field: " + std::string(key));
    }
  }
  tensor.has_values = has_data;
  const std::int64_t expected = storage.value_or(tensor.numel());
  if (has_data && static_cast<std::int64_t>(tensor.stored()) != expected)
    fail("the tensor has " + std::to_string(tensor.stored()) + " elements, not " + std::to_string(expected));
  if (tensor.strides.size() != tensor.sizes.size()) fail("sizes and strides differ in length");
  return tensor;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      out += text[i] == 'n' ? '\n' : text[i];
    } else {
      out += text[i];
    }
  }
  return out;
}

// Parses a file's lines one by one.
class Parser {
 public:
  void line(std::string_view text, int number) {
    number_ = number;
    if (text.empty()) return;
    Words words(text);
    const std::string_view key = words.next();
    if (pending_items_ > 0 && key != "item") fail("expected an item of a list of tensors");
    if (key == "case" || key == "run" || key == "random") return start(key, words);
    if (records_.empty()) fail("a statement before the first record");
    statement(key, words);
  }

  std::vector<Record> finish() {
    if (pending_items_ > 0) fail("the file ends within a list of tensors");
    return std::move(records_);
  }

 private:
  void start(std::string_view kind, Words& words) {
    Record& record = records_.emplace_back();
    record.line = number_;
    record.kind = kind == "case"  ? Record::Kind::kCase
                  : kind == "run" ? Record::Kind::kRun
                                  : Record::Kind::kRandom;
    record.name = words.next();
    if (record.kind == Record::Kind::kCase) {
      record.variant = words.next();
      record.calls.emplace_back().op = record.name;
    }
  }

  Call& call() {
    if (records_.back().calls.empty()) fail("a statement before the first call");
    return records_.back().calls.back();
  }

  void statement(std::string_view key, Words& words) {
    if (key == "in") return add(call().inputs, words);
    if (key == "out") return add(call().outputs, words);
    if (key == "item") return item(words);
    if (key == "let") {
      auto& [name, value] = records_.back().values.emplace_back();
      name = words.next();
      value = parse_value(words);
    } else if (key == "call") {
      Call& next = records_.back().calls.emplace_back();
      next.op = words.next();
      next.seeds = std::exchange(seeds_, false);
      next.seed = seed_;
    } else if (key == "seed") {
      seeds_ = true;
      seed_ = parse_int(words.next());
    } else if (key == "state") {
      call().has_state = true;
      if (words.next() != "tensor") fail("the state is not a tensor");
      call().state = parse_tensor(words);
    } else if (key == "tol") {
      call().rtol = parse_decimal(words.next());
      call().atol = parse_decimal(words.next());
    } else if (key == "error") {
      call().fails = true;
      call().error = unescape(words.rest());
    } else if (key == "gradout") {
      add_gradient(call().output_gradients, words);
    } else if (key == "grad") {
      add_gradient(call().gradients, words);
    } else if (key == "probe") {
      add_gradient(call().probes, words);
    } else if (key == "grad2") {
      add_gradient(call().second, words);
    } else if (key == "writable") {
      Writable& writable = call().writable.emplace_back();
      writable.leaves = parse_list(words.next(), [](std::string_view text) { return std::string(text); });
      while (!words.empty()) writable.tensors.emplace_back(words.next());
    } else if (key == "grad2out") {
      add_gradient(call().second_outputs, words);
    } else {
      fail("unknown statement: " + std::string(key));
    }
  }

  void add(std::vector<Value>& values, Words& words) { values.push_back(parse_value(words)); }

  void item(Words& words) {
    if (pending_items_ <= 0) fail("an item outside a list of tensors");
    --pending_items_;
    if (words.next() != "tensor") fail("an item that is not a tensor");
    std::get<std::vector<Tensor>>(call().inputs.back()).push_back(parse_tensor(words));
  }

  static void add_gradient(std::vector<Gradient>& gradients, Words& words) {
    Gradient gradient;
    std::tie(gradient.index, gradient.item) = parse_place(words.next());
    const std::string_view kind = words.next();
    if (kind == "tensor")
      gradient.value = parse_tensor(words);
    else if (kind != "none")
      fail("a gradient is a tensor or none");
    gradients.push_back(std::move(gradient));
  }

  Value parse_value(Words& words) {
    const std::string_view kind = words.next();
    if (kind == "none") return {};
    if (kind == "tensor" || kind == "meta") return parse_tensor(words);
    if (kind == "tensors") {
      pending_items_ = parse_int(words.next());
      return std::vector<Tensor>();
    }
    if (kind == "int") return parse_int(words.next());
    if (kind == "float") return parse_hex_double(words.next());
    if (kind == "bool") return parse_int(words.next()) != 0;
    if (kind == "ints") return parse_list(words.rest(), parse_int);
    if (kind == "floats") return parse_list(words.rest(), parse_hex_double);
    if (kind == "str") return std::string(words.rest());
    if (kind == "dtype") return parse_dtype(words.next());
    fail("unknown kind of value: " + std::string(kind));
  }

  std::vector<Record> records_;
  std::int64_t pending_items_ = 0;
  bool seeds_ = false;
  std::int64_t seed_ = 0;
  int number_ = 0;
};

double half_to_double(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int mantissa = bits & 1023;
  double value = 0;
  if (exponent == 31)
    value = mantissa ? std::nan("") : HUGE_VAL;
  else if (exponent == 0)
    value = std::ldexp(mantissa, -24);
  else
    value = std::ldexp(mantissa + 1024, exponent - 25);
  return bits >> 15 ? -value : value;
}

template <typename T>
T read(const Tensor& tensor, std::size_t i) {
  T value;
  std::memcpy(&value, tensor.data.data() + i * sizeof value, sizeof value);
  return value;
}

}  // namespace

std::size_t size_of(Dtype dtype) { return kDtypes[static_cast<std::size_t>(dtype)].size; }

std::string_view name_of(Dtype dtype) { return kDtypes[static_cast<std::size_t>(dtype)].name; }

bool is_none(const Value& value) { return std::holds_alternative<std::monostate>(value); }

std::int64_t Tensor::numel() const {
  std::int64_t n = 1;
  for (const std::int64_t size : sizes) n *= size;
  return n;
}

double Tensor::as_double(std::size_t i) const {
  switch (dtype) {
    case Dtype::kFloat16:
      return half_to_double(read<std::uint16_t>(*this, i));
    case Dtype::kBfloat16:
      return std::bit_cast<float>(static_cast<std::uint32_t>(read<std::uint16_t>(*this, i)) << 16);
    case Dtype::kFloat32:
      return read<float>(*this, i);
    case Dtype::kFloat64:
      return read<double>(*this, i);
    default:
      return static_cast<double>(as_int(i));
  }
}

std::int64_t Tensor::as_int(std::size_t i) const {
  switch (dtype) {
    case Dtype::kBool:
    case Dtype::kUint8:
      return read<std::uint8_t>(*this, i);
    case Dtype::kInt8:
      return read<std::int8_t>(*this, i);
    case Dtype::kInt16:
      return read<std::int16_t>(*this, i);
    case Dtype::kInt32:
      return read<std::int32_t>(*this, i);
    case Dtype::kInt64:
      return read<std::int64_t>(*this, i);
    default:
      throw std::logic_error("as_int of a float tensor");
  }
}

const Value* Record::find(std::string_view key) const {
  for (const auto& [name, value] : values)
    if (name == key) return &value;
  return nullptr;
}

const Value& Record::get(std::string_view key) const {
  if (const Value* value = find(key)) return *value;
  throw std::out_of_range("run " + name + " has no value " + std::string(key));
}

std::vector<Record> load(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw FormatError(path + ": cannot be opened");
  gzbuffer(file.get(), 1u << 17);
  Parser parser;
  std::string line;
  std::array<char, 1 << 16> buffer;
  int number = 1;
  try {
    while (gzgets(file.get(), buffer.data(), static_cast<int>(buffer.size()))) {
      line += buffer.data();
      if (line.empty()) fail("a zero byte");
      if (line.back() != '\n') continue;  // the rest of a long line comes with the next call
      line.pop_back();
      parser.line(line, number++);
      line.clear();
    }
    int code = Z_OK;
    const char* message = gzerror(file.get(), &code);
    if (code != Z_OK && code != Z_STREAM_END) fail(message);
    if (!line.empty()) fail("the last line has no end");
    return parser.finish();
  } catch (const FormatError& e) {
    throw FormatError(path + ":" + std::to_string(number) + ": " + e.what());
  }
}

}  // namespace tt::parity
