// Runs one recorded case through the C ABI and holds everything that comes out against the reference.
#pragma once

#include <string>
#include <vector>

#include "harness/graph.h"
#include "harness/ops.h"

namespace tt::parity {

// What is wrong; empty where all is right.
std::vector<std::string> run_case(const Op& op, const Call& call);

}  // namespace tt::parity
