// Every allocation of every recorded op and of its gradient fails in turn:
//   parity_failing [family ...]
// The call must succeed or give TT_ERR_OUT_OF_MEMORY; then its outputs are NULL, its inputs show what they
// did, in version, history and memory, and the same call gives what it would have given. Nothing may leak.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>

#include "capi/failing_allocations.h"
#include "harness/compare.h"
#include "harness/files.h"
#include "harness/graph.h"

using namespace tt::parity;

namespace {

// Of each op, spread over what was recorded.
constexpr std::size_t kCases = 6;
constexpr int kShown = 20;

int g_problems = 0;

void problem(const Record& record, std::int64_t n, const std::string& text) {
  if (++g_problems <= kShown)
    std::printf("%s %s, allocation %d failing: %s\n", record.name.c_str(), record.variant.c_str(),
                static_cast<int>(n), text.c_str());
}

// What a failed call must leave of a tensor.
struct State {
  Tensor shown;
  const unsigned char* address = nullptr;
  std::int64_t version = 0;
  std::string grad_fn;

  explicit State(const tt_tensor* t) {
    const Seen seen = see(t);
    shown = seen.tensor;
    address = seen.address;
    check(tt_tensor_version(t, &version));
    char name[128];
    check(tt_tensor_grad_fn(t, name, sizeof name, nullptr));
    grad_fn = name;
  }
};

std::string changed(const State& before, const State& now) {
  std::string why = difference(now.shown, before.shown, 0, 0);
  if (why.empty() && now.shown.strides != before.shown.strides) why = "other strides";
  if (why.empty() && now.shown.requires_grad != before.shown.requires_grad) why = "requires_grad";
  if (why.empty() && now.address != before.address) why = "other memory";
  if (why.empty() && now.version != before.version) why = "version";
  if (why.empty() && now.grad_fn != before.grad_fn)
    why = "grad_fn " + now.grad_fn + ", was " + before.grad_fn;
  return why;
}

std::vector<State> states_of(const Graph& graph) {
  std::vector<State> out;
  for (const Bound& input : graph.inputs) {
    if (input.tensor) out.emplace_back(input.tensor.get());
    for (const Handle& item : input.list) out.emplace_back(item.get());
  }
  return out;
}

class Failing {
 public:
  Failing(const Op& op, const Record& record) : op_(op), record_(record), call_(record.call()) {}

  void run() {
    plain();  // makes what is made when first used
    const Counts before;
    std::int64_t n = 0;
    while (g_problems < kShown && forward(n)) ++n;
    if (!call_.gradients.empty()) {
      for (n = 0; g_problems < kShown && backward(n);) ++n;
    }
    plain();
    if (!(Counts() == before)) {
      const Counts now;
      problem(record_, -1,
              std::to_string(now.library - before.library) + " blocks of the library and " +
                  std::to_string(now.runtime - before.runtime) + " of the runtime leaked");
    }
  }

 private:
  void plain() {
    Graph graph;
    start(op_, call_, graph);
    check(graph.status);
    if (!call_.gradients.empty()) check(gradient(graph, -1));
  }

  bool allowed(tt_status status, std::int64_t n) {
    if (status == TT_OK) return true;
    if (status != TT_ERR_OUT_OF_MEMORY)
      problem(record_, n, std::string(tt_status_name(status)) + ": " + tt_last_error());
    return false;
  }

  // Whether there is an n-th allocation.
  bool forward(std::int64_t n) {
    Graph graph;
    bool reached = false;
    std::vector<State> before;
    Watch watch{[&] {
                  before = states_of(graph);
                  fail_allocation(n);
                },
                [&] { reached = stop_failing(); }};
    g_watch = &watch;
    start(op_, call_, graph);
    g_watch = nullptr;
    if (allowed(graph.status, n)) return reached;
    for (tt_tensor*& output : graph.frame.outputs) {
      if (output != nullptr && output != kUntouched) problem(record_, n, "an output was given");
      output = nullptr;
    }
    const std::vector<State> after = states_of(graph);
    for (std::size_t i = 0; i < before.size(); ++i) {
      const std::string why = changed(before[i], after[i]);
      if (!why.empty()) problem(record_, n, "tensor " + std::to_string(i) + " was changed: " + why);
    }
    again(graph, n);
    return reached;
  }

