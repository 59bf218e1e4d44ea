// The layout rules are those of PyTorch's torch/_tensor_str.py.
#include "tensor/format.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/mutex.h"

namespace tt {

namespace {

struct Options {
  Mutex mutex{LockLevel::kPrintOptions};
  PrintOptions value;
};
Options& process_options() {
  static Options* const options = new Options;  // never destroyed: a finaliser may still print
  return *options;
}

// ---- Elements ----

// A tensor, or a part of one, as it lies in memory.
struct View {
  const char* data;
  DType dtype;
  const int64_t* sizes;
  const int64_t* strides;
  int ndim;

  View at(int64_t i) const {
    return {data + i * strides[0] * static_cast<int64_t>(size_of(dtype)), dtype, sizes + 1, strides + 1,
            ndim - 1};
  }
};

double read_double(const View& element) {
  return visit_dtype(element.dtype, [&]<typename T>() {
    const T value = *reinterpret_cast<const T*>(element.data);
    if constexpr (std::is_same_v<T, double>) return value;
    return static_cast<double>(static_cast<float>(value));
  });
}

int64_t read_integer(const View& element) {
  return visit_dtype(element.dtype, [&]<typename T>() -> int64_t {
    if constexpr (std::is_integral_v<T>)
      return static_cast<int64_t>(*reinterpret_cast<const T*>(element.data));
    return 0;
  });
}

std::string number(double value, std::chars_format format, int precision) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string text(static_cast<size_t>(precision) + 330, '\0');  // the largest double has 309 digits
  const auto [end, code] = std::to_chars(text.data(), text.data() + text.size(), value, format, precision);
  text.resize(static_cast<size_t>(end - text.data()));
  return text;
}

// How the elements of one tensor are written, found from all of those that are shown.
class Formatter {
 public:
  Formatter(const View& view, bool summarize, const PrintOptions& options)
      : options_(options), floating_(is_floating(view.dtype)), dtype_(view.dtype) {
    if (!floating_) {
      visit(view, summarize, [&](const View& element) { widen(write(element).size()); });
      return;
    }
    double least = INFINITY;
    double greatest = 0;
    visit(view, summarize, [&](const View& element) {
      const double value = read_double(element);
      if (!std::isfinite(value) || value == 0) return;
      least = std::min(least, std::abs(value));
      greatest = std::max(greatest, std::abs(value));
      integers_ = integers_ && value == std::ceil(value);
    });
    if (greatest == 0) return;  // nothing but zeros, infinities and NaNs
    scientific_ = options.sci_mode == SciMode::kAuto
                      ? greatest / least > 1000.0 || greatest > 1.0e8 || least < 1.0e-4
                      : options.sci_mode == SciMode::kOn;
    visit(view, summarize, [&](const View& element) {
      const double value = read_double(element);
      if (std::isfinite(value) && value != 0) widen(write(element).size());
    });
  }

  int64_t width() const { return width_; }

  std::string format(const View& element) const {
    std::string text = write(element);
    if (static_cast<int64_t>(text.size()) < width_)
      text.insert(0, static_cast<size_t>(width_) - text.size(), ' ');
    return text;
  }

 private:
  void widen(size_t length) { width_ = std::max(width_, static_cast<int64_t>(length)); }

  std::string write(const View& element) const {
    if (!floating_) {
      const int64_t value = read_integer(element);
      if (dtype_ == DType::kBool) return value ? "True" : "False";
      return std::to_string(value);
    }
    const double value = read_double(element);
    if (scientific_) return number(value, std::chars_format::scientific, options_.precision);
    if (!integers_) return number(value, std::chars_format::fixed, options_.precision);
    std::string text = number(value, std::chars_format::fixed, 0);
    if (std::isfinite(value)) text += '.';
    return text;
  }

  // Calls fn for each element that is shown.
  template <typename F>
  void visit(const View& view, bool summarize, const F& fn) const {
    if (view.ndim == 0) return fn(view);
    const int64_t size = view.sizes[0];
    const int64_t edge = options_.edgeitems;
    const bool cut = summarize && size / 2 >= edge && size > 2 * edge;
    for (int64_t i = 0; i < size; ++i) {
      if (cut && i == edge) i = size - edge;
      if (i < size) visit(view.at(i), summarize, fn);
    }
  }

  const PrintOptions& options_;
  bool floating_;
  DType dtype_;
  bool integers_ = true;  // floats without a fraction are written "1."
  bool scientific_ = false;
  int64_t width_ = 1;
};

// ---- Layout ----

class Layout {
 public:
  Layout(const View& view, bool summarize, const PrintOptions& options)
      : options_(options), summarize_(summarize), formatter_(view, summarize, options) {}

  void append(std::string& out, const View& view, int64_t indent) const {
    if (view.ndim == 0) {
      out += formatter_.format(view);
    } else if (view.ndim == 1) {
      append_vector(out, view, indent);
    } else {
      append_slices(out, view, indent);
    }
  }

 private:
  bool cut(int64_t size) const {
    return summarize_ && size / 2 >= options_.edgeitems && size > 2 * options_.edgeitems;
  }

