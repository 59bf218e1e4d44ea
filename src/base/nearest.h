// The host may have chosen how its thread rounds. Where a number must not depend on that, such as one that is
// read from text, it is made under this.
#pragma once

#include <cfenv>

namespace tt {

class RoundToNearest {
 public:
  RoundToNearest() : before_(std::fegetround()) {
    if (before_ != FE_TONEAREST) std::fesetround(FE_TONEAREST);
  }
  ~RoundToNearest() {
    if (before_ != FE_TONEAREST) std::fesetround(before_);
  }
  RoundToNearest(const RoundToNearest&) = delete;
  RoundToNearest& operator=(const RoundToNearest&) = delete;

 private:
  const int before_;
};

}  // namespace tt
