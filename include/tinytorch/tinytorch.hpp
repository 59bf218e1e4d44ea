// TinyTorch for C++17: the C API with handles that release themselves, errors as exceptions and operators.
// Header-only, so one library serves every compiler.
//
//   tt::Tensor x = tt::randn({64, 10}), w = tt::randn({10, 1}).requires_grad_();
//   auto loss = tt::mse_loss(tt::sigmoid(x.mm(w)), tt::rand({64, 1}));
//   loss.backward();
//   std::cout << w.grad() << "\n";
//
// What a function does, and what it refuses, is said at the C function of the same name. Ops have PyTorch's
// names, arguments and defaults, as functions (ops.hpp) and methods (methods.hpp).
#ifndef TINYTORCH_TINYTORCH_HPP_
#define TINYTORCH_TINYTORCH_HPP_

#include <exception>
#include <memory>
#include <ostream>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "tinytorch/ops.hpp"
#include "tinytorch/tensor.hpp"
#include "tinytorch/types.hpp"

namespace tt {

// gelu, approximated by tanh or not.
inline Tensor gelu(const Tensor& input, bool tanh_form) {
  return gelu(input, tanh_form ? GeluApproximate::tanh : GeluApproximate::none);
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

// Tensors by name, in order; copies share it.
class StateDict {
 public:
  StateDict() { check(tt_state_dict_new(handle_.out())); }
  size_t size() const {
    size_t count = 0;
    check(tt_state_dict_count(get(), &count));
    return count;
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> out(size());
    for (size_t i = 0; i < out.size(); ++i) {
      const char* name = nullptr;
      check(tt_state_dict_name(get(), i, &name));
      out[i] = name;
    }
    return out;
  }
  bool contains(const std::string& name) const {
    int32_t has = 0;
    check(tt_state_dict_has(get(), name.c_str(), &has));
    return has != 0;
  }
  Tensor at(const std::string& name) const {
    Tensor out;
    check(tt_state_dict_get(get(), name.c_str(), out.out()));
    return out;
  }
  void set(const std::string& name, const Tensor& tensor) {
    check(tt_state_dict_set(get(), name.c_str(), tensor.get()));
  }
  tt_state_dict* get() const noexcept { return handle_.get(); }
  // Where a C function puts its result.
  tt_state_dict** out() noexcept { return handle_.out(); }

 private:
  detail::Handle<tt_state_dict, tt_state_dict_retain, tt_state_dict_release> handle_;
};

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
  // Of two tensors, for one result: a loss of output and target.
  Tensor operator()(const Tensor& input, const Tensor& target) const {
    return call({input, target}, 1).at(0);
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
  // Parameters and buffers move to the device, or are converted where they are floating.
  void to(const Device& device) { check(tt_module_to_device(get(), device.type, device.index)); }
  void to(DType dtype) { check(tt_module_to_dtype(get(), static_cast<tt_dtype>(dtype))); }
  StateDict state_dict() const;
  // strict: what is missing or too much is an error.
  void load_state_dict(const StateDict& state_dict, bool strict = true);
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

inline StateDict detail::ModuleBase::state_dict() const {
  StateDict out;
  check(tt_module_state_dict(get(), out.out()));
  return out;
}
inline void detail::ModuleBase::load_state_dict(const StateDict& state_dict, bool strict) {
  check(tt_module_load_state_dict(get(), state_dict.get(), strict, nullptr, nullptr));
}
inline void detail::ModuleBase::register_module(const char* name, const Module& child) {
  check(tt_module_register_module(get(), name, child.get()));
}

namespace detail {

// The module that a C function makes.
template <typename F>
Module made(F function) {
  Module out;
  check(function(out.out()));
  return out;
}

}  // namespace detail

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
// Layers without options.
inline Module Tanh() {
  return detail::made([](tt_module** out) { return tt_nn_tanh_new(out); });
}
inline Module SiLU() {
  return detail::made([](tt_module** out) { return tt_nn_silu_new(out); });
}
inline Module SELU() {
  return detail::made([](tt_module** out) { return tt_nn_selu_new(out); });
}
inline Module Mish() {
  return detail::made([](tt_module** out) { return tt_nn_mish_new(out); });
}
inline Module ReLU6() {
  return detail::made([](tt_module** out) { return tt_nn_relu6_new(out); });
}
inline Module Hardswish() {
  return detail::made([](tt_module** out) { return tt_nn_hardswish_new(out); });
}
inline Module Identity() {
  return detail::made([](tt_module** out) { return tt_nn_identity_new(out); });
}
inline Module LeakyReLU(double negative_slope = 0.01) {
  return detail::made([&](tt_module** out) { return tt_nn_leaky_relu_new(negative_slope, out); });
}
inline Module ELU(double alpha = 1.0) {
  return detail::made([&](tt_module** out) { return tt_nn_elu_new(alpha, out); });
}
inline Module GELU(GeluApproximate approximate = GeluApproximate::none) {
  return detail::made(
      [&](tt_module** out) { return tt_nn_gelu_new(static_cast<tt_gelu_approximate>(approximate), out); });
}
inline Module Softmax(int64_t dim) {
  return detail::made([&](tt_module** out) { return tt_nn_softmax_new(dim, out); });
}
inline Module LogSoftmax(int64_t dim) {
  return detail::made([&](tt_module** out) { return tt_nn_log_softmax_new(dim, out); });
}
inline Module AvgPool2d(const IntList& kernel_size, const tt_pool_options& options = TT_POOL_OPTIONS_INIT) {
  const auto kernel = detail::spread<2>(kernel_size, "tt::nn::AvgPool2d: kernel_size");
  return detail::made([&](tt_module** out) { return tt_nn_avg_pool2d_new(kernel.data(), &options, out); });
}
inline Module AdaptiveAvgPool2d(const IntList& output_size) {
  const auto size = detail::spread<2>(output_size, "tt::nn::AdaptiveAvgPool2d: output_size");
  return detail::made([&](tt_module** out) { return tt_nn_adaptive_avg_pool2d_new(size.data(), out); });
}
// Losses as modules, of input and target: `criterion(output, target)`.
inline Module MSELoss(const LossOptions& options = {}) {
  return detail::made([&](tt_module** out) { return tt_nn_mse_loss_new(&options, out); });
}
inline Module L1Loss(const LossOptions& options = {}) {
  return detail::made([&](tt_module** out) { return tt_nn_l1_loss_new(&options, out); });
}
inline Module CrossEntropyLoss(const LossOptions& options = {}, const Tensor& weight = {}) {
  return detail::made(
      [&](tt_module** out) { return tt_nn_cross_entropy_loss_new(weight.get(), &options, out); });
}
inline Module NLLLoss(const LossOptions& options = {}, const Tensor& weight = {}) {
  return detail::made([&](tt_module** out) { return tt_nn_nll_loss_new(weight.get(), &options, out); });
}
inline Module BCELoss(const LossOptions& options = {}, const Tensor& weight = {}) {
  return detail::made([&](tt_module** out) { return tt_nn_bce_loss_new(weight.get(), &options, out); });
}

// Scales the gradients so that their norm is at most max_norm, and returns what it was.
inline Tensor clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm, double norm_type = 2.0,
                              bool error_if_nonfinite = false) {
  const auto handles = detail::handles(parameters);
  Tensor total_norm;
  check(tt_clip_grad_norm_(handles.data(), handles.size(), max_norm, norm_type, error_if_nonfinite,
                           total_norm.out()));
  return total_norm;
}
// Clamps every gradient to [-clip_value, clip_value].
inline void clip_grad_value_(const std::vector<Tensor>& parameters, double clip_value) {
  const auto handles = detail::handles(parameters);
  check(tt_clip_grad_value_(handles.data(), handles.size(), clip_value));
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

// Adam with decoupled weight decay.
class AdamW : public Optimizer {
 public:
  AdamW(const std::vector<Tensor>& parameters, const tt_adam_options& options) {
    const auto handles = handles_of(parameters);
    check(tt_optim_adamw_new(handles.data(), handles.size(), &options, handle_.out()));
  }
  AdamW(const std::vector<Tensor>& parameters, double lr, double weight_decay = 0.01)
      : AdamW(parameters, with(lr, weight_decay)) {}

 private:
  static tt_adam_options with(double lr, double weight_decay) {
    tt_adam_options options;
    check(tt_adamw_options_init(sizeof options, &options));
    options.lr = lr;
    options.weight_decay = weight_decay;
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

// ---- files ----

// Numbers of a text file, a matrix.
inline Tensor read_csv(const std::string& path, char delimiter = ',', int64_t skip_rows = 0,
                       DType dtype = DType::default_dtype) {
  Tensor out;
  check(tt_read_csv(path.c_str(), delimiter, skip_rows, static_cast<tt_dtype>(dtype), out.out()));
  return out;
}
inline Tensor read_npy(const std::string& path) {
  Tensor out;
  check(tt_read_npy(path.c_str(), out.out()));
  return out;
}
inline void save_npy(const std::string& path, const Tensor& tensor) {
  check(tt_save_npy(path.c_str(), tensor.get()));
}

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
