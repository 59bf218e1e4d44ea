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

inline constexpr int kMaxStates = 4;

// What an optimizer remembers of one parameter. The tensors are contiguous, of the parameter's dtype, and in
// the order of the table's rows.
struct ParamState {
  int64_t step = 0;  // 0: the tensors, if there are any, hold nothing yet
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
  explicit Optimizer(const OptimizerTable& table) : RefCounted(Kind::kOptimizer), table_(table) {}
  ~Optimizer() override = default;

  // Makes whatever state the group's step needs and does not have yet, without changing what there is.
  // Called for parameters with a gradient.
  virtual void prepare(const ParamGroup& group, const Tensor& param, ParamState& state) = 0;
  // Allocates whatever `update` needs for so many updates; update itself must not fail.
  virtual void reserve(size_t updates) = 0;
  // One parameter whose memory is dense.
  struct Update {
    Tensor param;
    Tensor grad;
    ParamState* state;
  };
  virtual void update(const ParamGroup& group, std::span<const Update> updates, Device device) = 0;

  // In a step that is captured into a graph the numbers of the kernels are live, and no state moves on: each
  // replay does that.
  struct CapturedUpdate {
    size_t group;
    std::vector<size_t> params;  // numbers within the group
    OptionValues options;        // of the capture
  };
  // Bytes of live values for so many parameters.
  virtual size_t live_bytes(size_t params) const = 0;
  // Writes them for a replay, and moves the parameters' states on.
  virtual void next_live(const CapturedUpdate& captured, void* values) noexcept = 0;
  // The live values of an update that is being captured, or null.
  void* capture(const ParamGroup& group, std::span<const Update> updates, Device device);

  // The options as the caller gave them.
  void set_first_group(Tensors params, const OptionValues& given);

  std::vector<ParamGroup> groups_;

 private:
  class Replay;

  const OptionRow& option_row(std::string_view name) const;
  void check_prepared(const ParamGroup& group, const Tensor& param, const ParamState& state);
  void check_new_params(const Tensors& params) const;
  void load_param_state(const StateDict& dict, const std::string& prefix, const Tensor& param,
                        ParamState& state) const;

  const OptimizerTable& table_;
  OptionValues defaults_;
  std::vector<Update> updates_;  // kept between steps for its memory
};

}  // namespace tt::optim
