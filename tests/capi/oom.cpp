// Every allocation of a training step fails in turn. The step must then either
// succeed or give TT_ERR_OUT_OF_MEMORY, nothing may leak, and the next step must give what it would have
// given.
#include <cstdio>
#include <cstring>

#include "check.h"
#include "failing_allocations.h"
#include "model.h"

namespace {

constexpr int kSteps = 3;
constexpr std::uint64_t kSeed = 17;

struct Expected {
  double losses[kSteps + 1];
  float values[kSteps + 1][kModelValues];
};
Expected g_expected;

void record_expected() {
  Model model;
  OK(model_new(kSeed, &model));
  for (int step = 0; step <= kSteps; ++step) {
    OK(model_step(&model, &g_expected.losses[step]));
    OK(model_read(&model, g_expected.values[step]));
  }
  model_free(&model);
}

bool allowed(tt_status status, const char* what, std::int64_t n) {
  if (status == TT_OK) return true;
  if (status == TT_ERR_OUT_OF_MEMORY && std::strstr(tt_last_error(), "out of memory") != nullptr) return true;
  ++check_failures;
  std::fprintf(stderr, "%s with allocation %d failing: %s: %s\n", what, static_cast<int>(n),
               tt_status_name(status), tt_last_error());
  return false;
}

void same_values(const Model& model, int step, const char* when, std::int64_t n) {
  float values[kModelValues];
  OK(model_read(&model, values));
  if (std::memcmp(values, g_expected.values[step], sizeof values) == 0) return;
  ++check_failures;
  std::fprintf(stderr, "allocation %d failing: other parameters %s step %d\n", static_cast<int>(n), when,
               step);
}

// Step `at` with its n-th allocation failing. Returns whether there is such an allocation.
bool failing_step(int at, std::int64_t n) {
  const Counts before;
  Model model;
  double loss = 0;
  OK(model_new(kSeed, &model));
  for (int step = 0; step < at; ++step) OK(model_step(&model, &loss));
  fail_allocation(n);
  const tt_status status = model_step(&model, &loss);
  const bool reached = stop_failing();
  if (allowed(status, "a step", n) && status != TT_OK) {
    if (at > 0) same_values(model, at - 1, "after a failed", n);
    OK(model_step(&model, &loss));
  }
  CHECK(loss == g_expected.losses[at]);
  same_values(model, at, "after", n);
  OK(model_step(&model, &loss)); /* and on */
  CHECK(loss == g_expected.losses[at + 1]);
  model_free(&model);
  if (!(Counts() == before)) {
    ++check_failures;
    const Counts now;
    std::fprintf(stderr,
                 "step %d, allocation %d failing: %d blocks of the library and %d of the runtime leaked\n",
                 at, static_cast<int>(n), static_cast<int>(now.library - before.library),
                 static_cast<int>(now.runtime - before.runtime));
  }
  return reached;
}

// A step that is captured and replayed, with the n-th allocation failing.
bool failing_capture(std::int64_t n) {
  const Counts before;
  Model model;
  tt_graph* graph = nullptr;
  double loss = 0;
  OK(model_new(kSeed, &model));
  OK(model_step(&model, &loss)); /* makes the optimizer's state */
  fail_allocation(n);
  tt_status status = tt_graph_new(TT_CPU, 0, &graph);
  if (status == TT_OK) status = tt_graph_capture_begin(graph);
  if (status == TT_OK) status = model_step(&model, nullptr);
  if (status == TT_OK) status = tt_graph_capture_end(graph);
  if (status == TT_OK) status = tt_graph_replay(graph);
  const bool reached = stop_failing();
  if (allowed(status, "a captured step", n) && status != TT_OK) {
    if (graph != nullptr) OK(tt_graph_reset(graph));
    same_values(model, 0, "after a failed", n);
    OK(model_step(&model, &loss));
  }
  same_values(model, 1, "after", n);
  tt_graph_release(graph);
  OK(model_step(&model, &loss)); /* and on */
  CHECK(loss == g_expected.losses[2]);
  model_free(&model);
  CHECK(Counts() == before);
  return reached;
}

// Making a model with its n-th allocation failing.
bool failing_model(std::int64_t n) {
  const Counts before;
  Model model;
  fail_allocation(n);
  const tt_status status = model_new(kSeed, &model);
  const bool reached = stop_failing();
  allowed(status, "a new model", n);
  model_free(&model);
  CHECK(Counts() == before);
  return reached;
}

void allocator_errors(tt_allocator allocator) {
  const float values[] = {1, 2};
  tt_tensor* alive = vector_of(values, 2);
  FAILS(tt_set_allocator(&allocator), TT_ERR_INVALID_ARGUMENT, "still in use");
  tt_tensor_release(alive);
  tt_allocator half = allocator;
  half.deallocate = nullptr;
  FAILS(tt_set_allocator(&half), TT_ERR_INVALID_ARGUMENT, "deallocate is NULL");
  half = allocator;
  half.struct_size = 0;
  FAILS(tt_set_allocator(&half), TT_ERR_INVALID_ARGUMENT, "struct_size");
  OK(tt_set_allocator(nullptr));
}

}  // namespace

int main() {
  tt_allocator allocator{};
  allocator.struct_size = sizeof allocator;
  allocator.allocate = library_allocate;
  allocator.deallocate = library_free;
  allocator.direct = 1;
  allocator_errors(allocator);
  OK(use_failing_allocator());
  OK(tt_set_num_threads(1));
  record_expected(); /* and everything that is made once is made now */
  CHECK(g_library_blocks == 0);

  // A request that no machine can meet.
  const std::int64_t huge[1] = {std::int64_t{1} << 44};
  tt_tensor* out = nullptr;
  FAILS(tt_zeros(huge, 1, TT_FLOAT64, &out), TT_ERR_OUT_OF_MEMORY, "");
  CHECK(out == nullptr);
  CHECK(g_library_blocks == 0);

  std::int64_t total = 0, n = 0;
  while (failing_model(n)) ++n;
  CHECK(g_library_blocks == 0);
  total += n;
  for (int at = 0; at < kSteps; ++at) {
    for (n = 0; failing_step(at, n) && check_failures < 20; ++n) {
    }
    CHECK(n > 50); /* the step does allocate, and the failures do reach it */
    total += n;
  }
  for (n = 0; failing_capture(n) && check_failures < 20; ++n) {
  }
  CHECK(n > 50);
  total += n;
  CHECK(g_library_blocks == 0);
  OK(tt_set_allocator(nullptr));
  std::printf("%d allocations failed in turn\n", static_cast<int>(total));
  return finish("oom");
}
