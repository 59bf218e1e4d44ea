#include "nn/module.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <unordered_map>
#include <unordered_set>

#include "autograd/meta.h"
#include "tensor/overlap.h"
#include "nn/gradients.h"
#include "ops/create/create.h"

namespace tt::nn {

namespace {

std::atomic<uint64_t> g_hook_id{1};

template <typename List>
auto find_named(List& list, std::string_view name) {
  return std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.name == name; });
}

template <typename List>
bool has(const List& list, std::string_view name) {
  return find_named(list, name) != list.end();
}

// The depth every module below `root` would have were `root` at `depth`; fails where `parent` is among them.
void place(Module& root, const Module& parent, int depth, std::unordered_map<Module*, int>& depths) {
  std::vector<std::pair<Module*, int>> left{{&root, depth}};
  while (!left.empty()) {
    const auto [module, at] = left.back();
    left.pop_back();
    TT_CHECK(module != &parent, Status::kInvalidArgument, "a module cannot contain itself");
    TT_CHECK(at <= Module::kMaxDepth, Status::kInvalidArgument, "modules are nested deeper than ",
             Module::kMaxDepth);
    const auto [slot, added] = depths.try_emplace(module, at);
    if (!added && slot->second >= at) continue;
    slot->second = at;
    for (const Module::Child& child : module->children()) left.emplace_back(child.module.get(), at + 1);
  }
}

}  // namespace

// ---- the forward pass ----

void Module::refuse_several(size_t results) const {
  fail(Status::kInvalidArgument, "the module (", type_name(), ") returned ", static_cast<uint64_t>(results),
       " tensors, expected one; tt_module_forward_multi takes any number");
}

TensorList Module::call_with_hooks(std::span<const Tensor> inputs) {
  // Copies: a hook may add or remove hooks.
  const auto before = hooks_->before;
  Tensors replaced;
  for (const auto& [id, hook] : before) {
    std::optional<Tensors> replacement;
    (*hook)(*this, inputs, replacement);
    if (replacement) {
      replaced = std::move(*replacement);
      inputs = replaced;
    }
  }
  TensorList outputs = forward(inputs);
  const auto after = hooks_->after;
  for (const auto& [id, hook] : after) (*hook)(*this, inputs, outputs);
  return outputs;
}

const Tensor& Module::single(std::span<const Tensor> inputs) {
  TT_CHECK(inputs.size() == 1, Status::kInvalidArgument, "the module takes one input, but got ",
           static_cast<uint64_t>(inputs.size()));
  return inputs[0];
}

uint64_t Module::add_forward_pre_hook(ForwardPreHook hook) {
  if (!hooks_) hooks_ = std::make_unique<Hooks>();
  const uint64_t id = g_hook_id.fetch_add(1);
  hooks_->before.emplace_back(id, std::make_shared<ForwardPreHook>(std::move(hook)));
  return id;
}

uint64_t Module::add_forward_hook(ForwardHook hook) {
  if (!hooks_) hooks_ = std::make_unique<Hooks>();
  const uint64_t id = g_hook_id.fetch_add(1);
  hooks_->after.emplace_back(id, std::make_shared<ForwardHook>(std::move(hook)));
  return id;
}

void Module::remove_hook(uint64_t id) {
  if (!hooks_) return;
  const auto same = [id](const auto& entry) { return entry.first == id; };
  std::erase_if(hooks_->before, same);
  std::erase_if(hooks_->after, same);
}

// ---- the tree ----

void Module::check_name(std::string_view kind, std::string_view name) const {
  TT_CHECK(!name.empty(), Status::kInvalidArgument, "the name of a ", kind, " cannot be empty");
  TT_CHECK(name.find('.') == std::string_view::npos, Status::kInvalidArgument, "the name of a ", kind,
           " cannot contain \".\", got \"", name, "\"");
  const bool taken = (kind != "parameter" && has(parameters_, name)) ||
                     (kind != "buffer" && has(buffers_, name)) || (kind != "module" && has(children_, name));
  TT_CHECK(!taken, Status::kInvalidArgument, "the module has something else named \"", name, "\" already");
}

