#include "harness/run_case.h"

#include <cstring>

#include "harness/compare.h"

namespace tt::parity {
namespace {

std::string place(const std::string& what, int index, int item) {
  return what + " " + std::to_string(index) + (item < 0 ? "" : "." + std::to_string(item));
}

class CaseRun {
 public:
  CaseRun(const Op& op, const Call& call) : op_(op), call_(call), inplace_(call.op.back() == '_') {}

  std::vector<std::string> run() {
    if (call_.fails) {
      if (!capturing_calls()) failure();
      return std::move(problems_);
    }
    forward();
    // A replay of an in-place op is a write: what was kept for its gradient is out of date then.
    if (capturing_calls() && inplace_) return std::move(problems_);
    if (problems_.empty() && !call_.gradients.empty()) gradients();
    return std::move(problems_);
  }

 private:
  void problem(const std::string& text) { problems_.push_back(text); }

  void forward() {
    Graph graph;
    start(op_, call_, graph);
    if (graph.status != TT_OK) return problem(std::string("failed: ") + tt_last_error());
    std::size_t tensors = 0;
    std::size_t numbers = 0;
    for (std::size_t k = 0; k < call_.outputs.size(); ++k) {
      const Value& want = call_.outputs[k];
      if (auto* t = std::get_if<Tensor>(&want)) {
        if (tensors == graph.outputs.size()) return problem("too few results");
        output(graph, static_cast<int>(k), graph.outputs[tensors++], *t);
      } else {
        if (numbers == graph.frame.flags.size()) return problem("too few results");
        const std::string why = difference(graph.frame.flags[numbers++], as_double(want), 0, 0);
        if (!why.empty()) problem(place("result", static_cast<int>(k), -1) + ": " + why);
      }
    }
    if (tensors != graph.outputs.size()) problem("more results than expected");
    unchanged(graph, inplace_ ? 1 : 0);
  }

  // Results lie in memory as the reference's do; how far apart the ends of a dimension of size 1 are tells
  // nothing.
  void laid_out(const std::string& name, const Tensor& got, const Tensor& want) {
    bool same = true;
    for (std::size_t d = 0; d < want.sizes.size(); ++d)
      same = same && (want.sizes[d] == 1 || got.strides[d] == want.strides[d]);
    if (!same && want.numel() > 0)
      problem(name + ": strides " + to_text(got.strides) + ", expected " + to_text(want.strides));
  }

  void output(const Graph& graph, int k, tt_tensor* got, const Tensor& want) {
    const std::string name = place("result", k, -1);
    const Seen seen = see(got);
    const std::string why = difference(seen.tensor, want, call_.rtol, call_.atol);
    if (!why.empty()) return problem(name + ": " + why);
    if (seen.tensor.requires_grad != want.requires_grad)
      problem(name + (want.requires_grad ? " does not require a gradient" : " requires a gradient"));
    if (want.alias >= 0) {
      const Bound& input = graph.inputs[static_cast<std::size_t>(want.alias)];
      const Tensor* recorded = std::get_if<Tensor>(&call_.inputs[static_cast<std::size_t>(want.alias)]);
      const Handle* owner = &input.tensor;
      if (recorded == nullptr) {
        recorded = &std::get<std::vector<Tensor>>(
            call_.inputs[static_cast<std::size_t>(want.alias)])[static_cast<std::size_t>(want.alias_item)];
        owner = &input.list[static_cast<std::size_t>(want.alias_item)];
      }
      if (inplace_ && want.alias == 0 && graph.target) owner = &graph.target;
      if (seen.tensor.strides != want.strides)
        problem(name + ": strides " + to_text(seen.tensor.strides) + ", expected " + to_text(want.strides));
      if (inplace_) return;  // the address is its own, and the offset may have changed with it
      const auto offset =
          (seen.address - see(owner->get()).address) / static_cast<std::ptrdiff_t>(size_of(want.dtype)) +
          recorded->offset;
      if (want.numel() > 0 && offset != want.offset)
        problem(name + ": lies at offset " + std::to_string(offset) + " of the input, expected " +
                std::to_string(want.offset));
      return;
    }
    laid_out(name, seen.tensor, want);
    if (want.numel() > 0 && !inplace_ && !(call_.op == "batch_norm" && k > 0)) {
      for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
        if (lies_in(seen.address, graph.inputs[i].tensor, call_.inputs[i]))
          problem(name + " shares the memory of input " + std::to_string(i));
      }
    }
  }