  void append_vector(std::string& out, const View& view, int64_t indent) const {
    const int64_t room = options_.linewidth - indent;
    const int64_t per_line = std::max<int64_t>(1, room > 0 ? room / (formatter_.width() + 2) : 1);
    const int64_t size = view.sizes[0];
    const bool edges = cut(size);
    int64_t shown = 0;
    const auto begin_item = [&] {
      if (shown != 0 && shown % per_line == 0) {
        out += ",\n";
        out.append(static_cast<size_t>(indent + 1), ' ');
      } else if (shown != 0) {
        out += ", ";
      }
      ++shown;
    };
    out += '[';
    for (int64_t i = 0; i < size; ++i) {
      if (edges && i == options_.edgeitems) {
        begin_item();
        out += options_.edgeitems == 0 ? "..." : " ...";
        i = size - options_.edgeitems;
        if (i >= size) break;
      }
      begin_item();
      out += formatter_.format(view.at(i));
    }
    out += ']';
  }

  void append_slices(std::string& out, const View& view, int64_t indent) const {
    const int64_t size = view.sizes[0];
    const bool edges = cut(size);
    bool first = true;
    const auto begin_slice = [&] {
      if (!first) {
        out += ',';
        out.append(static_cast<size_t>(view.ndim - 1), '\n');
        out.append(static_cast<size_t>(indent + 1), ' ');
      }
      first = false;
    };
    out += '[';
    for (int64_t i = 0; i < size; ++i) {
      if (edges && i == options_.edgeitems) {
        begin_slice();
        out += "...";
        i = size - options_.edgeitems;
        if (i >= size) break;
      }
      begin_slice();
      append(out, view.at(i), indent + 1);
    }
    out += ']';
  }

  const PrintOptions& options_;
  bool summarize_;
  Formatter formatter_;
};

// Sizes as a Python tuple.
std::string tuple(const Dims& sizes) {
  std::string text = to_string(sizes);
  text.front() = '(';
  text.back() = ')';
  if (sizes.size() == 1) text.insert(text.size() - 1, ",");
  return text;
}

}  // namespace

PrintOptions print_profile(PrintProfile profile) {
  PrintOptions options;
  switch (profile) {
    case PrintProfile::kDefault:
      return options;
    case PrintProfile::kShort:
      options.precision = 2;
      options.edgeitems = 2;
      return options;
    case PrintProfile::kFull:
      options.threshold = PrintOptions::kNoThreshold;
      return options;
  }
  fail(Status::kInvalidArgument, "unknown print profile ", static_cast<int32_t>(profile));
}

PrintOptions print_options() {
  Options& options = process_options();
  const Lock lock(options.mutex);
  return options.value;
}

void set_print_options(const PrintOptions& value) {
  TT_CHECK(value.precision >= 0 && value.precision <= 1000, Status::kInvalidArgument,
           "precision must be in 0..1000, got ", value.precision);
  TT_CHECK(value.threshold >= 0, Status::kInvalidArgument, "threshold must not be negative, got ",
           value.threshold);
  TT_CHECK(value.edgeitems >= 0, Status::kInvalidArgument, "edgeitems must not be negative, got ",
           value.edgeitems);
  TT_CHECK(value.linewidth >= 0, Status::kInvalidArgument, "linewidth must not be negative, got ",
           value.linewidth);
  const auto mode = static_cast<int32_t>(value.sci_mode);
  TT_CHECK(mode >= 0 && mode <= 2, Status::kInvalidArgument, "unknown sci_mode ", mode);
  Options& options = process_options();
  const Lock lock(options.mutex);
  options.value = value;
}

std::string format_tensor(const Tensor& values, std::string_view autograd_suffix, Device device,
                          const PrintOptions& options) {
  TT_CHECK(values.defined(), Status::kInvalidArgument, "an undefined tensor has no text");
  TT_CHECK(values.device().is_cpu(), Status::kInternal, "format_tensor reads CPU memory, got a tensor on ",
           values.device());
  const std::string_view prefix = "tensor(";
  const auto indent = static_cast<int64_t>(prefix.size());
  const DType dtype = values.dtype();
  const bool empty = values.numel() == 0;

  std::string out(prefix);
  if (empty) {
    out += "[]";
  } else {
    const View view{values.raw(), dtype, values.sizes().data(), values.strides().data(), values.ndim()};
    Layout(view, values.numel() > options.threshold, options).append(out, view, indent);
  }

  // The suffixes go on the last line while there is room. PyTorch counts that line one longer than it is.
  const size_t newline = out.rfind('\n');
  auto line = static_cast<int64_t>(newline == std::string::npos ? out.size() + 2 : out.size() - newline + 1);
  const auto add = [&](std::string_view suffix) {
    const auto length = static_cast<int64_t>(suffix.size());
    if (line + length + 2 > options.linewidth) {
      out += ",\n";
      out.append(static_cast<size_t>(indent), ' ');
      line = indent + length;
    } else {
      out += ", ";
      line += length + 2;
    }
    out += suffix;
  };
  if (!device.is_cpu()) add(str("device='", device, "'"));
  if (empty ? values.ndim() != 1 : options.edgeitems == 0) add("size=" + tuple(values.sizes()));
  // Where there is an element to tell them by, int64 and bool need no dtype.
  const bool plain =
      dtype == default_dtype() || (!empty && (dtype == DType::kInt64 || dtype == DType::kBool));
  if (!plain) add(str("dtype=torch.", dtype));
  if (!autograd_suffix.empty()) add(autograd_suffix);
  out += ')';
  return out;
}

std::string format_sizes_torch(const Dims& sizes) { return "torch.Size(" + to_string(sizes) + ")"; }

}  // namespace tt