  // The call on the same tensors.
  void again(Graph& graph, std::int64_t n) {
    graph.frame = {};
    graph.frame.inputs = &graph.inputs;
    if (op_.call(graph.frame) != TT_OK)
      return problem(record_, n, std::string("then it fails: ") + tt_last_error());
    const bool in_place = call_.op.back() == '_' && graph.frame.outputs.empty();
    if (call_.outputs.empty() || !std::holds_alternative<Tensor>(call_.outputs[0])) return;
    if (!in_place && graph.frame.outputs.empty()) return;
    const tt_tensor* result = in_place ? graph.inputs[0].tensor.get() : graph.frame.outputs[0];
    const std::string why =
        difference(see(result).tensor, std::get<Tensor>(call_.outputs[0]), call_.rtol, call_.atol);
    if (!why.empty()) problem(record_, n, "then its result is another: " + why);
  }

  tt_status gradient(const Graph& graph, std::int64_t n) {
    const Leaves from = leaves_of(call_, graph);
    const Roots to = roots_of(call_, graph, false);
    tt_backward_options options = TT_BACKWARD_OPTIONS_INIT;
    options.allow_unused = 1;
    std::vector<tt_tensor*> grads(from.tensors.size());
    if (n >= 0) fail_allocation(n);
    const tt_status status = tt_grad(to.outputs.data(), to.outputs.size(), from.tensors.data(),
                                     from.tensors.size(), to.cotangents.data(), &options, grads.data());
    if (n >= 0) reached_ = stop_failing();
    take_all(grads);
    return status;
  }

  bool backward(std::int64_t n) {
    Graph graph;
    start(op_, call_, graph);
    check(graph.status);
    const std::vector<State> before = states_of(graph);
    allowed(gradient(graph, n), n);
    const std::vector<State> after = states_of(graph);
    for (std::size_t i = 0; i < before.size(); ++i) {
      const std::string why = changed(before[i], after[i]);
      if (!why.empty())
        problem(record_, n, "tensor " + std::to_string(i) + " was changed by backward: " + why);
    }
    return reached_;
  }

  const Op& op_;
  const Record& record_;
  const Call& call_;
  bool reached_ = false;
};

// Those with gradients first, then evenly spread.
std::vector<const Record*> chosen(std::vector<const Record*> records) {
  std::stable_partition(records.begin(), records.end(),
                        [](const Record* r) { return !r->call().gradients.empty(); });
  const auto plain = std::find_if(records.begin(), records.end(),
                                  [](const Record* r) { return r->call().gradients.empty(); });
  std::vector<const Record*> out;
  const auto take = [&](auto begin, auto end, std::size_t count) {
    const auto size = static_cast<std::size_t>(end - begin);
    count = std::min(count, size);
    for (std::size_t i = 0; i < count; ++i)
      out.push_back(begin[static_cast<std::ptrdiff_t>(i * size / count)]);
  };
  take(records.begin(), plain, kCases - 2);
  take(plain, records.end(), 2);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  check(use_failing_allocator());
  check(tt_set_num_threads(1));
  std::map<std::string, std::vector<const Record*>> by_op;
  for (const auto& [family, records] : load_families({argv + 1, argv + argc})) {
    for (const Record& record : records) {
      if (record.kind == Record::Kind::kCase && !record.call().fails) by_op[record.name].push_back(&record);
    }
  }
  std::size_t cases = 0;
  for (const auto& [name, records] : by_op) {
    const auto found = ops().find(name);
    if (found == ops().end()) continue;
    for (const Record* record : chosen(records)) {
      if (g_problems >= kShown) break;
      try {
        Failing(found->second, *record).run();
        ++cases;
      } catch (const std::exception& error) {
        stop_failing();
        g_watch = nullptr;
        problem(*record, -1, std::string("the harness failed: ") + error.what());
      }
    }
  }
  std::printf("%zu cases of %zu ops\n", cases, by_op.size());
  return g_problems != 0 || cases == 0;
}
