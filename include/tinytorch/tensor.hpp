// TinyTorch for C++: the tensor. Its ops are methods, in methods.hpp, and functions, in ops.hpp.
#ifndef TINYTORCH_TENSOR_HPP_
#define TINYTORCH_TENSOR_HPP_

#include <ostream>

#include "tinytorch/methods.hpp"
#include "tinytorch/types.hpp"

namespace tt {

// A tensor; copies share it. A default-constructed one is None. It owns its reference, also where a scope is
// open.
class Tensor : public detail::Methods<Tensor> {
 public:
  // Where a C function puts its result, in the expression that calls it; after it the reference is not a
  // scope's.
  class Result {
   public:
    explicit Result(tt_tensor** slot) noexcept : slot_(slot) {}
    ~Result() { tt_scope_disown(*slot_); }
    Result(const Result&) = delete;
    Result& operator=(const Result&) = delete;
    operator tt_tensor**() const noexcept { return slot_; }

   private:
    tt_tensor** slot_;
  };

  Tensor() = default;
  // Takes a reference over, which is the caller's.
  explicit Tensor(tt_tensor* owned) noexcept : handle_(owned) {}
  // The same for what a C function has just returned, which may be a scope's.
  static Tensor result(tt_tensor* handle) noexcept {
    tt_scope_disown(handle);
    return Tensor(handle);
  }

  bool defined() const noexcept { return static_cast<bool>(handle_); }
  tt_tensor* get() const noexcept { return handle_.get(); }
  Result out() noexcept { return Result(handle_.out()); }

  // ---- what it is ----
  int64_t ndim() const { return value<int64_t>(tt_tensor_ndim); }
  int64_t numel() const { return value<int64_t>(tt_tensor_numel); }
  DType dtype() const { return static_cast<DType>(value<tt_dtype>(tt_tensor_dtype)); }
  Sizes sizes() const {
    const int64_t* sizes = value<const int64_t*>(tt_tensor_sizes);
    return Sizes(sizes, sizes + ndim());
  }
  int64_t size(int64_t dim) const {
    const Sizes all = sizes();
    const auto count = static_cast<int64_t>(all.size());
    if (dim < -count || dim >= count) {
      throw Error(TT_ERR_SHAPE, ("Tensor::size: dim is " + std::to_string(dim) + ", but the tensor has " +
                                 std::to_string(count) + " dimensions")
                                    .c_str());
    }
    return all[static_cast<size_t>(dim < 0 ? dim + count : dim)];
  }
  // The first element's address, for a contiguous tensor on the CPU of T's dtype: Error for others. (Any
  // tensor's: tt_tensor_data.)
  template <typename T>
  T* data() const {
    const tt_dtype own = value<tt_dtype>(tt_tensor_dtype);
    if (own != detail::DTypeOf<T>::value) {
      throw Error(TT_ERR_DTYPE, (std::string("Tensor::data: the tensor is ") + tt_dtype_name(own) +
                                 ", but was asked for as " + tt_dtype_name(detail::DTypeOf<T>::value))
                                    .c_str());
    }
    tt_device_type type = TT_CPU;
    int32_t index = 0;
    check(tt_tensor_device(get(), &type, &index));
    if (type != TT_CPU) throw Error(TT_ERR_DEVICE, "Tensor::data: the tensor is not on the CPU");
    if (value<int32_t>(tt_tensor_is_contiguous) == 0) {
      throw Error(TT_ERR_INVALID_ARGUMENT, "Tensor::data: the tensor is not contiguous; use contiguous()");
    }
    return static_cast<T*>(value<void*>(tt_tensor_data));
  }
  double item() const { return value<double>(tt_tensor_item); }
  std::string str() const {
    size_t length = 0;
    check(tt_tensor_to_string(get(), nullptr, 0, &length));
    std::string text(length + 1, '\0');
    check(tt_tensor_to_string(get(), &text[0], text.size(), nullptr));
    text.resize(length);
    return text;
  }

  // ---- gradients ----
  Tensor& requires_grad_(bool on = true) {
    check(tt_tensor_set_requires_grad(get(), on));
    return *this;
  }
  bool requires_grad() const { return value<int32_t>(tt_tensor_requires_grad) != 0; }
  Tensor grad() const { return call(tt_tensor_grad); }
  void set_grad(const Tensor& grad) { check(tt_tensor_set_grad(get(), grad.get())); }
  void retain_grad() { check(tt_tensor_retain_grad(get())); }
  Tensor detach() const { return call(tt_detach); }
  void backward(const Tensor& grad = Tensor(), bool retain_graph = false, bool create_graph = false) const {
    tt_backward_options options = TT_BACKWARD_OPTIONS_INIT;
    options.retain_graph = retain_graph;
    options.create_graph = create_graph;
    tt_tensor* self = get();
    tt_tensor* seed = grad.get();
    check(tt_backward_multi(&self, &seed, 1, &options));
  }

  // ---- where it is ----
  Device device() const {
    Device out;
    check(tt_tensor_device(get(), &out.type, &out.index));
    return out;
  }
  using Methods::to;
  // The tensor itself where it is there already. non_blocking: see tt_to_device_non_blocking.
  Tensor to(const Device& device, bool non_blocking = false) const {
    return non_blocking ? call(tt_to_device_non_blocking, device.type, device.index)
                        : call(tt_to_device, device.type, device.index);
  }
  // To the other's device and dtype.
  Tensor to(const Tensor& other) const { return to(other.device()).to(other.dtype()); }
  Tensor cpu() const { return to(Device(TT_CPU)); }
  Tensor cuda() const { return to(Device(TT_CUDA)); }

