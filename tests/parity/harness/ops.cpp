#include "harness/ops.h"

namespace tt::parity {

const std::map<std::string, Op>& ops() {
  static const std::map<std::string, Op> table{
      {"add", {box(tt_add), ""}},
      {"add_", {box(tt_add_), ""}},
      {"add_scalar", {box(tt_add_scalar), ""}},
      {"add_scalar_", {box(tt_add_scalar_), ""}},
      // matmul
      {"mm", {box(tt_mm), ""}},
      {"bmm", {box(tt_bmm), ""}},
      {"matmul", {box(tt_matmul), ""}},
      {"mv", {box(tt_mv), ""}},
      {"dot", {box(tt_dot), ""}},
      {"addmm", {box(tt_addmm), ""}},
      {"addmm_", {box(tt_addmm_), ""}},
      {"linear", {box(tt_linear), ""}},
  };
  return table;
}

const std::set<std::string>& missing_ops() {
  static const std::set<std::string> names{};
  return names;
}

}  // namespace tt::parity
