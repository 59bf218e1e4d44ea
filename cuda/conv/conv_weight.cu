#include "cuda/conv/conv_device.h"

namespace tt::cuda {

TT_CONV_WEIGHT(, Half)
TT_CONV_WEIGHT(, BFloat16)
TT_CONV_WEIGHT(, float)
TT_CONV_WEIGHT(, double)

}  // namespace tt::cuda
