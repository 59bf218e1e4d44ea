// The ops of the C ABI by the names that the vectors use (OPS.md).
#pragma once

#include <map>
#include <set>
#include <string>

#include "harness/box.h"

namespace tt::parity {

struct Op {
  Boxed call;
  std::string function;  // the C function's name, for its messages; "" is tt_<op>
};

const std::map<std::string, Op>& ops();

// Recorded ops that the library does not have. Each test of one is reported as skipped.
const std::set<std::string>& missing_ops();

}  // namespace tt::parity
