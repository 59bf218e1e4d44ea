// Optimizers: parameter groups, each with its own options, and per-parameter state.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ref.h"
#include "tensor/tensor.h"
#include "nn/state_dict.h"
#include "optim/options.h"

namespace tt::optim {

inline constexpr size_t kMaxStates = kMostRuleStates;

// What an optimizer remembers of one parameter. The tensors are contiguous, of the parameter's dtype, and in
// the order of the table's rows.
struct ParamState {
  int64_t step = 0;  // how many used a state; 0: the tensors, if there are any, hold nothing yet
  std::array<Tensor, kMaxStates> tensors;
};

struct ParamGroup {
  Tensors params;
  std::vector<ParamState> states;  // one per parameter
  OptionValues options;
};

// The one value of a saved tensor. Fails where there is no such name, or more than a value.
double read_number(const StateDict& dict, const std::string& name);

class Optimizer : public RefCounted {
 public:
  const char* type_name() const { return table_.type_name; }  // "SGD"
  std::string repr() const;                                   // as PyTorch prints it

  // Updates every parameter that has a gradient. Never recorded; counts as a write to each parameter.
  void step();
  // Calls the closure with gradients on, and then steps; returns what the closure has. Where it throws,
  // nothing has changed.
  Tensor step(const std::function<Tensor()>& closure);
  void zero_grad(bool set_to_none = true);

  // Checks the parameters; the options are those of another group.
  void add_param_group(Tensors params, const OptionValues& values);
  // The optimizer's defaults: the first group's options unless the caller changed them.
  const OptionValues& defaults() const { return defaults_; }

  const std::vector<ParamGroup>& groups() const { return groups_; }
  const ParamGroup& group(int64_t index) const;  // fails where there is none

  std::span<const OptionRow> option_rows() const { return table_.options; }
  // Every optimizer has "lr". Fails naming the options there are, or what is wrong with the value.
  double option(int64_t group, std::string_view name) const;
  void set_option(int64_t group, std::string_view name, double value);

  // Everything a resumed run needs, as tensors: "state.<parameter>.<name>" of the parameter's shape,
  // "state.<parameter>.step" (float32), "param_groups.<group>.<option>" (0-dim float64) and
  // "param_groups.<group>.params" (the parameters' numbers, int64). Shares memory with the optimizer.
  Ref<StateDict> state_dict() const;
  // Copies. Changes nothing when it fails.
  void load_state_dict(const StateDict& dict);

 protected:
  // The options as the caller gave them.
  Optimizer(const OptimizerTable& table, Tensors params, const OptionValues& given);
  ~Optimizer() override = default;

 private:
  class Replay;

  // One parameter whose memory is dense.
  struct Update {
    Tensor param;
    Tensor grad;
    ParamState* state;
  };
  // In a step that is captured into a graph the numbers of the kernels are live, and no state moves on: each
  // replay does that.
  struct CapturedUpdate {
    size_t group;
    std::vector<size_t> params;  // numbers within the group
    OptionValues options;        // of the capture
  };

  const OptionRow& option_row(std::string_view name) const;
  // Makes whatever state the group's step needs and does not have yet, without changing what there is.
  void prepare(const ParamGroup& group, const Tensor& param, ParamState& state) const;
  // Must not fail before the first write: what it needs has been reserved.
  void update(const ParamGroup& group, std::span<const Update> updates, Device device);
  // The live values of an update that is being captured, or null: the group's numbers, and then for each
  // parameter those of its step.
  double* capture(const ParamGroup& group, std::span<const Update> updates, Device device);
  // Writes them for a replay, and moves the parameters' states on.
  void next_live(const CapturedUpdate& captured, double* values) noexcept;
  void check_prepared(const ParamGroup& group, const Tensor& param, const ParamState& state);
  void check_new_params(const Tensors& params) const;
  void load_param_state(const StateDict& dict, const std::string& prefix, const Tensor& param,
                        ParamState& state) const;

  const OptimizerTable& table_;
  std::vector<ParamGroup> groups_;
  OptionValues defaults_;
  std::vector<Update> updates_;         // kept between steps for its memory
  std::vector<OptimizerTensor> batch_;  // likewise
};

}  // namespace tt::optim
