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
using Table = std::map<std::string, Op>;

const Table& ops();

// Recorded ops that the library does not have. Each test of one is reported as skipped.
const std::set<std::string>& missing_ops();

// The families' parts of the table.
void add_pointwise_ops(Table& table);
void add_shape_ops(Table& table);
void add_reduce_ops(Table& table);
void add_functional_ops(Table& table);

}  // namespace tt::parity

// One line of a table: tt_name, and where there is an in-place form, tt_name_.
#define TT_OP(name) table[#name] = {box(tt_##name), ""}
#define TT_OP_INPLACE(name) \
  TT_OP(name);              \
  TT_OP(name##_)
// The same of a function of the harness, which has the parameters as they are recorded.
#define TT_OP_AS_RECORDED(name) table[#name] = {box(name), ""}
