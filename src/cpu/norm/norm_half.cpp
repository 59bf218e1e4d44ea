// Batch normalisation's passes over half types: piece by piece through float.
#include <algorithm>

#include "cpu/pointwise/copy.h"
#include "cpu/norm/norm_simd.h"

namespace tt::cpu {

namespace {

template <typename T>
struct ThroughFloat {
  static constexpr int64_t kSize = sizeof(T);

  static void read(const T* from, int64_t n, float* to) {
    convert_row(reinterpret_cast<char*>(to), sizeof(float), DType::kFloat32,
                reinterpret_cast<const char*>(from), kSize, DTypeOf<T>::value, n);
  }
  static void write(const float* from, int64_t n, T* to) {
    convert_row(reinterpret_cast<char*>(to), kSize, DTypeOf<T>::value, reinterpret_cast<const char*>(from),
                sizeof(float), DType::kFloat32, n);
  }
  // Calls piece(offset, n) for the pieces of each row: the float passes add up as many elements in float.
  template <typename F>
  static void pieces(int64_t rows, int64_t step, int64_t n, F&& piece) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t i = 0; i < n; i += kNormRun) piece(r * step + i, std::min(kNormRun, n - i));
    }
  }
  // Calls piece(offset, column, n) for the pieces of columns [begin, end) of each row.
  template <typename F>
  static void column_pieces(int64_t rows, int64_t channels, int64_t begin, int64_t end, F&& piece) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = begin; c < end; c += kNormRun) {
        piece(r * channels + c, c, std::min(kNormRun, end - c));
      }
    }
  }

  static double sum(const T* x, int64_t rows, int64_t step, int64_t n) {
    double total = 0;
    pieces(rows, step, n, [&](int64_t at, int64_t count) {
      float row[kNormRun];
      read(x + at, count, row);
      total += norm_passes<float>().sum(row, 1, 0, count);
    });
    return total;
  }
  static double squares(const T* x, int64_t rows, int64_t step, int64_t n, float mean) {
    double total = 0;
    pieces(rows, step, n, [&](int64_t at, int64_t count) {
      float row[kNormRun];
      read(x + at, count, row);
      total += norm_passes<float>().squares(row, 1, 0, count, mean);
    });
    return total;
  }
  static void scale(const T* x, T* out, int64_t rows, int64_t step, int64_t n, float factor, float shift,
                    bool relu) {
    pieces(rows, step, n, [&](int64_t at, int64_t count) {
      float row[kNormRun];
      read(x + at, count, row);
      norm_passes<float>().scale(row, row, 1, 0, count, factor, shift, relu);
      write(row, count, out + at);
    });
  }
  static void gradient_sums(const T* g, const T* x, const T* y, int64_t rows, int64_t step, int64_t n,
                            float mean, double* sum_out, double* dot) {
    double total = 0, product = 0;
    pieces(rows, step, n, [&](int64_t at, int64_t count) {
      float grad[kNormRun], row[kNormRun], result[kNormRun];
      read(g + at, count, grad);
      read(x + at, count, row);
      if (y != nullptr) read(y + at, count, result);
      const float* const shown = y != nullptr ? result : nullptr;
      double part = 0, part_product = 0;
      norm_passes<float>().gradient_sums(grad, row, shown, 1, 0, count, mean, &part, &part_product);
      total += part;
      product += part_product;
    });
    *sum_out = total;
    *dot = product;
  }
  static void gradient(const T* g, const T* x, const T* y, T* out, int64_t rows, int64_t step, int64_t n,
                       float mean, float a, float b, float c) {
    pieces(rows, step, n, [&](int64_t at, int64_t count) {
      float grad[kNormRun], row[kNormRun], result[kNormRun];
      read(g + at, count, grad);
      read(x + at, count, row);
      if (y != nullptr) read(y + at, count, result);
      const float* const shown = y != nullptr ? result : nullptr;
      norm_passes<float>().gradient(grad, row, shown, row, 1, 0, count, mean, a, b, c);
      write(row, count, out + at);
    });
  }
  static void sum_columns(const T* x, int64_t rows, int64_t channels, int64_t begin, int64_t end,
                          double* sums) {
    column_pieces(rows, channels, begin, end, [&](int64_t at, int64_t c, int64_t count) {
      float row[kNormRun];
      read(x + at, count, row);
      norm_passes<float>().sum_columns(row, 1, count, 0, count, sums + c);
    });
  }
  static void squares_columns(const T* x, int64_t rows, int64_t channels, int64_t begin, int64_t end,
                              const float* mean, double* sums) {
    column_pieces(rows, channels, begin, end, [&](int64_t at, int64_t c, int64_t count) {
      float row[kNormRun];
      read(x + at, count, row);
      norm_passes<float>().squares_columns(row, 1, count, 0, count, mean + c, sums + c);
    });
  }
  static void scale_columns(const T* x, T* out, int64_t rows, int64_t channels, int64_t begin, int64_t end,
                            const float* factor, const float* shift, bool relu) {
    column_pieces(rows, channels, begin, end, [&](int64_t at, int64_t c, int64_t count) {
      float row[kNormRun];
      read(x + at, count, row);
      norm_passes<float>().scale_columns(row, row, 1, count, 0, count, factor + c, shift + c, relu);
      write(row, count, out + at);
    });
  }
  static void gradient_sums_columns(const T* g, const T* x, const T* y, int64_t rows, int64_t channels,
                                    int64_t begin, int64_t end, const float* mean, double* sums,
                                    double* dots) {
    column_pieces(rows, channels, begin, end, [&](int64_t at, int64_t c, int64_t count) {
      float grad[kNormRun], row[kNormRun], result[kNormRun];
      read(g + at, count, grad);
      read(x + at, count, row);
      if (y != nullptr) read(y + at, count, result);
      const float* const shown = y != nullptr ? result : nullptr;
      norm_passes<float>().gradient_sums_columns(grad, row, shown, 1, count, 0, count, mean + c, sums + c,
                                                 dots + c);
    });
  }
  static void gradient_columns(const T* g, const T* x, const T* y, T* out, int64_t rows, int64_t channels,
                               int64_t begin, int64_t end, const float* mean, const float* a, const float* b,
                               const float* c) {
    column_pieces(rows, channels, begin, end, [&](int64_t at, int64_t first, int64_t count) {
      float grad[kNormRun], row[kNormRun], result[kNormRun];
      read(g + at, count, grad);
      read(x + at, count, row);
      if (y != nullptr) read(y + at, count, result);
      const float* const shown = y != nullptr ? result : nullptr;
      norm_passes<float>().gradient_columns(grad, row, shown, row, 1, count, 0, count, mean + first,
                                            a + first, b + first, c + first);
      write(row, count, out + at);
    });
  }

  static constexpr NormPasses<T> kPasses = {
      sum,         squares,         scale,         gradient_sums,         gradient,
      sum_columns, squares_columns, scale_columns, gradient_sums_columns, gradient_columns};
};

}  // namespace

template <>
const NormPasses<Half>& norm_passes<Half>() {
  return ThroughFloat<Half>::kPasses;
}
template <>
const NormPasses<BFloat16>& norm_passes<BFloat16>() {
  return ThroughFloat<BFloat16>::kPasses;
}

}  // namespace tt::cpu