  static bool lies_in(const unsigned char* address, const Handle& input, const Value& value) {
    const Tensor* recorded = std::get_if<Tensor>(&value);
    if (recorded == nullptr || !input) return false;
    const unsigned char* begin =
        see(input.get()).address - static_cast<std::size_t>(recorded->offset) * size_of(recorded->dtype);
    return address >= begin && address < begin + recorded->data.size();
  }

  // Inputs from `first` on still show what they did.
  void unchanged(const Graph& graph, std::size_t first) {
    for (std::size_t i = first; i < graph.inputs.size(); ++i) {
      const Value& value = call_.inputs[i];
      if (auto* t = std::get_if<Tensor>(&value)) {
        if (!is_output_alias(static_cast<int>(i)))
          same(graph.inputs[i].tensor, *t, place("input", static_cast<int>(i), -1));
      } else if (auto* list = std::get_if<std::vector<Tensor>>(&value)) {
        for (std::size_t j = 0; j < list->size(); ++j)
          same(graph.inputs[i].list[j], (*list)[j], place("input", static_cast<int>(i), static_cast<int>(j)));
      }
    }
  }

  // batch_norm's running statistics are recorded among the results.
  bool is_output_alias(int input) const {
    if (inplace_ || call_.op != "batch_norm") return false;
    return input == 1 || input == 2;
  }

  void same(const Handle& now, const Tensor& before, const std::string& name) {
    const std::string why = difference(see(now.get()).tensor, shown(before), 0, 0);
    if (!why.empty()) problem(name + " was changed: " + why);
  }

  // A device may find wrong values while it works, and report them when the results are read.
  static bool fails_when_read(const Graph& graph) {
    try {
      for (const tt_tensor* output : graph.outputs) see(output);
    } catch (const CallFailed&) {
      return true;
    }
    return work_failed();  // where the results are empty
  }

  void failure() {
    Graph graph;
    start(op_, call_, graph);
    const bool not_implemented = call_.error.starts_with("NotImplementedError");
    if (graph.status == TT_OK) {
      // Where the reference merely lacks a kernel, there may be one here.
      if (not_implemented || fails_when_read(graph)) return;
      return problem("did not fail; the reference says " + call_.error);
    }
    const std::string message = tt_last_error();
    const std::string head = (op_.function.empty() ? "tt_" + call_.op : op_.function) + ": ";
    if (!message.starts_with(head) || message.size() <= head.size())
      problem("the message does not start with \"" + head + "\": " + message);
    if (graph.status == TT_ERR_INTERNAL) problem("an internal error: " + message);
    if (tt_last_status() != graph.status) problem("tt_last_status is not the call's status");
    for (tt_tensor*& output : graph.frame.outputs) {
      if (output != nullptr) problem("an output was not set to NULL");
      output = nullptr;
    }
    unchanged(graph, 0);
  }

  // ---- gradients ----

  // `none` stands for zeros as well.
  void compare(const std::string& name, const tt_tensor* got, const Value* want) {
    if (want == nullptr) return problem(name + " is not recorded");
    if (is_none(*want)) {
      if (got != nullptr && !all_zero(see(got).tensor))
        problem(name + " is not zero, the reference has none");
      return;
    }
    const Tensor& expected = std::get<Tensor>(*want);
    if (got == nullptr) {
      if (!all_zero(expected)) problem(name + " is missing");
      return;
    }
    const std::string why = difference(see(got).tensor, expected, call_.rtol, call_.atol);
    if (!why.empty()) problem(name + ": " + why);
  }

  void gradients() {
    Graph graph;
    start(op_, call_, graph);
    const Leaves from = leaves_of(call_, graph);
    const Roots to = roots_of(call_, graph, false);
    tt_backward_options options = TT_BACKWARD_OPTIONS_INIT;
    options.allow_unused = 1;
    options.retain_graph = 1;
    std::vector<tt_tensor*> grads(from.tensors.size());
    const auto grad = [&] {
      return tt_grad(to.outputs.data(), to.outputs.size(), from.tensors.data(), from.tensors.size(),
                     to.cotangents.data(), &options, grads.data());
    };
    if (captured(grad) != TT_OK) return problem(std::string("tt_grad failed: ") + tt_last_error());
    {
      const std::vector<Handle> owners = take_all(grads);
      for (std::size_t i = 0; i < grads.size(); ++i)
        compare(place("gradient", from.places[i].first, from.places[i].second), grads[i],
                find(call_.gradients, from.places[i]));
    }
    if (!problems_.empty() || capturing_calls()) return;
    accumulated(from, to);
    if (problems_.empty() && !call_.probes.empty()) second_order();
  }

