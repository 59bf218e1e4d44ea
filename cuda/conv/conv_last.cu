#include "cuda/conv/conv_device.h"

namespace tt::cuda {

TT_CONV_LAST(, Half)
TT_CONV_LAST(, BFloat16)
TT_CONV_LAST(, float)

}  // namespace tt::cuda
