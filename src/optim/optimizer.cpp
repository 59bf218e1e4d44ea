#include "optim/optimizer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <unordered_set>

#include "autograd/meta.h"
#include "device/backend.h"
#include "device/graph.h"
#include "nn/gradients.h"
#include "ops/create/create.h"

namespace tt::optim {

namespace {

// As many values lie in a captured step's memory for a group, and for each parameter.
constexpr size_t kGroupNumbers = std::size(GroupNumbers{}.values);
constexpr size_t kStepNumbers = std::size(StepNumbers{}.values);

Tensor dense(const Tensor& t) { return t.is_contiguous() ? t : ops::contiguous_copy(t); }

Tensor number(double value) { return scalar_tensor(value, DType::kFloat64); }

std::string text_of(const OptionRow& row, const OptionValues& values) {
  const double value = values.get(row);
  return row.kind == OptionKind::kBoolean ? str(value != 0) : str(value);
}

bool same_tuple(const OptionRow& a, const OptionRow& b) {
  return a.tuple != nullptr && b.tuple != nullptr && std::string_view(a.tuple) == b.tuple;
}

bool follows(const OptionRow& row, double captured, double now) {
  switch (row.replays) {
    case Replays::kFollow:
      return true;
    case Replays::kFollowUnlessToOrFromZero:
      return (captured != 0) == (now != 0);
    case Replays::kDoNotFollow:
      return captured == now;
  }
  return false;
}

}  // namespace

double read_number(const StateDict& dict, const std::string& name) {
  const Tensor* found = dict.find(name);
  TT_CHECK(found != nullptr, Status::kInvalidArgument, "loaded state dict has no \"", name, "\"");
  TT_CHECK(found->numel() == 1, Status::kShape, "loaded state dict: \"", name, "\" has shape ",
           found->sizes(), ", expected one number");
  const GradMode off(false);
  const Tensor host = ops::to_dtype(ops::to_host(*found), DType::kFloat64);
  return *host.data<double>();
}

const ParamGroup& Optimizer::group(int64_t index) const {
  TT_CHECK(index >= 0 && index < static_cast<int64_t>(groups_.size()), Status::kInvalidArgument, "group ",
           index, " is out of range, the optimizer has ", static_cast<int64_t>(groups_.size()),
           " parameter groups");
  return groups_[static_cast<size_t>(index)];
}

const OptionRow& Optimizer::option_row(std::string_view name) const {
  for (const OptionRow& row : table_.options) {
    if (name == row.name) return row;
  }
  std::string known;
  for (const OptionRow& row : table_.options) known += str(known.empty() ? "" : ", ", row.name);
  fail(Status::kInvalidArgument, type_name(), " has no option \"", name, "\"; it has ", known);
}

double Optimizer::option(int64_t index, std::string_view name) const {
  return group(index).options.get(option_row(name));
}

void Optimizer::set_option(int64_t index, std::string_view name, double value) {
  OptionValues values = group(index).options;
  const OptionRow& row = option_row(name);
  check_option(row, value, row.name);
  values.set(row, value);
  if (table_.check != nullptr) table_.check(values);
  groups_[static_cast<size_t>(index)].options = values;
}

void Optimizer::check_new_params(const Tensors& params) const {
  std::unordered_set<const TensorImpl*> known;
  for (const ParamGroup& g : groups_) {
    for (const Tensor& p : g.params) known.insert(p.impl());
  }
  std::unordered_set<const TensorImpl*> fresh;
  for (size_t i = 0; i < params.size(); ++i) {
    const Tensor& p = params[i];
    const auto position = static_cast<uint64_t>(i);
    TT_CHECK(is_floating(p.dtype()), Status::kDtype, "params[", position, "] is ", describe(p),
             "; an optimizer takes floating point tensors");
    TT_CHECK(p.is_leaf(), Status::kInvalidArgument, "params[", position,
             "] is the result of an op, expected a leaf");
    TT_CHECK(known.count(p.impl()) == 0, Status::kInvalidArgument, "params[", position,
             "] is in a parameter group of the optimizer already");
    TT_CHECK(fresh.insert(p.impl()).second, Status::kInvalidArgument, "params[", position, "] occurs twice");
  }
}

void Optimizer::add_param_group(Tensors params, const OptionValues& values) {
  check_new_params(params);
  ParamGroup group;
  group.states.resize(params.size());
  group.params = std::move(params);
  group.options = values;
  groups_.push_back(std::move(group));
}

Optimizer::Optimizer(const OptimizerTable& table, Tensors params, const OptionValues& given)
    : RefCounted(Kind::kOptimizer), table_(table), defaults_(read_options(table, given)) {
  TT_CHECK(!params.empty(), Status::kInvalidArgument, "params is empty");
  add_param_group(std::move(params), defaults_);
}

Tensor Optimizer::step(const std::function<Tensor()>& closure) {
  Tensor loss;
  {
    const GradMode on(true);
    loss = closure();
  }
  step();
  return loss;
}

void Optimizer::step() {
  const GradMode off(false);
  // The list lets the gradients go at the end, whatever happens.
  struct Clear {
    std::vector<Update>& list;
    ~Clear() { list.clear(); }
  } const clear{updates_};
  // Everything that can fail comes before the first write.
  bool copied = false;
  for (ParamGroup& g : groups_) {
    for (size_t i = 0; i < g.params.size(); ++i) {
      const Tensor& p = g.params[i];
      const AutogradMeta* meta = p.impl()->autograd;
      if (meta == nullptr || !meta->grad.defined()) continue;
      check_inplace(p, "step");
      if (Graph::capturing(p.device()) != nullptr) {
        check_prepared(g, p, g.states[i]);
      } else {
        prepare(g, p, g.states[i]);
      }
      copied |= !p.is_contiguous();
      updates_.push_back({dense(p), dense(meta->grad), &g.states[i]});
    }
  }
  batch_.reserve(updates_.size());
  size_t next = 0;
  for (ParamGroup& g : groups_) {
    // The updates of this group lie together; one call for each run on one device.
    const ParamState* const first = g.states.data();
    while (next < updates_.size() && updates_[next].state >= first &&
           updates_[next].state < first + g.states.size()) {
      const Device device = updates_[next].param.device();
      size_t end = next + 1;
      while (end < updates_.size() && updates_[end].state < first + g.states.size() &&
             updates_[end].state >= first && updates_[end].param.device() == device) {
        ++end;
      }
      update(g, {updates_.data() + next, end - next}, device);
      next = end;
    }
  }
  for (const Update& u : updates_) bump_version(u.param);
  if (copied) {
    for (ParamGroup& g : groups_) {
      for (size_t i = 0; i < g.params.size(); ++i) {
        if (g.params[i].is_contiguous()) continue;
        for (const Update& u : updates_) {
          if (u.state != &g.states[i]) continue;
          ops::copy_values(g.params[i], u.param);
          bump_version(g.params[i]);
        }
      }
    }
  }
}

void Optimizer::prepare(const ParamGroup& group, const Tensor& param, ParamState& state) const {
  const size_t used = table_.used_states(group.options);
  for (size_t i = 0; i < used; ++i) {
    Tensor& t = state.tensors[i];
    if (!t.defined()) t = ops::zeros(param.sizes(), param.dtype(), param.device());
  }
}

void Optimizer::update(const ParamGroup& group, std::span<const Update> updates, Device device) {
  const size_t used = table_.used_states(group.options);
  const double* const live = capture(group, updates, device);
  const double* live_step = live != nullptr ? live + kGroupNumbers : nullptr;
  batch_.clear();
  for (const Update& u : updates) {
    OptimizerTensor& t = batch_.emplace_back();
    t.dtype = u.param.dtype();
    t.n = u.param.numel();
    t.param = u.param.raw();
    t.grad = u.grad.raw();
    const auto& states = u.state->tensors;
    if (used > 0) t.states.first = states[0].raw();
    if (used > 1) t.states.second = states[1].raw();
    if (used > 2) t.states.third = states[2].raw();
    t.step = table_.step(group.options, u.state->step + 1);
    t.live_step = live_step;
    if (live_step != nullptr) live_step += kStepNumbers;
  }
  run(device, call::OptimizerStep{table_.rule, batch_, table_.numbers(group.options), live});
  if (live != nullptr || used == 0) return;
  for (const Update& u : updates) ++u.state->step;
}

// A state that was made during a capture would be made anew by every replay.
void Optimizer::check_prepared(const ParamGroup& group, const Tensor& param, const ParamState& state) {
  ParamState needed = state;
  prepare(group, param, needed);
  for (size_t i = 0; i < kMaxStates; ++i) {
    TT_CHECK(needed.tensors[i].defined() == state.tensors[i].defined(), Status::kInvalidArgument, type_name(),
             " has no ", table_.states[i].name, " of a parameter of shape ", param.sizes(),
             " yet: take a step before the capture");
  }
}

// What the replays of a captured update do on the host.
class Optimizer::Replay final : public ReplayInput {
 public:
  Replay(Ref<Optimizer> optimizer, CapturedUpdate captured)
      : optimizer_(std::move(optimizer)), captured_(std::move(captured)) {
    for (const size_t i : captured_.params) tensors_.push_back(group().states[i].tensors);
  }

