#include "gradcheck.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <set>
#include <sstream>

namespace tt::parity {
namespace {

// Those of PyTorch's gradcheck.
constexpr double kStep = 1e-6;
constexpr double kRelative = 1e-3;
constexpr double kAbsolute = 1e-5;
// One-sided differences that disagree by more than a smooth function's could: a kink or a step.
constexpr double kKink = 1e-2;
constexpr double kLargest = 1e5;
constexpr std::size_t kElements = 16;  // of one tensor, spread evenly

void put(Tensor& t, std::size_t at, double value) {
  std::memcpy(t.data.data() + at * sizeof(double), &value, sizeof(double));
}

// Where element i of the row-major order lies in the recorded storage.
std::size_t place_in_storage(const Tensor& t, std::size_t i) {
  std::int64_t at = t.offset;
  auto rest = static_cast<std::int64_t>(i);
  for (std::size_t d = t.sizes.size(); d-- > 0;) {
    at += rest % t.sizes[d] * t.strides[d];
    rest /= t.sizes[d];
  }
  return static_cast<std::size_t>(at);
}

bool overlaps(const Tensor& t) {
  std::set<std::size_t> seen;
  for (std::size_t i = 0; i < static_cast<std::size_t>(t.numel()); ++i) {
    if (!seen.insert(place_in_storage(t, i)).second) return true;
  }
  return false;
}

double dot(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.stored(); ++i) sum += a.as_double(i) * b.as_double(i);
  return sum;
}

// Something to project on that is the same every time and has no structure.
Tensor probe_for(const Tensor& like) {
  Tensor out = like;
  std::uint64_t state = 0x9E3779B97F4A7C15;
  for (std::size_t i = 0; i < out.stored(); ++i) {
    state = state * 6364136223846793005 + 1442695040888963407;
    put(out, i, static_cast<double>(state >> 40) / (1 << 23) - 1);
  }
  return out;
}

class Checker {
 public:
  Checker(const Op& op, const Call& call) : op_(op), call_(call) {
    // Elements that share memory cannot be moved one by one, so such inputs are taken as dense ones.
    for (Value& value : call_.inputs) {
      if (auto* t = std::get_if<Tensor>(&value); t != nullptr && t->requires_grad && overlaps(*t))
        *t = shown(*t);
    }
  }

  GradCheck first() {
    Graph graph = started();
    const Leaves leaves = leaves_of(call_, graph);
    const Roots roots = roots_of(call_, graph, false);
    const std::vector<Handle> grads = gradients(roots, leaves.tensors, false);
    for (std::size_t i = 0; i < grads.size() && result_.problem.empty(); ++i) {
      const Tensor& x = tensor_at(call_.inputs, leaves.places[i]);
      compare("input", leaves.places[i].first, grads[i], x, [this] { return projection(); });
    }
    return result_;
  }

  GradCheck second() {
    Graph graph = started();
    const Leaves leaves = leaves_of(call_, graph);
    const Roots roots = roots_of(call_, graph, true);
    const std::vector<Handle> grads = gradients(roots, leaves.tensors, true);
    std::vector<tt_tensor*> outputs, cotangents;
    std::vector<Handle> owners;
    probes_.assign(grads.size(), {});
    for (std::size_t i = 0; i < grads.size(); ++i) {
      if (!grads[i]) continue;
      const Seen seen = see(grads[i].get());
      probes_[i] = probe_for(seen.tensor);
      if (!seen.tensor.requires_grad) continue;  // constant
      owners.push_back(make_contiguous(probes_[i], false));
      outputs.push_back(grads[i].get());
      cotangents.push_back(owners.back().get());
    }
    std::vector<tt_tensor*> targets = leaves.tensors;
    targets.insert(targets.end(), roots.cotangents.begin(), roots.cotangents.end());
    std::vector<Handle> second(targets.size());
    if (!outputs.empty()) {
      tt_backward_options options = TT_BACKWARD_OPTIONS_INIT;
      options.allow_unused = 1;
      std::vector<tt_tensor*> found(targets.size(), nullptr);
      check(tt_grad(outputs.data(), outputs.size(), targets.data(), targets.size(), cotangents.data(),
                    &options, found.data()));
      second = take_all(found);
    }
    const auto value = [this] { return gradient_projection(); };
    for (std::size_t i = 0; i < leaves.places.size() && result_.problem.empty(); ++i)
      compare("input", leaves.places[i].first, second[i], tensor_at(call_.inputs, leaves.places[i]), value);
    for (std::size_t k = 0; k < roots.outputs.size() && result_.problem.empty(); ++k)
      compare("cotangent", call_.output_gradients[k].index, second[leaves.places.size() + k],
              std::get<Tensor>(call_.output_gradients[k].value), value);
    return result_;
  }

 private:
  Graph started() {
    Graph graph;
    start(op_, call_, graph);
    check(graph.status);
    return graph;
  }

