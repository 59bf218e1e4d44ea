#include "nn/state_dict.h"

namespace tt {

const Tensor* StateDict::find(std::string_view name) const {
  const auto found = index_.find(std::string(name));
  return found == index_.end() ? nullptr : &entries_[found->second].tensor;
}

void StateDict::set(std::string_view name, Tensor tensor) {
  const auto [slot, added] = index_.try_emplace(std::string(name), entries_.size());
  if (!added) {
    entries_[slot->second].tensor = std::move(tensor);
    return;
  }
  try {
    entries_.push_back({std::string(name), std::move(tensor)});
  } catch (...) {
    index_.erase(slot);
    throw;
  }
}

bool StateDict::erase(std::string_view name) {
  const auto found = index_.find(std::string(name));
  if (found == index_.end()) return false;
  const size_t at = found->second;
  index_.erase(found);
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(at));
  for (auto& [key, position] : index_) {
    if (position > at) --position;
  }
  return true;
}

}  // namespace tt
