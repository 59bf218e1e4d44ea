// TinyTorch for C++17: the C API with handles that release themselves, errors as exceptions and operators.
// Header-only, so one library serves every compiler.
//
//   tt::Tensor x = tt::randn({64, 10}), w = tt::randn({10, 1}).requires_grad_();
//   auto loss = tt::mse_loss(tt::sigmoid(x.mm(w)), tt::rand({64, 1}));
//   loss.backward();
//   std::cout << w.grad() << "\n";
//
// What a function does, and what it refuses, is said at the C function of the same name.
#ifndef TINYTORCH_TINYTORCH_HPP_
#define TINYTORCH_TINYTORCH_HPP_

#include <exception>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "tinytorch/tinytorch.h"

namespace tt {

// A failed call: what() is the library's message.
class Error : public std::runtime_error {
 public:
  Error(tt_status status, const char* message) : std::runtime_error(message), status_(status) {}
  tt_status status() const noexcept { return status_; }

 private:
  tt_status status_;
};

inline void check(tt_status status) {
  if (status != TT_OK) throw Error(status, tt_last_error());
}

using Sizes = std::vector<int64_t>;

enum class DType : tt_dtype {
  default_dtype = TT_DTYPE_NONE,  // as an argument: tt_set_default_dtype's
  boolean = TT_BOOL,
  uint8 = TT_UINT8,
  int8 = TT_INT8,
  int16 = TT_INT16,
  int32 = TT_INT32,
  int64 = TT_INT64,
  float16 = TT_FLOAT16,
  bfloat16 = TT_BFLOAT16,
  float32 = TT_FLOAT32,
  float64 = TT_FLOAT64
};

namespace detail {

// Owns one reference to an object of the library.
template <typename T, T* (*Retain)(T*), void (*Release)(T*)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T* owned) noexcept : handle_(owned) {}
  Handle(const Handle& other) noexcept : handle_(Retain(other.handle_)) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Handle() { Release(handle_); }

  T* get() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != nullptr; }
  // Where a C function puts its result; what was held is released first.
  T** out() noexcept {
    Release(std::exchange(handle_, nullptr));
    return &handle_;
  }
  // The reference is somebody else's.
  void disown() noexcept { handle_ = nullptr; }

 private:
  T* handle_ = nullptr;
};

template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<bool> : std::integral_constant<tt_dtype, TT_BOOL> {};
template <>
struct DTypeOf<uint8_t> : std::integral_constant<tt_dtype, TT_UINT8> {};
template <>
struct DTypeOf<int8_t> : std::integral_constant<tt_dtype, TT_INT8> {};
template <>
struct DTypeOf<int16_t> : std::integral_constant<tt_dtype, TT_INT16> {};
template <>
struct DTypeOf<int32_t> : std::integral_constant<tt_dtype, TT_INT32> {};
template <>
struct DTypeOf<int64_t> : std::integral_constant<tt_dtype, TT_INT64> {};
template <>
struct DTypeOf<float> : std::integral_constant<tt_dtype, TT_FLOAT32> {};
template <>
struct DTypeOf<double> : std::integral_constant<tt_dtype, TT_FLOAT64> {};

}  // namespace detail

// A tensor; copies share it. A default-constructed one is None. It owns its reference, also where a scope is
// open.
class Tensor {
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

  // ---- shape ----
  Tensor view(const Sizes& sizes) const { return call(tt_view, sizes.data(), sizes.size()); }
  Tensor reshape(const Sizes& sizes) const { return call(tt_reshape, sizes.data(), sizes.size()); }
  Tensor flatten(int64_t start = 0, int64_t end = -1) const { return call(tt_flatten, start, end); }
  Tensor t() const { return call(tt_t); }
  Tensor transpose(int64_t a, int64_t b) const { return call(tt_transpose, a, b); }
  Tensor permute(const Sizes& dims) const { return call(tt_permute, dims.data(), dims.size()); }
  Tensor unsqueeze(int64_t dim) const { return call(tt_unsqueeze, dim); }
  Tensor squeeze(const Sizes& dims = {}) const { return call(tt_squeeze, dims.data(), dims.size()); }
  Tensor expand(const Sizes& sizes) const { return call(tt_expand, sizes.data(), sizes.size()); }
  Tensor narrow(int64_t dim, int64_t start, int64_t length) const {
    return call(tt_narrow, dim, start, length);
  }
  Tensor select(int64_t dim, int64_t index) const { return call(tt_select, dim, index); }
  Tensor operator[](int64_t index) const { return select(0, index); }
  Tensor contiguous() const { return call(tt_contiguous); }
  Tensor clone() const { return call(tt_clone); }
  Tensor to(DType dtype) const { return call(tt_to, static_cast<tt_dtype>(dtype)); }