  void check() override {
    for (size_t i = 0; i < captured_.params.size(); ++i) {
      for (size_t k = 0; k < kMaxStates; ++k) {
        TT_CHECK(group().states[captured_.params[i]].tensors[k].is_same(tensors_[i][k]),
                 Status::kInvalidArgument, optimizer_->type_name(),
                 "'s state has been replaced since the capture: capture again");
      }
    }
    for (const OptionRow& row : optimizer_->table_.options) {
      const double before = captured_.options.get(row), now = group().options.get(row);
      TT_CHECK(follows(row, before, now), Status::kInvalidArgument, optimizer_->type_name(), "'s ", row.name,
               " has changed from ", before, " to ", now,
               " since the capture, which replays cannot follow: capture again");
    }
  }
  void next(void* values) noexcept override {
    optimizer_->next_live(captured_, static_cast<double*>(values));
  }

 private:
  const ParamGroup& group() const { return optimizer_->groups_[captured_.group]; }

  const Ref<Optimizer> optimizer_;
  const CapturedUpdate captured_;
  std::vector<std::array<Tensor, kMaxStates>> tensors_;  // kept alive for the graph
};

double* Optimizer::capture(const ParamGroup& group, std::span<const Update> updates, Device device) {
  Graph* graph = Graph::capturing(device);
  if (graph == nullptr) return nullptr;
  CapturedUpdate captured;
  captured.group = static_cast<size_t>(&group - groups_.data());
  captured.options = group.options;
  for (const Update& u : updates)
    captured.params.push_back(static_cast<size_t>(u.state - group.states.data()));
  const size_t count = kGroupNumbers + updates.size() * kStepNumbers;
  return static_cast<double*>(graph->add_input(
      std::make_unique<Replay>(Ref<Optimizer>(this), std::move(captured)), count * sizeof(double)));
}

void Optimizer::next_live(const CapturedUpdate& captured, double* values) noexcept {
  ParamGroup& group = groups_[captured.group];
  const auto put = [&values](const auto& numbers) {
    std::memcpy(values, numbers.values, sizeof numbers.values);
    values += std::size(numbers.values);
  };
  put(table_.numbers(group.options));
  const bool moves = table_.used_states(group.options) != 0;
  for (const size_t i : captured.params) {
    ParamState& state = group.states[i];
    put(table_.step(group.options, state.step + 1));
    if (moves) ++state.step;
  }
}

void Optimizer::zero_grad(bool set_to_none) {
  for (const ParamGroup& g : groups_) {
    for (const Tensor& p : g.params) nn::zero_grad(p, set_to_none);
  }
}

std::string Optimizer::repr() const {
  std::string out = str(type_name(), " (");
  for (size_t g = 0; g < groups_.size(); ++g) {
    out += str("\nParameter Group ", static_cast<uint64_t>(g), "\n");
    std::vector<std::string> lines;
    const std::span<const OptionRow> rows = table_.options;
    for (size_t i = 0; i < rows.size(); ++i) {
      std::string text = text_of(rows[i], groups_[g].options);
      if (rows[i].tuple == nullptr) {
        lines.push_back(str(rows[i].name, ": ", text));
        continue;
      }
      const char* const tuple = rows[i].tuple;
      while (i + 1 < rows.size() && same_tuple(rows[i], rows[i + 1])) {
        text += ", " + text_of(rows[++i], groups_[g].options);
      }
      lines.push_back(str(tuple, ": (", text, ")"));
    }
    std::sort(lines.begin(), lines.end());
    for (const std::string& line : lines) out += "    " + line + "\n";
  }
  return out + ")";
}

Ref<StateDict> Optimizer::state_dict() const {
  refuse_host_capture("makes tensors of the host's numbers");
  Ref<StateDict> dict = make_ref<StateDict>();
  int64_t number_of_param = 0;
  for (const ParamGroup& g : groups_) {
    for (const ParamState& state : g.states) {
      const std::string prefix = str("state.", number_of_param++, ".");
      bool any = false;
      for (size_t i = 0; i < table_.states.size() && state.step != 0; ++i) {
        const StateRow& row = table_.states[i];
        if (row.kind == StateKind::kSteps) {
          if (any)
            dict->set(prefix + row.name, scalar_tensor(static_cast<double>(state.step), DType::kFloat32));
        } else if (state.tensors[i].defined()) {
          dict->set(prefix + row.name, state.tensors[i]);
          any = true;
        }
      }
    }
  }
  number_of_param = 0;
  for (size_t g = 0; g < groups_.size(); ++g) {
    const std::string prefix = str("param_groups.", static_cast<uint64_t>(g), ".");
    for (const OptionRow& row : table_.options) {
      dict->set(prefix + row.name, number(groups_[g].options.get(row)));
    }
    const Tensor numbers = empty({static_cast<int64_t>(groups_[g].params.size())}, DType::kInt64);
    for (int64_t i = 0; i < numbers.numel(); ++i) numbers.data<int64_t>()[i] = number_of_param++;
    dict->set(prefix + "params", numbers);
  }
  return dict;
}

void Optimizer::load_state_dict(const StateDict& dict) {
  const GradMode off(false);
  size_t saved_groups = 0;
  while (dict.find(str("param_groups.", static_cast<uint64_t>(saved_groups), ".params")) != nullptr) {
    ++saved_groups;
  }
  TT_CHECK(saved_groups == groups_.size(), Status::kInvalidArgument,
           "loaded state dict has a different number of parameter groups (",
           static_cast<uint64_t>(saved_groups), ", the optimizer has ", static_cast<uint64_t>(groups_.size()),
           ")");
  std::vector<ParamGroup> loaded(groups_.size());
  for (size_t g = 0; g < groups_.size(); ++g) {
    const std::string group_prefix = str("param_groups.", static_cast<uint64_t>(g), ".");
    const Tensor& saved = *dict.find(group_prefix + "params");
    TT_CHECK(saved.dtype() == DType::kInt64 && saved.ndim() == 1, Status::kDtype, "loaded state dict: \"",
             group_prefix, "params\" is a ", describe(saved),
             ", expected the parameters' numbers, 1-D int64");
    const size_t count = groups_[g].params.size();
    TT_CHECK(saved.numel() == static_cast<int64_t>(count), Status::kInvalidArgument,
             "loaded state dict contains a parameter group that doesn't match the size of optimizer's group "
             "(group ",
             static_cast<uint64_t>(g), ": ", saved.numel(), " and ", static_cast<uint64_t>(count),
             " parameters)");
    loaded[g].params = groups_[g].params;
    loaded[g].states.resize(count);
    loaded[g].options = groups_[g].options;
    for (const OptionRow& row : table_.options) {
      const std::string name = group_prefix + row.name;
      const double value = read_number(dict, name);
      check_option(row, value, str("loaded state dict: \"", name, "\""));
      loaded[g].options.set(row, value);
    }
    if (table_.check != nullptr) table_.check(loaded[g].options);
    const Tensor numbers = ops::contiguous(ops::to_host(saved));
    for (size_t i = 0; i < count; ++i) {
      load_param_state(dict, str("state.", numbers.data<int64_t>()[i], "."), loaded[g].params[i],
                       loaded[g].states[i]);
    }
  }
  // Into the tensors that there are: graphs know their addresses.
  for (size_t g = 0; g < groups_.size(); ++g) {
    for (size_t i = 0; i < groups_[g].states.size(); ++i) {
      for (size_t k = 0; k < kMaxStates; ++k) {
        const Tensor& mine = groups_[g].states[i].tensors[k];
        Tensor& theirs = loaded[g].states[i].tensors[k];
        if (!mine.defined() || !theirs.defined()) continue;
        ops::copy_values(mine, theirs);
        theirs = mine;
      }
    }
  }
  groups_ = std::move(loaded);
}

void Optimizer::load_param_state(const StateDict& dict, const std::string& prefix, const Tensor& param,
                                 ParamState& state) const {
  bool any = false;
  for (size_t i = 0; i < table_.states.size(); ++i) {
    if (table_.states[i].kind == StateKind::kSteps) continue;
    const std::string name = prefix + table_.states[i].name;
    const Tensor* found = dict.find(name);
    if (found == nullptr) continue;
    TT_CHECK(found->sizes() == param.sizes(), Status::kShape, "loaded state dict: \"", name, "\" has shape ",
             found->sizes(), ", but its parameter has shape ", param.sizes());
    state.tensors[i] = empty(param.sizes(), param.dtype(), param.device());
    ops::copy_values(state.tensors[i], *found);
    any = true;
  }
  if (!any) return;
  state.step = 1;
  for (size_t i = 0; i < table_.states.size(); ++i) {
    const StateRow& row = table_.states[i];
    const std::string name = prefix + row.name;
    TT_CHECK(row.kind != StateKind::kTensor || state.tensors[i].defined(), Status::kInvalidArgument,
             "loaded state dict has no \"", name, "\", but other state of that parameter");
    if (row.kind != StateKind::kSteps) continue;
    const double step = read_number(dict, name);
    TT_CHECK(step >= 1 && step < 9e15 && step == std::floor(step), Status::kInvalidArgument,
             "loaded state dict: \"", name, "\" is ", step, ", expected a positive whole number");
    state.step = static_cast<int64_t>(step);
  }
}

}  // namespace tt::optim
