// In-place writes through views: PyTorch's rules for whose history changes.
#pragma once

#include "autograd/meta.h"

namespace tt {

// Derives a stale view's history from its base: as_strided of the base as it is now.
void refresh_view_history(const Tensor& view);

}  // namespace tt
