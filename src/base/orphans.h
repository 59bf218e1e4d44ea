// Objects that own others of their kind, chains of any length: the last reference to one goes without a
// recursion.
#pragma once

#include "base/ref.h"

namespace tt {

// For destructors: gives the reference back, and if it is the last one, not before the destructors of that
// kind that the thread is in have ended. T has a member `T* next_orphan`, which is for this alone.
template <typename T>
void let_go(Ref<T> owned) noexcept {
  static constinit thread_local T* t_orphans = nullptr;
  static constinit thread_local bool t_releasing = false;
  if (!owned || owned->use_count() > 1) return;
  owned->next_orphan = t_orphans;
  t_orphans = owned.detach();
  if (t_releasing) return;
  t_releasing = true;
  while (T* const orphan = t_orphans) {
    t_orphans = orphan->next_orphan;
    orphan->release();
  }
  t_releasing = false;
}

}  // namespace tt
