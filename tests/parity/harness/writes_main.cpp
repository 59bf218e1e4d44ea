// What may be written to between a call and its backward, for every recorded case: whatever the reference
// lets be written to may be written to, and what it refuses is refused, but for the decisions below.
//   parity_writes [--gtest_...] [family ...]
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "harness/files.h"
#include "harness/graph.h"

using namespace tt::parity;

namespace {

constexpr std::size_t kShown = 5;

// Tensors that the reference keeps and the library does not need, or has a copy of: by op (in place or not)
// and place. docs/architecture.md says why.
const std::set<std::pair<std::string, std::string>> kKeptLess{
    {"addcdiv", "i2"},
    {"avg_pool2d", "i0"},
    {"batch_norm", "o1"},
    {"batch_norm", "o2"},
    {"bilinear", "i1"},
    {"bilinear", "i2"},
    {"celu_", "o0"},
    {"conv2d", "i0"},
    {"conv2d", "i1"},
    {"conv2d_padding", "i0"},
    {"conv2d_padding", "i1"},
    {"copysign", "o0"},
    {"cumprod_", "o0"},
    {"div_mode", "i0"},
    {"div_mode", "i1"},
    {"elu_", "o0"},
    {"gather", "i0"},
    {"index_add", "i3"},
    {"leaky_relu_", "o0"},
    {"lerp", "i2"},
    {"masked_select", "i0"},
    {"max_pool2d", "i0"},
    {"max_pool2d_with_indices", "i0"},
    {"pad", "i0"},
    {"pow", "o0"},
    {"prod", "i0"},
    {"prod", "o0"},
    {"prod_dim", "o0"},
    {"scatter_reduce", "i0"},
    {"scatter_reduce", "i3"},
    {"scatter_reduce", "o0"},
    {"selu_", "o0"},
    {"take_along_dim", "i0"},
};

// Tensors that the library keeps where the reference has had to copy them into shape: by op, place and
// variant.
const std::set<std::tuple<std::string, std::string, std::string>> kKeptMore{
    {"conv2d_padding", "i0", "same_even_f32"}, {"conv2d_padding", "i0", "same_even_f64"},
    {"linear", "i0", "batch_no_bias_f32"},     {"linear", "i0", "batch_no_bias_f64"},
    {"matmul", "i1", "matrix_batch_f32"},      {"matmul", "i1", "matrix_batch_f64"},
    {"matmul", "i1", "vector_batch_f32"},      {"matmul", "i1", "vector_batch_f64"},
};

bool is_decided(std::string op, const std::string& place) {
  if (kKeptLess.contains({op, place})) return true;
  if (op.back() == '_') op.pop_back();
  return kKeptLess.contains({op, place});
}

// What was converted for the op is a copy already.
bool is_converted(const Call& call, const std::string& place) {
  if (place[0] != 'i' || place.find('.') != std::string::npos) return false;
  const auto* input = std::get_if<Tensor>(&call.inputs.at(std::stoul(place.substr(1))));
  const auto* output = std::get_if<Tensor>(&call.outputs.front());
  return input != nullptr && output != nullptr && input->dtype != output->dtype;
}

// The places "i0", "i2.1" or "o0" as (place, tensor).
tt_tensor* tensor_of(const Graph& graph, const std::string& place) {
  const std::size_t dot = place.find('.');
  const auto index = static_cast<std::size_t>(std::stoul(place.substr(1, dot)));
  if (place[0] == 'o') return graph.outputs.at(index);
  const Bound& input = graph.inputs.at(index);
  return dot == std::string::npos ? input.tensor.get()
                                  : input.list.at(std::stoul(place.substr(dot + 1))).get();
}

std::vector<std::string> places_of(const Call& call) {
  std::vector<std::string> out;
  for (std::size_t i = call.op.back() == '_' ? 1 : 0; i < call.inputs.size(); ++i) {
    const std::string place = "i" + std::to_string(i);
    if (std::holds_alternative<Tensor>(call.inputs[i])) {
      out.push_back(place);
    } else if (auto* list = std::get_if<std::vector<Tensor>>(&call.inputs[i])) {
      for (std::size_t j = 0; j < list->size(); ++j) out.push_back(place + "." + std::to_string(j));
    }
  }
  for (std::size_t k = 0; k < call.outputs.size(); ++k) {
    if (std::holds_alternative<Tensor>(call.outputs[k])) out.push_back("o" + std::to_string(k));
  }
  return out;
}

// The call with no other leaves than these.
Call with_leaves(const Call& call, const std::vector<std::string>& leaves) {
  Call out = call;
  const auto set = [&](Tensor& t, const std::string& place) {
    t.requires_grad = std::find(leaves.begin(), leaves.end(), place) != leaves.end();
  };
  for (std::size_t i = 0; i < out.inputs.size(); ++i) {
    const std::string place = "i" + std::to_string(i);
    if (auto* t = std::get_if<Tensor>(&out.inputs[i])) {
      set(*t, place);
    } else if (auto* list = std::get_if<std::vector<Tensor>>(&out.inputs[i])) {
      for (std::size_t j = 0; j < list->size(); ++j) set((*list)[j], place + "." + std::to_string(j));
    }
  }
  return out;
}

struct Outcome {
  bool done = false;
  std::string message;
};

// Calls, writes, and goes back.
Outcome backward_after_write(const Op& op, const Call& call, const std::string& place) {
  Graph graph;
  start(op, call, graph);
  if (graph.status != TT_OK) return {false, std::string("the call failed: ") + tt_last_error()};
  check(tt_set_grad_enabled(0, nullptr));
  const tt_status written = tt_zero_(tensor_of(graph, place));
  check(tt_set_grad_enabled(1, nullptr));
  if (written != TT_OK) return {false, std::string("the write failed: ") + tt_last_error()};
  const Leaves from = leaves_of(call, graph);
  const Roots to = roots_of(call, graph, false);
  tt_backward_options options = TT_BACKWARD_OPTIONS_INIT;
  options.allow_unused = 1;
  std::vector<tt_tensor*> grads(from.tensors.size());
  const tt_status status = tt_grad(to.outputs.data(), to.outputs.size(), from.tensors.data(),
                                   from.tensors.size(), to.cotangents.data(), &options, grads.data());
  const std::vector<Handle> owners = take_all(grads);
  return {status == TT_OK, status == TT_OK ? "" : tt_last_error()};
}

std::string problem(const Op& op, const Record& record, const Call& call, const Writable& writable,
                    const std::string& place) {
  const bool allowed =
      std::find(writable.tensors.begin(), writable.tensors.end(), place) != writable.tensors.end();
  const Outcome outcome = backward_after_write(op, call, place);
  const bool refused = outcome.message.find("written to in place") != std::string::npos;
  if (!outcome.done && !refused) return outcome.message;
  if (outcome.done == allowed) return "";
  if (outcome.done) {
    const bool decided = is_decided(call.op, place) || is_converted(call, place);
    return decided ? "" : "let be, though the reference refuses it";
  }
  if (kKeptMore.contains({call.op, place, record.variant})) return "";
  return "refused, though the reference lets it be: " + outcome.message;
}

class WritesTest : public testing::Test {
 public:
  explicit WritesTest(std::vector<const Record*> records) : records_(std::move(records)) {}