  // ---- values ----
  Tensor operator[](int64_t index) const { return select(0, index); }
  Tensor& copy_(const Tensor& src, bool non_blocking = false) {
    check(non_blocking ? tt_copy_non_blocking_(get(), src.get()) : tt_copy_(get(), src.get()));
    return *this;
  }

#define TT_HPP_COMPOUND(op, name)             \
  Tensor& operator op(const Tensor& other) {  \
    check(tt_##name##_(get(), other.get()));  \
    return *this;                             \
  }                                           \
  Tensor& operator op(double other) {         \
    check(tt_##name##_scalar_(get(), other)); \
    return *this;                             \
  }
  TT_HPP_COMPOUND(+=, add)
  TT_HPP_COMPOUND(-=, sub)
  TT_HPP_COMPOUND(*=, mul)
  TT_HPP_COMPOUND(/=, div)
#undef TT_HPP_COMPOUND

  // A C function of this tensor, further arguments, and one result.
  template <typename F, typename... Args>
  Tensor call(F function, Args... args) const {
    Tensor result;
    check(function(get(), args..., result.out()));
    return result;
  }

 private:
  template <typename T, typename F>
  T value(F function) const {
    T result{};
    check(function(get(), &result));
    return result;
  }

  detail::Handle<tt_tensor, tt_tensor_retain, tt_tensor_release> handle_;
};

inline std::ostream& operator<<(std::ostream& stream, const Tensor& tensor) { return stream << tensor.str(); }

// ---- making tensors ----

// A tensor of the values' type, copied from them.
template <typename T>
Tensor from_data(const T* values, const Sizes& sizes) {
  Tensor out;
  check(tt_from_data(values, sizes.data(), sizes.size(), detail::DTypeOf<T>::value, out.out()));
  return out;
}
// A float32 vector from its values, and a matrix from its rows.
inline Tensor vector(std::initializer_list<float> values) {
  return from_data(values.begin(), {static_cast<int64_t>(values.size())});
}
inline Tensor matrix(std::initializer_list<std::initializer_list<float>> rows) {
  std::vector<float> values;
  const size_t columns = rows.size() == 0 ? 0 : rows.begin()->size();
  for (const auto& row : rows) {
    if (row.size() != columns) throw Error(TT_ERR_SHAPE, "tt::matrix: the rows are not of one length");
    values.insert(values.end(), row.begin(), row.end());
  }
  return from_data(values.data(), {static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns)});
}

// Vectors' grid: each expanded over the others' dimensions.
inline std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors,
                                    MeshgridIndexing indexing = MeshgridIndexing::ij) {
  const auto given = detail::handles(tensors);
  std::vector<tt_tensor*> handles(given.size());
  check(tt_meshgrid(given.data(), given.size(), static_cast<tt_meshgrid_indexing>(indexing), handles.data()));
  std::vector<Tensor> out;
  for (tt_tensor* handle : handles) out.push_back(Tensor::result(handle));
  return out;
}

// ---- random numbers ----

// Of the default generators: sets their seed; sets it from the system's entropy and returns it; returns it.
inline void manual_seed(uint64_t seed) { check(tt_manual_seed(seed)); }
inline uint64_t seed() {
  uint64_t out = 0;
  check(tt_seed(&out));
  return out;
}
inline uint64_t initial_seed() {
  uint64_t out = 0;
  check(tt_initial_seed(&out));
  return out;
}

// ---- arithmetic ----

#define TT_HPP_BINARY(op, name)                                                                      \
  inline Tensor operator op(const Tensor& a, const Tensor& b) { return a.call(tt_##name, b.get()); } \
  inline Tensor operator op(const Tensor& a, double b) { return a.call(tt_##name##_scalar, b); }
TT_HPP_BINARY(+, add)
TT_HPP_BINARY(-, sub)
TT_HPP_BINARY(*, mul)
TT_HPP_BINARY(/, div)
TT_HPP_BINARY(==, eq)
TT_HPP_BINARY(!=, ne)
TT_HPP_BINARY(<, lt)
TT_HPP_BINARY(<=, le)
TT_HPP_BINARY(>, gt)
TT_HPP_BINARY(>=, ge)
#undef TT_HPP_BINARY
inline Tensor operator+(double a, const Tensor& b) { return b + a; }
inline Tensor operator*(double a, const Tensor& b) { return b * a; }
inline Tensor operator-(double a, const Tensor& b) { return b.call(tt_rsub_scalar, a); }
inline Tensor operator/(double a, const Tensor& b) { return b.call(tt_rdiv_scalar, a); }
inline Tensor operator-(const Tensor& x) { return x.call(tt_neg); }

// ---- options ----

// A loss's options, its defaults but for what is set; a Reduction is one that sets only that.
struct LossOptions : tt_loss_options {
  LossOptions(Reduction reduction_ = Reduction::mean) : tt_loss_options(TT_LOSS_OPTIONS_INIT) {
    reduction = static_cast<tt_reduction>(reduction_);
  }
};

}  // namespace tt

#endif  // TINYTORCH_TENSOR_HPP_
