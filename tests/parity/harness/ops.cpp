#include "harness/ops.h"

namespace tt::parity {

const Table& ops() {
  static const Table table = [] {
    Table out;
    add_pointwise_ops(out);
    add_shape_ops(out);
    add_reduce_ops(out);
    add_functional_ops(out);
    return out;
  }();
  return table;
}

const std::set<std::string>& missing_ops() {
  static const std::set<std::string> names{};
  return names;
}

}  // namespace tt::parity