void Module::register_parameter(std::string_view name, const Tensor& parameter) {
  check_name("parameter", name);
  if (parameter.defined()) {
    TT_CHECK(is_floating(parameter.dtype()), Status::kDtype, "parameter \"", name, "\" is ",
             parameter.dtype(), ", expected a floating dtype");
    TT_CHECK(parameter.is_leaf(), Status::kInvalidArgument, "parameter \"", name,
             "\" must be a leaf, and is the result of an op: register what it is computed from, and compute "
             "it in forward");
  }
  NamedTensor added{std::string(name), parameter};
  const auto found = find_named(parameters_, name);
  const bool replaces = found != parameters_.end();
  if (!replaces && parameters_.size() == parameters_.capacity())
    parameters_.reserve(2 * parameters_.size() + 2);
  // The last that can fail.
  if (parameter.defined()) set_requires_grad(parameter, true);
  if (replaces) {
    *found = std::move(added);
  } else {
    parameters_.push_back(std::move(added));
  }
}

void Module::register_buffer(std::string_view name, const Tensor& buffer, bool persistent) {
  check_name("buffer", name);
  const auto found = find_named(buffers_, name);
  if (found != buffers_.end()) {
    found->tensor = buffer;
    found->persistent = persistent;
  } else {
    buffers_.push_back({std::string(name), buffer, persistent});
  }
}

void Module::register_module(std::string_view name, Ref<Module> child) {
  check_name("module", name);
  TT_CHECK(child.get() != nullptr, Status::kInvalidArgument, "module '", name, "' is NULL");
  std::unordered_map<Module*, int> depths;
  place(*child, *this, depth_ + 1, depths);
  const auto found = find_named(children_, name);
  Ref<Module> replaced;  // goes last: its end may be a user's function
  if (found != children_.end()) {
    replaced = std::exchange(found->module, std::move(child));
  } else {
    children_.push_back({std::string(name), std::move(child)});
  }
  for (const auto& [module, depth] : depths) module->depth_ = std::max(module->depth_, depth);
}

Module& Module::get_submodule(std::string_view path) {
  Module* at = this;
  std::string_view rest = path;
  while (!rest.empty()) {
    const size_t dot = rest.find('.');
    const std::string_view name = rest.substr(0, dot);
    const auto found = find_named(at->children_, name);
    TT_CHECK(found != at->children_.end(), Status::kInvalidArgument, at->type_name(),
             " has no child module '", name, "' (in the path '", path, "')");
    at = found->module.get();
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
  }
  return *at;
}

namespace {
// "0.weight" as the module's path and the name within it.
std::pair<std::string_view, std::string_view> split_path(std::string_view path) {
  const size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return {"", path};
  return {path.substr(0, dot), path.substr(dot + 1)};
}
}  // namespace

Tensor Module::get_parameter(std::string_view path) const {
  const auto [module_path, name] = split_path(path);
  const Module& owner = const_cast<Module*>(this)->get_submodule(module_path);
  const auto found = find_named(owner.parameters_, name);
  TT_CHECK(found != owner.parameters_.end() && found->tensor.defined(), Status::kInvalidArgument,
           owner.type_name(), " has no parameter '", name, "'");
  return found->tensor;
}

Tensor Module::get_buffer(std::string_view path) const {
  const auto [module_path, name] = split_path(path);
  const Module& owner = const_cast<Module*>(this)->get_submodule(module_path);
  const auto found = find_named(owner.buffers_, name);
  TT_CHECK(found != owner.buffers_.end() && found->tensor.defined(), Status::kInvalidArgument,
           owner.type_name(), " has no buffer '", name, "'");
  return found->tensor;
}

void Module::visit(const std::function<void(const std::string&, const Module&)>& fn) const {
  struct Place {
    const Module* module;
    size_t path;  // its length
    size_t next = 0;
  };
  std::vector<Place> places{{this, 0}};
  std::string path;
  fn(path, *this);
  while (!places.empty()) {
    Place& at = places.back();
    if (at.next == at.module->children_.size()) {
      places.pop_back();
      continue;
    }
    const Child& child = at.module->children_[at.next++];
    path.resize(at.path);
    path += child.name;
    path += '.';
    places.push_back({child.module.get(), path.size()});
    fn(path, *child.module);
  }
}