  // The retained graph once more, into .grad.
  void accumulated(const Leaves& from, const Roots& to) {
    if (tt_backward_multi(to.outputs.data(), to.cotangents.data(), to.outputs.size(), nullptr) != TT_OK)
      return problem(std::string("tt_backward_multi failed: ") + tt_last_error());
    for (std::size_t i = 0; i < from.tensors.size(); ++i) {
      tt_tensor* grad = nullptr;
      check(tt_tensor_grad(from.tensors[i], &grad));
      const Handle owner(grad);
      compare(place(".grad of input", from.places[i].first, from.places[i].second), grad,
              find(call_.gradients, from.places[i]));
    }
  }

  void second_order() {
    Graph graph;
    start(op_, call_, graph);
    Leaves from = leaves_of(call_, graph);
    const Roots to = roots_of(call_, graph, true);
    tt_backward_options options = TT_BACKWARD_OPTIONS_INIT;
    options.allow_unused = 1;
    options.create_graph = 1;
    std::vector<tt_tensor*> grads(from.tensors.size());
    if (tt_grad(to.outputs.data(), to.outputs.size(), from.tensors.data(), from.tensors.size(),
                to.cotangents.data(), &options, grads.data()) != TT_OK)
      return problem(std::string("tt_grad with create_graph failed: ") + tt_last_error());
    const std::vector<Handle> owners = take_all(grads);
    std::vector<Handle> probes;
    std::vector<tt_tensor*> outputs, cotangents;
    for (std::size_t i = 0; i < grads.size(); ++i) {
      compare(place("gradient under create_graph", from.places[i].first, from.places[i].second), grads[i],
              find(call_.gradients, from.places[i]));
      const Value* probe = find(call_.probes, from.places[i]);
      if (probe == nullptr || grads[i] == nullptr) continue;
      std::int32_t requires_grad = 0;
      check(tt_tensor_requires_grad(grads[i], &requires_grad));
      if (requires_grad == 0) continue;  // constant: it adds nothing
      probes.push_back(make_contiguous(std::get<Tensor>(*probe), false));
      outputs.push_back(grads[i]);
      cotangents.push_back(probes.back().get());
    }
    std::vector<tt_tensor*> targets = from.tensors;
    targets.insert(targets.end(), to.cotangents.begin(), to.cotangents.end());
    std::vector<tt_tensor*> second(targets.size(), nullptr);
    options.create_graph = 0;
    if (!outputs.empty() && tt_grad(outputs.data(), outputs.size(), targets.data(), targets.size(),
                                    cotangents.data(), &options, second.data()) != TT_OK)
      return problem(std::string("tt_grad of the gradients failed: ") + tt_last_error());
    const std::vector<Handle> second_owners = take_all(second);
    for (std::size_t i = 0; i < from.tensors.size(); ++i)
      compare(place("second gradient", from.places[i].first, from.places[i].second), second[i],
              find(call_.second, from.places[i]));
    for (std::size_t k = 0; k < to.cotangents.size(); ++k) {
      const int index = call_.output_gradients[k].index;
      compare(place("second gradient for the cotangent of result", index, -1),
              second[from.tensors.size() + k], find(call_.second_outputs, {index, -1}));
    }
  }

  const Op& op_;
  const Call& call_;
  const bool inplace_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> run_case(const Op& op, const Call& call) {
  try {
    return CaseRun(op, call).run();
  } catch (const CallFailed& failure) {
    return {std::string("the harness failed: ") + failure.what()};
  } catch (const NotExpressible&) {
    if (call.fails) return {};
    return {"the function cannot be called with these arguments"};
  } catch (const std::bad_variant_access&) {
    return {"an argument is of another type than the function's parameter"};
  }
}

}  // namespace tt::parity
