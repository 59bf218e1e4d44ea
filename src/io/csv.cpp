#include "io/csv.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/nearest.h"
#include "base/utf8.h"

namespace tt::io {

namespace {

constexpr size_t kBufferBytes = size_t{1} << 18;
constexpr size_t kLongestField = 4096;

// Whether the decimal number is below 1: tells underflow from overflow where from_chars says "out of range".
bool is_small(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  const size_t e = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, e);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  const size_t digit = mantissa.find_first_of("123456789");
  if (digit == std::string_view::npos) return true;
  // The power of ten of the first digit that counts.
  const double first =
      digit < point ? static_cast<double>(point - digit - 1) : -static_cast<double>(digit - point);
  double exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view tail = text.substr(e + 1);
    const bool negative = !tail.empty() && tail[0] == '-';
    if (!tail.empty() && (tail[0] == '-' || tail[0] == '+')) tail.remove_prefix(1);
    for (const char c : tail) exponent = std::min(1e9, exponent * 10 + (c - '0'));
    if (negative) exponent = -exponent;
  }
  return first + exponent < 0;
}

class Reader {
 public:
  Reader(const std::string& path, const CsvOptions& options)
      : source_(path), options_(options), buffer_(new char[kBufferBytes]) {}

  Tensor read() {
    const RoundToNearest as_written;  // from_chars and the conversion to the dtype round
    TT_CHECK(!source_.at_end(), Status::kFormat, source_.path(), ": the file is empty");
    skip_byte_order_mark();
    for (; row_ <= options_.skip_rows; ++row_) {
      TT_CHECK(skip_line(), Status::kFormat, source_.path(), ": the file has ", row_ - 1,
               " rows, fewer than the ", options_.skip_rows, " to skip");
    }
    return visit_dtype(options_.dtype, [&]<typename T>() { return read_rows<T>(); });
  }

 private:
  template <typename T>
  Tensor read_rows() {
    // Plain bytes, not vector<T>: that of bool has no addresses.
    std::vector<char> values;
    int64_t rows = 0;
    int64_t columns = 0;
    bool last = false;
    for (; !last; ++row_) {
      int64_t column = 0;
      bool line_ends = false;
      while (!line_ends) {
        std::string_view text = field(&line_ends, &last);
        if (column == 0 && line_ends && text.empty()) {
          // An empty line is fine where nothing follows.
          TT_CHECK(last || only_blank_lines_follow(), Status::kFormat, source_.path(), ": row ", row_,
                   " is empty");
          last = true;
          column = -1;
          break;
        }
        ++column;
        TT_CHECK(rows == 0 || column <= columns, Status::kFormat, source_.path(), ": row ", row_,
                 " has more than the ", columns, " columns of the rows before it");
        const T value = parse<T>(text, column);
        const auto* bytes = reinterpret_cast<const char*>(&value);
        values.insert(values.end(), bytes, bytes + sizeof value);
      }
      if (column < 0) break;
      if (rows == 0) columns = column;
      TT_CHECK(column == columns, Status::kFormat, source_.path(), ": row ", row_, " has ", column,
               " columns, expected ", columns, " as in the rows before it");
      ++rows;
    }
    TT_CHECK(rows > 0, Status::kFormat, source_.path(), ": there are no rows of numbers after the ",
             options_.skip_rows, " skipped");
    Tensor out = empty({rows, columns}, options_.dtype);
    std::memcpy(out.raw(), values.data(), values.size());
    return out;
  }