std::vector<NamedTensor> Module::named_parameters() const {
  std::vector<NamedTensor> out;
  std::unordered_set<const TensorImpl*> seen;
  visit([&](const std::string& prefix, const Module& module) {
    for (const NamedTensor& p : module.parameters_) {
      if (p.tensor.defined() && seen.insert(p.tensor.impl()).second)
        out.push_back({prefix + p.name, p.tensor});
    }
  });
  return out;
}

std::vector<NamedTensor> Module::named_buffers() const {
  std::vector<NamedTensor> out;
  std::unordered_set<const TensorImpl*> seen;
  visit([&](const std::string& prefix, const Module& module) {
    for (const Buffer& b : module.buffers_) {
      if (b.tensor.defined() && seen.insert(b.tensor.impl()).second)
        out.push_back({prefix + b.name, b.tensor});
    }
  });
  return out;
}

std::vector<std::pair<std::string, Module*>> Module::named_modules() {
  std::vector<std::pair<std::string, Module*>> out;
  std::unordered_set<const Module*> seen;
  visit([&](const std::string& prefix, const Module& module) {
    if (!seen.insert(&module).second) return;
    out.emplace_back(prefix.empty() ? prefix : prefix.substr(0, prefix.size() - 1),
                     const_cast<Module*>(&module));
  });
  return out;
}

Tensors Module::parameters() const {
  Tensors out;
  for (NamedTensor& p : named_parameters()) out.push_back(std::move(p.tensor));
  return out;
}

// ---- state ----

void Module::train(bool mode) {
  visit([mode](const std::string&, const Module& module) { const_cast<Module&>(module).training_ = mode; });
}

void Module::requires_grad_(bool on) {
  for (const Tensor& p : parameters()) set_requires_grad(p, on);
}

void Module::zero_grad(bool set_to_none) {
  for (const Tensor& p : parameters()) nn::zero_grad(p, set_to_none);
}

void Module::to(std::optional<DType> dtype, std::optional<Device> device) {
  TT_CHECK(!dtype || is_floating(*dtype), Status::kDtype, "dtype is ", *dtype, ", expected a floating dtype");
  const GradMode off(false);
  const auto convert = [&](const Tensor& t) {
    const Tensor moved = device ? ops::to_device(t, *device) : t;
    return dtype && is_floating(t.dtype()) ? ops::to_dtype(moved, *dtype) : moved;
  };
  struct Change {
    Tensor target, value, grad;
  };
  std::vector<Change> changes;
  const auto consider = [&](const std::vector<NamedTensor>& list) {
    for (const NamedTensor& entry : list) {
      Change change{entry.tensor, convert(entry.tensor), entry.tensor.grad()};
      if (change.grad.defined()) change.grad = convert(change.grad);
      if (!change.value.is_same(change.target)) changes.push_back(std::move(change));
    }
  };
  consider(named_parameters());
  consider(named_buffers());
  for (Change& change : changes) {
    TensorImpl* impl = change.target.impl();
    impl->storage = change.value.storage();
    impl->dtype = change.value.dtype();
    impl->view_base = Ref<TensorImpl>();
    impl->set_geometry(change.value.sizes(), change.value.strides(), change.value.offset());
    if (change.grad.defined()) impl->autograd->grad = std::move(change.grad);
  }
}

void Module::apply(const std::function<void(Module&)>& fn) {
  struct Place {
    Ref<Module> module;
    std::vector<Child> children;  // of its own: fn may change the list
    size_t next = 0;
  };
  std::vector<Place> places;
  places.push_back({Ref<Module>(this), children_});
  while (!places.empty()) {
    Place& at = places.back();
    if (at.next < at.children.size()) {
      const Ref<Module> child = at.children[at.next++].module;
      places.push_back({child, child->children_});
    } else {
      fn(*at.module);
      places.pop_back();
    }
  }
}