  // ---- values ----
  Tensor mm(const Tensor& other) const { return call(tt_mm, other.get()); }
  Tensor matmul(const Tensor& other) const { return call(tt_matmul, other.get()); }
  Tensor sum(const Sizes& dims = {}, bool keepdim = false) const {
    return call(tt_sum, dims.data(), dims.size(), int32_t{keepdim}, tt_dtype{TT_DTYPE_NONE});
  }
  Tensor mean(const Sizes& dims = {}, bool keepdim = false) const {
    return call(tt_mean, dims.data(), dims.size(), int32_t{keepdim}, tt_dtype{TT_DTYPE_NONE});
  }
  Tensor argmax() const { return call(tt_argmax, nullptr, 0); }
  Tensor argmax(int64_t dim, bool keepdim = false) const { return call(tt_argmax, &dim, int32_t{keepdim}); }
  std::pair<Tensor, Tensor> max(int64_t dim, bool keepdim = false) const {
    Tensor values, indices;
    check(tt_max_dim(get(), dim, keepdim, values.out(), indices.out()));
    return {values, indices};
  }
  Tensor pow(double exponent) const { return call(tt_pow_scalar, exponent); }

  Tensor& copy_(const Tensor& source) {
    check(tt_copy_(get(), source.get()));
    return *this;
  }
  Tensor& fill_(double number) {
    check(tt_fill_(get(), number));
    return *this;
  }
  Tensor& zero_() {
    check(tt_zero_(get()));
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

#define TT_HPP_MAKE(name)                                                                  \
  inline Tensor name(const Sizes& sizes, DType dtype = DType::default_dtype) {             \
    Tensor out;                                                                            \
    check(tt_##name(sizes.data(), sizes.size(), static_cast<tt_dtype>(dtype), out.out())); \
    return out;                                                                            \
  }
TT_HPP_MAKE(zeros)
TT_HPP_MAKE(ones)
#undef TT_HPP_MAKE

inline Tensor full(const Sizes& sizes, double value, DType dtype = DType::default_dtype) {
  Tensor out;
  check(tt_full(sizes.data(), sizes.size(), value, static_cast<tt_dtype>(dtype), out.out()));
  return out;
}
inline Tensor arange(double start, double end, double step = 1, DType dtype = DType::default_dtype) {
  Tensor out;
  check(tt_arange(start, end, step, static_cast<tt_dtype>(dtype), out.out()));
  return out;
}
inline void manual_seed(uint64_t seed) { check(tt_manual_seed(seed)); }
inline Tensor rand(const Sizes& sizes, DType dtype = DType::default_dtype) {
  Tensor out;
  check(tt_rand(sizes.data(), sizes.size(), nullptr, static_cast<tt_dtype>(dtype), out.out()));
  return out;
}
inline Tensor randn(const Sizes& sizes, DType dtype = DType::default_dtype) {
  Tensor out;
  check(tt_randn(sizes.data(), sizes.size(), nullptr, static_cast<tt_dtype>(dtype), out.out()));
  return out;
}
inline Tensor randint(int64_t low, int64_t high, const Sizes& sizes) {
  Tensor out;
  check(tt_randint(low, high, sizes.data(), sizes.size(), nullptr, TT_INT64, out.out()));
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

#define TT_HPP_UNARY(name) \
  inline Tensor name(const Tensor& x) { return x.call(tt_##name); }
TT_HPP_UNARY(abs)
TT_HPP_UNARY(exp)
TT_HPP_UNARY(log)
TT_HPP_UNARY(sqrt)
TT_HPP_UNARY(square)
TT_HPP_UNARY(sin)
TT_HPP_UNARY(cos)
TT_HPP_UNARY(tanh)
TT_HPP_UNARY(sigmoid)
TT_HPP_UNARY(relu)
TT_HPP_UNARY(silu)
#undef TT_HPP_UNARY
inline Tensor gelu(const Tensor& x, bool tanh_form = false) {
  return x.call(tt_gelu, tt_gelu_approximate{tanh_form ? TT_GELU_TANH : TT_GELU_NONE});
}
inline Tensor mm(const Tensor& a, const Tensor& b) { return a.mm(b); }
inline Tensor matmul(const Tensor& a, const Tensor& b) { return a.matmul(b); }
inline Tensor softmax(const Tensor& x, int64_t dim) {
  return x.call(tt_softmax, dim, tt_dtype{TT_DTYPE_NONE});
}
inline Tensor log_softmax(const Tensor& x, int64_t dim) {
  return x.call(tt_log_softmax, dim, tt_dtype{TT_DTYPE_NONE});
}
inline bool equal(const Tensor& a, const Tensor& b) {
  int32_t same = 0;
  check(tt_equal(a.get(), b.get(), &same));
  return same != 0;
}

// ---- losses ----

enum class Reduction : tt_reduction {
  none = TT_REDUCTION_NONE,
  mean = TT_REDUCTION_MEAN,
  sum = TT_REDUCTION_SUM
};

// A loss's options, its defaults but for what is set; a Reduction is one that sets only that.
struct LossOptions : tt_loss_options {
  LossOptions(Reduction reduction_ = Reduction::mean) : tt_loss_options(TT_LOSS_OPTIONS_INIT) {
    reduction = static_cast<tt_reduction>(reduction_);
  }
};

inline Tensor mse_loss(const Tensor& input, const Tensor& target, const LossOptions& options = {}) {
  return input.call(tt_mse_loss, target.get(), &options);
}
inline Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
                                   const LossOptions& options = {}) {
  return input.call(tt_binary_cross_entropy, target.get(), nullptr, &options);
}
inline Tensor cross_entropy(const Tensor& input, const Tensor& target, const LossOptions& options = {}) {
  return input.call(tt_cross_entropy, target.get(), nullptr, &options);
}

// ---- grad mode ----

// No recording while it lives: `tt::NoGrad guard;`
class NoGrad {
 public:
  NoGrad() { check(tt_set_grad_enabled(0, &before_)); }
  ~NoGrad() { (void)tt_set_grad_enabled(before_, nullptr); }
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  int32_t before_ = 1;
};

// While one lives, its thread's ops on tensors of the device type run in mixed precision (amp.h):
//
//   { tt::Autocast amp; loss = cross_entropy(model(x), y); }
class Autocast {
 public:
  explicit Autocast(tt_device_type device = TT_CPU) : Autocast(device, tt_dtype{TT_DTYPE_NONE}) {}
  Autocast(tt_device_type device, DType dtype) : Autocast(device, static_cast<tt_dtype>(dtype)) {}
  ~Autocast() { (void)tt_set_autocast(device_, &before_, nullptr); }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  Autocast(tt_device_type device, tt_dtype dtype) : device_(device) {
    tt_autocast mode = TT_AUTOCAST_INIT;
    mode.dtype = dtype;
    check(tt_set_autocast(device, &mode, &before_));
  }
  tt_device_type device_;
  tt_autocast before_ = TT_AUTOCAST_INIT;
};

// ---- modules ----

class Module;
namespace nn {
class Custom;
}

namespace detail {

// Hands a callback's result over to the library: its scope around the callback keeps the tensor after our own
// handle has gone.
inline tt_status hand_over(Tensor result, tt_tensor** out) {
  if (!result.defined()) return TT_OK;  // *out is NULL
  tt_tensor* handle = tt_tensor_retain(result.get());
  result = Tensor();
  const tt_status given = tt_scope_give(handle);
  if (given == TT_OK) {
    *out = handle;
  } else {
    tt_tensor_release(handle);
  }
  return given;
}

// What modules of the library's and modules written in C++ can do.
class ModuleBase {
 public:
  tt_module* get() const noexcept { return handle_.get(); }

  Tensor operator()(const Tensor& input) const {
    Tensor result;
    check(tt_module_forward(get(), input.get(), result.out()));
    return result;
  }
  // Of any number of tensors, for at most `capacity` results.
  std::vector<Tensor> call(const std::vector<Tensor>& inputs, size_t capacity = TT_CALLBACK_CAPACITY) const {
    std::vector<tt_tensor*> given;
    for (const Tensor& input : inputs) given.push_back(input.get());
    std::vector<tt_tensor*> handles(capacity);
    size_t count = 0;
    check(tt_module_forward_multi(get(), given.data(), given.size(), handles.data(), capacity, &count));
    std::vector<Tensor> results(count);
    for (size_t i = 0; i < count; ++i) results[i] = Tensor::result(handles[i]);
    return results;
  }
  std::vector<Tensor> parameters() const {
    size_t count = 0;
    check(tt_module_parameters(get(), nullptr, 0, &count));
    std::vector<tt_tensor*> handles(count);
    check(tt_module_parameters(get(), handles.data(), count, &count));
    std::vector<Tensor> out;
    for (tt_tensor* handle : handles) out.push_back(Tensor::result(handle));
    return out;
  }
  void train(bool mode = true) { check(tt_module_train(get(), mode)); }
  void eval() { check(tt_module_eval(get())); }
  void zero_grad() { check(tt_module_zero_grad(get(), 1)); }
  void register_module(const char* name, const Module& child);
  void register_parameter(const char* name, const Tensor& parameter) {
    check(tt_module_register_parameter(get(), name, parameter.get()));
  }
  std::string str() const {
    size_t length = 0;
    check(tt_module_repr(get(), nullptr, 0, &length));
    std::string text(length + 1, '\0');
    check(tt_module_repr(get(), &text[0], text.size(), nullptr));
    text.resize(length);
    return text;
  }

 protected:
  using ModuleHandle = Handle<tt_module, tt_module_retain, tt_module_release>;

  ModuleBase() = default;
  explicit ModuleBase(ModuleHandle handle) noexcept : handle_(std::move(handle)) {}

  ModuleHandle handle_;
};

inline std::ostream& operator<<(std::ostream& stream, const ModuleBase& module) {
  return stream << module.str();
}

template <typename T>
inline constexpr bool is_custom = std::is_base_of_v<nn::Custom, std::remove_cv_t<std::remove_reference_t<T>>>;

}  // namespace detail

// A module of the library's; copies share it. To write one's own, derive from tt::nn::Custom; wherever a
// Module is wanted, an object of that class does (see there).
class Module : public detail::ModuleBase {
 public:
  Module() = default;
  explicit Module(tt_module* owned) noexcept : ModuleBase(ModuleHandle(owned)) {}
  // The module of a C++ object: of one that is moved here or made with make_unique, the library owns the
  // object from now on; of any other the caller keeps it alive.
  template <typename T, std::enable_if_t<detail::is_custom<T>, int> = 0>
  Module(T&& object) : Module(of(std::forward<T>(object))) {}
  template <typename T, std::enable_if_t<detail::is_custom<T>, int> = 0>
  Module(std::unique_ptr<T> object) : Module(owning(std::move(object))) {}

  tt_module** out() noexcept { return handle_.out(); }

 private:
  template <typename T>
  static Module of(T&& object);
  static Module owning(std::unique_ptr<nn::Custom> object) noexcept;
};

inline void detail::ModuleBase::register_module(const char* name, const Module& child) {
  check(tt_module_register_module(get(), name, child.get()));
}

namespace nn {

// A module whose forward is a C++ method:
//
//   struct Net : tt::nn::Custom {
//     tt::Module fc = tt::nn::Linear(4, 1);
//     Net() : Custom("Net") { register_module("fc", fc); }
//     tt::Tensor forward(const tt::Tensor& x) override { return tt::sigmoid(fc(x)); }
//   };
//
//   Net net;                                                       // of the caller: kept alive while it is
//   used auto a = tt::nn::Sequential(net, tt::nn::ReLU()); auto b = tt::nn::Sequential(Net(),
//   tt::nn::ReLU());            // moved: the library owns the object auto c =
//   tt::nn::Sequential(std::make_unique<Net>(), tt::nn::ReLU());
//
// It can be moved, and its module then calls the object that it was moved to; not copied: a Module shares it.
// Once the object is gone, calling its module is an error. An object that the library owns goes with the last
// reference to its module; in its destructor get() is NULL.
class Custom : public detail::ModuleBase {
 public:
  Custom(Custom&& other) noexcept { take(other); }
  Custom& operator=(Custom&& other) noexcept {
    if (this != &other) {
      leave();
      take(other);
    }
    return *this;
  }
  Custom(const Custom&) = delete;
  Custom& operator=(const Custom&) = delete;
  virtual ~Custom() { leave(); }
  // One of the two is overridden: the first by modules of one input and one result, the second by others.
  virtual Tensor forward(const Tensor& input) {
    (void)input;
    throw Error(TT_ERR_NOT_IMPLEMENTED, "it overrides neither forward nor forward_multi");
  }
  virtual std::vector<Tensor> forward_multi(const std::vector<Tensor>& inputs) {
    if (inputs.size() != 1) {
      throw Error(TT_ERR_INVALID_ARGUMENT,
                  ("it takes one input, but got " + std::to_string(inputs.size())).c_str());
    }
    return {forward(inputs[0])};
  }

 protected:
  explicit Custom(const char* type_name) {
    auto link = std::make_unique<Link>();
    tt_module_callbacks callbacks = TT_MODULE_CALLBACKS_INIT;
    callbacks.type_name = type_name;
    callbacks.forward = &Custom::run;
    callbacks.user = link.get();
    callbacks.destroy = &Custom::destroy;
    check(tt_nn_module_new(&callbacks, handle_.out()));
    link->object = this;
    link_ = link.release();
  }

 private:
  friend class tt::Module;

  // Between the library's module, which owns it, and the object that answers for it.
  struct Link {
    Custom* object = nullptr;       // none: gone
    std::unique_ptr<Custom> owned;  // the object that the library was given, while it lives
  };

  static tt_status run(tt_module*, tt_tensor* const* inputs, size_t count, tt_tensor** outputs,
                       size_t capacity, size_t* output_count, void* user) {
    try {
      Custom* object = static_cast<Link*>(user)->object;
      if (object == nullptr) {
        return tt_fail("its C++ object is gone: keep it while its module is used, or std::move it there");
      }
      std::vector<Tensor> given;
      for (size_t i = 0; i < count; ++i) given.emplace_back(tt_tensor_retain(inputs[i]));
      std::vector<Tensor> results = object->forward_multi(given);
      given.clear();  // an input may be a result, and our reference to it must go before the scope gets one
      if (results.size() > capacity) {
        return tt_fail(("it returned " + std::to_string(results.size()) + " tensors, more than " +
                        std::to_string(capacity))
                           .c_str());
      }
      for (size_t i = 0; i < results.size(); ++i) {
        if (!results[i].defined()) return tt_fail("it returned no tensor");
        const tt_status status = detail::hand_over(std::move(results[i]), &outputs[i]);
        if (status != TT_OK) return status;
      }
      *output_count = results.size();
      return TT_OK;
    } catch (const std::exception& error) {
      return tt_fail(error.what());
    } catch (...) {
      return tt_fail("unknown exception");
    }
  }

  // With the last reference to the module.
  static void destroy(void* user) {
    const std::unique_ptr<Link> link(static_cast<Link*>(user));
    if (link->object != nullptr) link->object->forget();
  }

  // The object answers for the other's module from now on.
  void take(Custom& other) noexcept {
    link_ = std::exchange(other.link_, nullptr);
    if (link_ == nullptr) return;
    if (other.borrows_) tt_module_retain(other.get());
    other.borrows_ = false;
    handle_ = std::exchange(other.handle_, ModuleHandle());
    link_->object = this;
  }
  // Nobody answers for its module any more.
  void leave() noexcept {
    if (link_ != nullptr) link_->object = nullptr;
    if (borrows_) {
      forget();
    } else {
      link_ = nullptr;
      handle_ = ModuleHandle();
    }
  }
  // Its module is the owner's, or gone: without giving a reference back.
  void forget() noexcept {
    link_ = nullptr;
    borrows_ = false;
    handle_.disown();
  }

  Link* link_ = nullptr;
  bool borrows_ = false;  // the module owns this object, so this object has no reference to it
};

inline Module Linear(int64_t in_features, int64_t out_features, bool bias = true) {
  Module out;
  check(tt_nn_linear_new(in_features, out_features, bias, out.out()));
  return out;
}
inline Module Conv2d(int64_t in_channels, int64_t out_channels, int64_t kernel_size,
                     const tt_conv_options& options = TT_CONV_OPTIONS_INIT) {
  Module out;
  const int64_t kernel[] = {kernel_size, kernel_size};
  check(tt_nn_conv2d_new(in_channels, out_channels, kernel, &options, out.out()));
  return out;
}
inline Module MaxPool2d(int64_t kernel_size, const tt_pool_options& options = TT_POOL_OPTIONS_INIT) {
  Module out;
  const int64_t kernel[] = {kernel_size, kernel_size};
  check(tt_nn_max_pool2d_new(kernel, &options, out.out()));
  return out;
}
inline Module BatchNorm2d(int64_t features, const tt_norm_options& options = TT_NORM_OPTIONS_INIT) {
  Module out;
  check(tt_nn_batch_norm2d_new(features, &options, out.out()));
  return out;
}
inline Module Dropout(double p = 0.5) {
  Module out;
  check(tt_nn_dropout_new(p, out.out()));
  return out;
}
inline Module Sigmoid() {
  Module out;
  check(tt_nn_sigmoid_new(out.out()));
  return out;
}
inline Module ReLU() {
  Module out;
  check(tt_nn_relu_new(out.out()));
  return out;
}
inline Module Flatten(int64_t start = 1, int64_t end = -1) {
  Module out;
  check(tt_nn_flatten_new(start, end, out.out()));
  return out;
}
inline Module Sequential(const std::vector<Module>& children) {
  std::vector<tt_module*> handles;
  for (const Module& child : children) handles.push_back(child.get());
  Module out;
  check(tt_nn_sequential_new(handles.data(), handles.size(), out.out()));
  return out;
}
template <typename... Children,
          std::enable_if_t<std::conjunction_v<std::is_convertible<Children&&, Module>...>, int> = 0>
Module Sequential(Children&&... children) {
  return Sequential(std::vector<Module>{Module(std::forward<Children>(children))...});
}

}  // namespace nn

template <typename T>
Module Module::of(T&& object) {
  using Object = std::remove_reference_t<T>;
  if constexpr (std::is_lvalue_reference_v<T>) {
    return Module(tt_module_retain(object.get()));
  } else {
    static_assert(std::is_move_constructible_v<Object>,
                  "a module that cannot be moved is given to the library as std::make_unique<T>(...)");
#ifdef __cpp_rtti
    if (typeid(object) != typeid(Object)) {
      throw Error(TT_ERR_INVALID_ARGUMENT,
                  "Module: the object is of a class derived from the one it is moved as");
    }
#endif
    return owning(std::make_unique<Object>(std::move(object)));
  }
}

inline Module Module::owning(std::unique_ptr<nn::Custom> object) noexcept {
  if (object == nullptr) return Module();
  Module out(tt_module_retain(object->get()));
  nn::Custom::Link* link = object->link_;
  if (link == nullptr) return out;  // moved from
  // Its own reference would keep the two alive for ever.
  tt_module_release(object->get());
  object->borrows_ = true;
  link->owned = std::move(object);
  return out;
}

// ---- optimizers ----

class Optimizer {
 public:
  void step() { check(tt_optimizer_step(handle_.get())); }
  // PyTorch's step(closure): calls the closure, which computes the gradients and returns the loss, and steps.
  // What it throws is thrown on, and no parameter has changed.
  template <typename F>
  Tensor step(F&& closure) {
    struct Call {
      std::remove_reference_t<F>* closure;
      std::exception_ptr thrown;
    } call{&closure, nullptr};
    const auto run = [](tt_tensor** loss, void* user) -> tt_status {
      Call& self = *static_cast<Call*>(user);
      try {
        return detail::hand_over((*self.closure)(), loss);
      } catch (...) {
        self.thrown = std::current_exception();
        return tt_fail("it threw an exception");
      }
    };
    Tensor loss;
    const tt_status status = tt_optimizer_step_closure(get(), run, &call, loss.out());
    if (call.thrown) std::rethrow_exception(call.thrown);
    check(status);
    return loss;
  }
  void zero_grad() { check(tt_optimizer_zero_grad(handle_.get(), 1)); }
  double option(const char* name, int64_t group = 0) const {
    double value = 0;
    check(tt_optimizer_get_option(get(), group, name, &value));
    return value;
  }
  void set_option(const char* name, double value, int64_t group = 0) {
    check(tt_optimizer_set_option(get(), group, name, value));
  }
  void set_lr(double lr) { check(tt_optimizer_set_lr(handle_.get(), -1, lr)); }
  tt_optimizer* get() const noexcept { return handle_.get(); }

 protected:
  static std::vector<tt_tensor*> handles_of(const std::vector<Tensor>& parameters) {
    std::vector<tt_tensor*> handles;
    for (const Tensor& parameter : parameters) handles.push_back(parameter.get());
    return handles;
  }
  detail::Handle<tt_optimizer, tt_optimizer_retain, tt_optimizer_release> handle_;
};

namespace optim {

class SGD : public Optimizer {
 public:
  SGD(const std::vector<Tensor>& parameters, const tt_sgd_options& options) {
    const auto handles = handles_of(parameters);
    check(tt_optim_sgd_new(handles.data(), handles.size(), &options, handle_.out()));
  }
  SGD(const std::vector<Tensor>& parameters, double lr, double momentum = 0)
      : SGD(parameters, with(lr, momentum)) {}

 private:
  static tt_sgd_options with(double lr, double momentum) {
    tt_sgd_options options = TT_SGD_OPTIONS_INIT;
    options.lr = lr;
    options.momentum = momentum;
    return options;
  }
};

class Adam : public Optimizer {
 public:
  Adam(const std::vector<Tensor>& parameters, const tt_adam_options& options) {
    const auto handles = handles_of(parameters);
    check(tt_optim_adam_new(handles.data(), handles.size(), &options, handle_.out()));
  }
  Adam(const std::vector<Tensor>& parameters, double lr) : Adam(parameters, with(lr)) {}

 private:
  static tt_adam_options with(double lr) {
    tt_adam_options options = TT_ADAM_OPTIONS_INIT;
    options.lr = lr;
    return options;
  }
};

class Adamax : public Optimizer {
 public:
  Adamax(const std::vector<Tensor>& parameters, const tt_adamax_options& options) {
    const auto handles = handles_of(parameters);
    check(tt_optim_adamax_new(handles.data(), handles.size(), &options, handle_.out()));
  }
  Adamax(const std::vector<Tensor>& parameters, double lr) : Adamax(parameters, with(lr)) {}

 private:
  static tt_adamax_options with(double lr) {
    tt_adamax_options options = TT_ADAMAX_OPTIONS_INIT;
    options.lr = lr;
    return options;
  }
};

}  // namespace optim

// Scales the loss, so that small gradients survive in half types (amp.h).
class GradScaler {
 public:
  GradScaler() { check(tt_grad_scaler_new(nullptr, handle_.out())); }
  explicit GradScaler(const tt_grad_scaler_options& options) {
    check(tt_grad_scaler_new(&options, handle_.out()));
  }
  Tensor scale(const Tensor& loss) const {
    Tensor out;
    check(tt_grad_scaler_scale(handle_.get(), loss.get(), out.out()));
    return out;
  }
  void unscale(Optimizer& optimizer) { check(tt_grad_scaler_unscale(handle_.get(), optimizer.get())); }
  // Whether the optimizer stepped: it does not where a gradient is infinite or NaN.
  bool step(Optimizer& optimizer) {
    int32_t stepped = 0;
    check(tt_grad_scaler_step(handle_.get(), optimizer.get(), &stepped));
    return stepped != 0;
  }
  void update() { check(tt_grad_scaler_update(handle_.get())); }
  double get_scale() const {
    double scale = 0;
    check(tt_grad_scaler_get_scale(handle_.get(), &scale));
    return scale;
  }

 private:
  detail::Handle<tt_grad_scaler, tt_grad_scaler_retain, tt_grad_scaler_release> handle_;
};

// ---- captured steps ----

// A training step of the CPU or a CUDA device, captured once and replayed (graph.h).
class Graph {
 public:
  explicit Graph(tt_device_type type = TT_CPU, int32_t index = 0) {
    check(tt_graph_new(type, index, handle_.out()));
  }
  // What `step` does is captured instead of done. A failure in it ends the capture and leaves the graph
  // empty.
  template <typename F>
  void capture(F&& step) {
    check(tt_graph_capture_begin(handle_.get()));
    try {
      step();
    } catch (...) {
      tt_graph_reset(handle_.get());
      throw;
    }
    check(tt_graph_capture_end(handle_.get()));
  }
  void replay() { check(tt_graph_replay(handle_.get())); }
  void reset() { check(tt_graph_reset(handle_.get())); }
  tt_graph* get() const noexcept { return handle_.get(); }

 private:
  detail::Handle<tt_graph, tt_graph_retain, tt_graph_release> handle_;
};

// ---- data ----

// for (const auto& batch : loader) walks one epoch. A loop within a loop walks one of its own.
class DataLoader {
  using Handle = detail::Handle<tt_loader, tt_loader_retain, tt_loader_release>;

 public:
  DataLoader(const std::vector<Tensor>& tensors, int64_t batch_size, bool shuffle = false,
             bool drop_last = false)
      : shared_(std::make_shared<Shared>()) {
    std::vector<tt_tensor*> handles;
    for (const Tensor& tensor : tensors) handles.push_back(tensor.get());
    check(tt_tensor_dataset_new(handles.data(), handles.size(), shared_->dataset.out()));
    shared_->width = tensors.size();
    shared_->options.batch_size = batch_size;
    shared_->options.shuffle = shuffle;
    shared_->options.drop_last = drop_last;
    shared_->loader = shared_->make();
  }
  int64_t size() const {
    int64_t length = 0;
    check(tt_loader_length(shared_->loader.get(), &length));
    return length;
  }

  class Iterator {
   public:
    Iterator() = default;
    Iterator(std::shared_ptr<Handle> epoch, size_t width) : epoch_(std::move(epoch)), handles_(width) {
      advance();
    }
    const std::vector<Tensor>& operator*() const { return batch_; }
    Iterator& operator++() {
      advance();
      return *this;
    }
    bool operator!=(const Iterator& other) const { return epoch_ != other.epoch_; }

   private:
    void advance() {
      int32_t more = 0;
      check(tt_loader_next(epoch_->get(), handles_.data(), handles_.size(), &more));
      batch_.clear();
      if (!more) {
        epoch_ = nullptr;
        return;
      }
      for (tt_tensor* handle : handles_) batch_.push_back(Tensor::result(handle));
    }
    std::shared_ptr<Handle> epoch_;  // none at the end
    std::vector<tt_tensor*> handles_;
    std::vector<Tensor> batch_;
  };
  Iterator begin() const {
    const bool nested = !shared_->open.expired();
    auto epoch = std::make_shared<Handle>(nested ? shared_->make() : shared_->loader);
    if (!nested) shared_->open = epoch;
    check(tt_loader_begin(epoch->get()));
    return Iterator(std::move(epoch), shared_->width);
  }
  Iterator end() const { return Iterator(); }

 private:
  // By the copies of a loader.
  struct Shared {
    detail::Handle<tt_dataset, tt_dataset_retain, tt_dataset_release> dataset;
    size_t width = 0;
    tt_loader_options options = TT_LOADER_OPTIONS_INIT;
    Handle loader;
    std::weak_ptr<Handle> open;  // the epoch that `loader` is in

    Handle make() const {
      Handle out;
      check(tt_loader_new(dataset.get(), &options, out.out()));
      return out;
    }
  };
  std::shared_ptr<Shared> shared_;
};

}  // namespace tt

#endif  // TINYTORCH_TINYTORCH_HPP_