  void TestBody() override {
    const Op& op = ops().at(records_.front()->name);
    std::size_t failed = 0;
    std::string text;
    for (const Record* record : records_) {
      for (const Writable& writable : record->call().writable) {
        const Call call = with_leaves(record->call(), writable.leaves);
        for (const std::string& place : places_of(call)) {
          const std::string why = problem(op, *record, call, writable, place);
          if (why.empty() || ++failed > kShown) continue;
          text += "  " + record->variant + ", " + writable.leaves.front() +
                  (writable.leaves.size() > 1 ? " and others" : "") + " with gradients, " + place +
                  " written to: " + why + "\n";
        }
      }
    }
    if (failed != 0) ADD_FAILURE() << records_.front()->name << ": " << failed << " wrong\n" << text;
  }

 private:
  std::vector<const Record*> records_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (const auto& [family, records] : load_families({argv + 1, argv + argc})) {
    std::map<std::string, std::vector<const Record*>> by_op;
    for (const Record& record : records) {
      if (record.kind == Record::Kind::kCase && !record.call().writable.empty() &&
          !missing_ops().contains(record.name)) {
        by_op[record.name].push_back(&record);
      }
    }
    for (const auto& [op, cases] : by_op) {
      testing::RegisterTest(family.c_str(), op.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [cases = cases]() -> testing::Test* { return new WritesTest(cases); });
    }
  }
  return RUN_ALL_TESTS();
}
