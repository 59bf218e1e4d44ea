// An ordered list of named tensors: what state_dict, named_parameters and the files exchange.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ref.h"
#include "tensor/tensor.h"

namespace tt {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

class StateDict final : public RefCounted {
 public:
  StateDict() : RefCounted(Kind::kStateDict) {}

  size_t size() const { return entries_.size(); }
  const NamedTensor& at(size_t i) const { return entries_[i]; }
  const std::vector<NamedTensor>& entries() const { return entries_; }

  // Null where there is no such name.
  const Tensor* find(std::string_view name) const;
  // Replaces the tensor of that name, or adds it at the end.
  void set(std::string_view name, Tensor tensor);
  // False where there is no such name.
  bool erase(std::string_view name);

 private:
  ~StateDict() override = default;

  std::vector<NamedTensor> entries_;
  std::unordered_map<std::string, size_t> index_;
};

}  // namespace tt