void Module::visit_state(const std::function<void(const std::string& name, const Tensor&)>& fn) const {
  visit([&](const std::string& prefix, const Module& module) {
    for (const NamedTensor& p : module.parameters_) {
      if (p.tensor.defined()) fn(prefix + p.name, p.tensor);
    }
    for (const Buffer& b : module.buffers_) {
      if (b.persistent && b.tensor.defined()) fn(prefix + b.name, b.tensor);
    }
  });
}

Ref<StateDict> Module::state_dict() const {
  Ref<StateDict> dict = make_ref<StateDict>();
  visit_state([&](const std::string& name, const Tensor& t) { dict->set(name, detach(t)); });
  return dict;
}

Module::NameDifference Module::compare_names(const StateDict& dict) const {
  NameDifference out;
  std::unordered_set<std::string> expected;
  visit_state([&](const std::string& name, const Tensor&) {
    expected.insert(name);
    if (dict.find(name) == nullptr) out.missing.push_back(name);
  });
  for (const NamedTensor& entry : dict.entries()) {
    if (expected.count(entry.name) == 0) out.unexpected.push_back(entry.name);
  }
  return out;
}

namespace {
void append_names(std::string& to, const char* what, const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i) {
    to += i == 0 ? str("\n\t", what, ": \"", names[i], "\"") : str(", \"", names[i], "\"");
  }
}
}  // namespace

void Module::load_state_dict(const StateDict& dict, bool strict) {
  std::string errors;
  if (strict) {
    const NameDifference names = compare_names(dict);
    append_names(errors, "the state dict lacks", names.missing);
    append_names(errors, "the module lacks", names.unexpected);
  }
  bool same_shapes = true;
  std::vector<std::pair<Tensor, Tensor>> copies;
  visit_state([&](const std::string& name, const Tensor& target) {
    const Tensor* source = dict.find(name);
    if (source == nullptr) return;
    if (source->sizes() == target.sizes()) {
      copies.emplace_back(target, *source);
    } else {
      same_shapes = false;
      errors += str("\n\t\"", name, "\" has shape ", source->sizes(), " in the state dict, and ",
                    target.sizes(), " in the module");
    }
  });
  TT_CHECK(errors.empty(), same_shapes ? Status::kInvalidArgument : Status::kShape,
           "the state dict does not match the module ", type_name(), ":", errors);

  const GradMode off(false);
  for (const auto& [target, source] : copies) {
    check_inplace(target, "load_state_dict");
    check_no_partial_overlap(target, source);
  }
  for (const auto& [target, source] : copies) ops::copy_(target, source);
}

// ---- text ----

std::string indented(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out;
}

std::string Module::repr() const {
  struct Place {
    const Module* module;
    std::vector<std::string> texts;  // of the children so far
  };
  std::vector<Place> places;
  places.push_back({this, {}});
  for (;;) {
    Place& at = places.back();
    if (at.texts.size() < at.module->children_.size()) {
      places.push_back({at.module->children_[at.texts.size()].module.get(), {}});
      continue;
    }
    std::string text = at.module->repr_with(at.texts);
    places.pop_back();
    if (places.empty()) return text;
    places.back().texts.push_back(std::move(text));
  }
}

std::string Module::repr_with(std::span<const std::string> children) const {
  const std::string extra = extra_repr();
  if (children_.empty() && extra.find('\n') == std::string::npos) return str(type_name(), "(", extra, ")");
  std::string out = str(type_name(), "(");
  if (!extra.empty()) out += "\n  " + indented(extra);
  for (size_t i = 0; i < children_.size(); ++i) {
    out += str("\n  (", children_[i].name, "): ", indented(children[i]));
  }
  return out + "\n)";
}

std::string tuple_text(std::span<const int64_t> values) {
  std::string out = "(";
  for (size_t i = 0; i < values.size(); ++i) out += str(i == 0 ? "" : ", ", values[i]);
  return out + (values.size() == 1 ? ",)" : ")");
}

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string text(buffer, end);  // the fewest digits that read back: "1.5e-05"
  const size_t e = text.find('e');
  const int exponent = std::atoi(text.c_str() + e + 1);
  if (exponent < -4 || exponent >= 16) return text;
  const auto fixed = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
  std::string out(buffer, fixed);
  if (out.find('.') == std::string::npos) out += ".0";
  return out;
}

}  // namespace tt::nn
