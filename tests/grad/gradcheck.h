// Gradients against finite differences, on the recorded float64 cases.
#pragma once

#include <string>

#include "harness/graph.h"

namespace tt::parity {

struct GradCheck {
  std::size_t checked = 0;  // elements
  std::size_t kinks = 0;    // elements where the function has no derivative
  std::string problem;      // "" where all agree
};

// Whether finite differences can be taken: all gradients of the case are float64.
bool can_check(const Call& call);

// First order: d<c, f(x)>/dx. Second order: the same of <v, gradient(x, c)> for x and c, with some v.
GradCheck check_first_order(const Op& op, const Call& call);
GradCheck check_second_order(const Op& op, const Call& call);

}  // namespace tt::parity
