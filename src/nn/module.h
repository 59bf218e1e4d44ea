// Modules: a tree of named parameters, buffers and child modules with a forward pass.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/orphans.h"
#include "base/ref.h"
#include "tensor/tensor_list.h"
#include "nn/state_dict.h"

namespace tt::nn {

class Module;
class Sequential;

// Runs before forward; what it puts into `replacement` is passed on instead of the inputs.
using ForwardPreHook =
    std::function<void(Module& module, std::span<const Tensor> inputs, std::optional<Tensors>& replacement)>;
// Runs after forward; may replace each of the results by another tensor.
using ForwardHook =
    std::function<void(Module& module, std::span<const Tensor> inputs, std::span<Tensor> outputs)>;

class Module : public RefCounted {
 public:
  // Modules that contain each other deeper than this are refused: a user's modules call each other. (The
  // library's own walks take no stack.)
  static constexpr int kMaxDepth = 500;

  struct Buffer {
    std::string name;
    Tensor tensor;
    bool persistent;  // part of the state dict
  };
  struct Child {
    std::string name;
    Ref<Module> module;
  };

  // The forward pass with its hooks: what callers use.
  TensorList call(std::span<const Tensor> inputs) {
    return hooks_ ? call_with_hooks(inputs) : forward(inputs);
  }
  // Of one input, for one result: fails where the module returns another number.
  Tensor operator()(const Tensor& input) {
    return hooks_ ? single_of(call({&input, 1})) : forward_one(input);
  }
  // How many results forward has; none where only a forward pass can tell.
  virtual std::optional<size_t> result_count() const { return std::nullopt; }

  virtual const std::string& type_name() const = 0;  // "Linear"
  // What stands between the parentheses before the children.
  virtual std::string extra_repr() const { return ""; }
  // As PyTorch prints it.
  std::string repr() const;

  // ---- the tree ----
  // A name must not be empty, hold a dot or be taken by another kind; the same kind is replaced. An undefined
  // tensor keeps the name as None.
  // A parameter must be a floating-point leaf; it requires a gradient from here on.
  void register_parameter(std::string_view name, const Tensor& parameter);
  void register_buffer(std::string_view name, const Tensor& buffer, bool persistent = true);
  void register_module(std::string_view name, Ref<Module> child);

  const std::vector<NamedTensor>& own_parameters() const { return parameters_; }
  const std::vector<Buffer>& own_buffers() const { return buffers_; }
  const std::vector<Child>& children() const { return children_; }

  // "0.weight"; fail naming the part of the path that is not there.
  Tensor get_parameter(std::string_view path) const;
  Tensor get_buffer(std::string_view path) const;
  Module& get_submodule(std::string_view path);  // "" is the module itself

  // The whole tree in PyTorch's order; what is shared is listed once.
  std::vector<NamedTensor> named_parameters() const;
  std::vector<NamedTensor> named_buffers() const;
  std::vector<std::pair<std::string, Module*>> named_modules();
  Tensors parameters() const;

  // ---- state ----
  bool training() const { return training_; }
  void train(bool mode = true);
  void requires_grad_(bool on);
  void zero_grad(bool set_to_none = true);
  // Floating-point parameters, their gradients and buffers take the dtype; all take the device. The tensors
  // stay the same objects. Changes nothing when it fails.
  void to(std::optional<DType> dtype, std::optional<Device> device);
  // Children first, then the module itself.
  void apply(const std::function<void(Module&)>& fn);

  // Parameters and persistent buffers without history, sharing memory with the module.
  Ref<StateDict> state_dict() const;
  // The names that only one of the two has.
  struct NameDifference {
    std::vector<std::string> missing;     // in the dict
    std::vector<std::string> unexpected;  // there
  };
  NameDifference compare_names(const StateDict& dict) const;
  // Copies the values in. Fails before anything is written, naming all that does not match, when shapes
  // differ or, if strict, when the names do.
  void load_state_dict(const StateDict& dict, bool strict = true);

  // ---- hooks ----
  uint64_t add_forward_pre_hook(ForwardPreHook hook);
  uint64_t add_forward_hook(ForwardHook hook);
  void remove_hook(uint64_t id);
  bool has_hooks() const { return hooks_ && !(hooks_->before.empty() && hooks_->after.empty()); }
  // Null: it is none.
  virtual Sequential* as_sequential() { return nullptr; }

  Module* next_orphan = nullptr;

 protected:
  Module() : RefCounted(Kind::kModule) {}
  ~Module() override {
    for (Child& child : children_) let_go(std::move(child.module));
  }

  virtual TensorList forward(std::span<const Tensor> inputs) = 0;
  // The same of one input, for one result.
  virtual Tensor forward_one(const Tensor& input) { return single_of(forward({&input, 1})); }
  // repr with those of the children.
  virtual std::string repr_with(std::span<const std::string> children) const;
  // The inputs' number checked.
  static const Tensor& single(std::span<const Tensor> inputs);

  // A parameter or buffer by its place among the module's own; undefined where it is None.
  const Tensor& parameter(size_t i) const { return parameters_[i].tensor; }
  const Tensor& buffer(size_t i) const { return buffers_[i].tensor; }
  // The same where there must be one.
  const Tensor& needed_parameter(size_t i) const {
    const NamedTensor& p = parameters_[i];
    TT_CHECK(p.tensor.defined(), Status::kInvalidArgument, type_name(), "'s parameter ", p.name, " is NULL");
    return p.tensor;
  }

 private:
  struct Hooks {
    std::vector<std::pair<uint64_t, std::shared_ptr<ForwardPreHook>>> before;
    std::vector<std::pair<uint64_t, std::shared_ptr<ForwardHook>>> after;
  };

  Tensor single_of(TensorList&& results) const {
    if (!results.is_single()) refuse_several(results.size());
    return results.take_single();
  }
  [[noreturn, gnu::cold]] void refuse_several(size_t results) const;
  void check_name(std::string_view kind, std::string_view name) const;
  TensorList call_with_hooks(std::span<const Tensor> inputs);
  // Every module with its path, "0." or "", in order, as often as it occurs.
  void visit(const std::function<void(const std::string&, const Module&)>& fn) const;
  // What a state dict holds: parameters and persistent buffers that are there, in order.
  void visit_state(const std::function<void(const std::string& name, const Tensor&)>& fn) const;

  std::vector<NamedTensor> parameters_;
  std::vector<Buffer> buffers_;
  std::vector<Child> children_;
  std::unique_ptr<Hooks> hooks_;
  int depth_ = 0;  // the most modules above this one, ever
  bool training_ = true;
};

// A module whose name is fixed, and which makes one tensor of one tensor.
class Layer : public Module {
 public:
  const std::string& type_name() const final { return type_name_; }
  std::optional<size_t> result_count() const final { return 1; }

 protected:
  explicit Layer(const char* type_name) : type_name_(type_name) {}
  virtual Tensor forward(const Tensor& input) = 0;
  TensorList forward(std::span<const Tensor> inputs) final { return forward(single(inputs)); }
  Tensor forward_one(const Tensor& input) final { return forward(input); }

 private:
  std::string type_name_;
};

// Numbers as Python writes them: "(5, 5)", "(5,)" for one value; "1.0", "1e-05".
std::string tuple_text(std::span<const int64_t> values);
std::string float_text(double value);
// Every line but the first moved to the right by two.
std::string indented(const std::string& text);

}  // namespace tt::nn