  template <typename T>
  T parse(std::string_view text, int64_t column) {
    std::string_view digits = text;
    if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
    const char* begin = digits.data();
    const char* end = begin + digits.size();
    if constexpr (std::is_integral_v<T>) {
      int64_t value = 0;
      const auto [stop, error] = std::from_chars(begin, end, value);
      if (error == std::errc::invalid_argument || stop != end) fail_field(text, column, "is not an integer");
      constexpr int64_t kLow = std::is_same_v<T, bool> ? 0 : int64_t{std::numeric_limits<T>::min()};
      constexpr int64_t kHigh = std::is_same_v<T, bool> ? 1 : int64_t{std::numeric_limits<T>::max()};
      if (error == std::errc::result_out_of_range || value < kLow || value > kHigh) {
        fail_field(text, column, str("is out of the range of ", options_.dtype));
      }
      return static_cast<T>(value);
    } else {
      double value = 0;
      auto [stop, error] = std::from_chars(begin, end, value);
      if (error == std::errc::invalid_argument || stop != end) fail_field(text, column, "is not a number");
      if (error == std::errc::result_out_of_range) {
        if (!is_small(digits)) fail_field(text, column, str("is out of the range of ", options_.dtype));
        value = digits[0] == '-' ? -0.0 : 0.0;
      }
      if (!std::isfinite(value)) fail_field(text, column, "is not a finite number");
      T result;
      if constexpr (std::is_same_v<T, double>) {
        result = value;
      } else {
        result = T(static_cast<float>(value));
      }
      if (!std::isfinite(static_cast<double>(result))) {
        fail_field(text, column, str("is out of the range of ", options_.dtype));
      }
      return result;
    }
  }

  [[noreturn]] void fail_field(std::string_view text, int64_t column, std::string_view what) {
    const std::string_view shown = text.substr(0, whole_characters(text, 40));
    fail(Status::kFormat, source_.path(), ": row ", row_, ", column ", column, ": ",
         text.empty() ? "the value is missing"
                      : str("'", shown, text.size() > shown.size() ? "..." : "", "' ", what));
  }

  // The next field without the blanks around it. It stays in the buffer until the next call.
  std::string_view field(bool* line_ends, bool* file_ends) {
    size_t scanned = begin_;
    for (;;) {
      while (scanned < end_ && buffer_[scanned] != options_.delimiter && buffer_[scanned] != '\n') ++scanned;
      if (scanned < end_) break;
      // The buffer must have room for more.
      TT_CHECK(scanned - begin_ <= kLongestField, Status::kFormat, source_.path(), ": row ", row_,
               ": a value is longer than ", static_cast<uint64_t>(kLongestField), " characters");
      if (!refill(&scanned)) break;
    }
    std::string_view text(buffer_.get() + begin_, scanned - begin_);
    const bool found = scanned < end_;
    *line_ends = !found || buffer_[scanned] == '\n';
    *file_ends = !found;
    begin_ = found ? scanned + 1 : scanned;
    const auto blank = [&](char c) {
      return c == ' ' || (c == '\t' && options_.delimiter != '\t') || c == '\r';
    };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
  }

  // Moves what is left to the front and reads behind it; false at the end of the file.
  bool refill(size_t* scanned) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    *scanned -= begin_;
    end_ -= begin_;
    begin_ = 0;
    const size_t n = source_.read(buffer_.get() + end_, kBufferBytes - end_);
    end_ += n;
    return n > 0;
  }

  bool skip_line() {
    size_t scanned = begin_;
    for (;;) {
      while (scanned < end_ && buffer_[scanned] != '\n') ++scanned;
      begin_ = scanned;
      if (scanned < end_) {
        ++begin_;
        return true;
      }
      if (!refill(&scanned)) return false;
    }
  }

  bool only_blank_lines_follow() {
    size_t scanned = begin_;
    for (;;) {
      for (; scanned < end_; ++scanned) {
        if (std::strchr(" \t\r\n", buffer_[scanned]) == nullptr || buffer_[scanned] == '\0') return false;
      }
      begin_ = scanned;
      if (!refill(&scanned)) return true;
    }
  }

  void skip_byte_order_mark() {
    size_t scanned = 0;
    refill(&scanned);
    if (end_ >= 3 && std::memcmp(buffer_.get(), "\xef\xbb\xbf", 3) == 0) begin_ = 3;
  }

  Source source_;
  CsvOptions options_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  int64_t row_ = 1;
};

}  // namespace

Tensor read_csv(const std::string& path, const CsvOptions& options) {
  TT_CHECK(options.skip_rows >= 0, Status::kInvalidArgument, "skip_rows is ", options.skip_rows,
           ", expected 0 or more");
  const char d = options.delimiter;
  TT_CHECK(d == '\t' || (d >= ' ' && d <= '~' && std::strchr("0123456789+-.eE", d) == nullptr),
           Status::kInvalidArgument, "delimiter is character ", static_cast<int>(d),
           ", expected a tab or a printable character that no number contains");
  return Reader(path, options).read();
}

}  // namespace tt::io