  static std::vector<Handle> gradients(const Roots& roots, const std::vector<tt_tensor*>& leaves,
                                       bool create_graph) {
    tt_backward_options options = TT_BACKWARD_OPTIONS_INIT;
    options.allow_unused = 1;
    options.create_graph = create_graph;
    std::vector<tt_tensor*> found(leaves.size(), nullptr);
    check(tt_grad(roots.outputs.data(), roots.outputs.size(), leaves.data(), leaves.size(),
                  roots.cotangents.data(), &options, found.data()));
    return take_all(found);
  }

  // <c, f(x)>
  double projection() {
    const Graph graph = started();
    double sum = 0;
    for (const Gradient& g : call_.output_gradients)
      sum += dot(see(graph.outputs[static_cast<std::size_t>(g.index)]).tensor, std::get<Tensor>(g.value));
    return sum;
  }

  // <v, gradient(x, c)>
  double gradient_projection() {
    const Graph graph = started();
    const std::vector<Handle> grads =
        gradients(roots_of(call_, graph, false), leaves_of(call_, graph).tensors, false);
    double sum = 0;
    for (std::size_t i = 0; i < grads.size(); ++i) {
      if (grads[i] && probes_[i].stored() > 0) sum += dot(see(grads[i].get()).tensor, probes_[i]);
    }
    return sum;
  }

  // Moves elements of `x`, which is part of call_.
  void compare(const char* what, int index, const Handle& gradient, const Tensor& x,
               const std::function<double()>& value) {
    const auto count = static_cast<std::size_t>(x.numel());
    const Seen seen = gradient ? see(gradient.get()) : Seen{};
    const bool cotangent = std::strcmp(what, "cotangent") == 0;
    auto& target = const_cast<Tensor&>(x);
    const double middle = value();
    // Not a number, or so large that its rounding hides what a step changes.
    if (!std::isfinite(middle) || std::fabs(middle) > kLargest) {
      result_.kinks += std::min(count, kElements);
      return;
    }
    for (std::size_t k = 0; k < std::min(count, kElements); ++k) {
      const std::size_t i = count <= kElements ? k : k * count / kElements;
      const std::size_t at = cotangent ? i : place_in_storage(x, i);
      const double before = x.as_double(at);
      if (!std::isfinite(before) || before + kStep == before) {
        ++result_.kinks;  // no step can be made
        continue;
      }
      const auto moved = [&](double by) {
        put(target, at, before + by);
        const double result = value();
        put(target, at, before);
        return result;
      };
      const double above = moved(kStep), below = moved(-kStep);
      const double got = gradient ? seen.tensor.as_double(i) : 0;
      const double want = (above - below) / (2 * kStep);
      // A kink shows in the one-sided differences, a step in those of half the width.
      const double half = (moved(kStep / 2) - moved(-kStep / 2)) / kStep;
      const double bend =
          std::max(std::fabs((above - middle) - (middle - below)) / kStep, std::fabs(half - want));
      if (!std::isfinite(above) || !std::isfinite(below) || bend > kKink * (1 + std::fabs(want))) {
        ++result_.kinks;
        continue;
      }
      ++result_.checked;
      if (std::fabs(got - want) <= kAbsolute + kRelative * std::fabs(want)) continue;
      std::ostringstream text;
      text.precision(9);
      text << what << " " << index << " element " << i << ": " << got << ", by differences " << want;
      result_.problem = text.str();
      return;
    }
  }

  const Op& op_;
  Call call_;
  std::vector<Tensor> probes_;
  GradCheck result_;
};

template <typename F>
GradCheck guarded(F&& run) {
  try {
    return run();
  } catch (const CallFailed& failure) {
    GradCheck out;
    out.problem = failure.what();
    return out;
  }
}

}  // namespace

bool can_check(const Call& call) {
  if (call.fails || call.gradients.empty()) return false;
  // A gradient that the reference does not have, as of an empty median, is the parity test's matter.
  for (const Gradient& g : call.gradients) {
    if (is_none(g.value)) continue;
    const auto& values = std::get<Tensor>(g.value);
    if (values.stored() == 0) return false;
  }
  for (const Gradient& g : call.output_gradients) {
    if (std::get<Tensor>(g.value).dtype != Dtype::kFloat64) return false;
  }
  for (const Gradient& g : call.gradients) {
    if (!is_none(g.value) && std::get<Tensor>(g.value).dtype != Dtype::kFloat64) return false;
    if (is_none(g.value)) {
      auto inputs = call.inputs;
      if (tensor_at(inputs, {g.index, g.item}).dtype != Dtype::kFloat64) return false;
    }
  }
  // Elements of an overlapping input are not independent for as_strided, which looks at the memory.
  if (call.op == "as_strided") return !overlaps(std::get<Tensor>(call.inputs[0]));
  return true;
}

GradCheck check_first_order(const Op& op, const Call& call) {
  return guarded([&] { return Checker(op, call).first(); });
}

GradCheck check_second_order(const Op& op, const Call& call) {
  return guarded([&] { return Checker(op, call).second(); });
}

}  // namespace tt::parity
