#include "cuda/conv/conv_device.h"

namespace tt::cuda {

TT_CONV_DATA(, Half)
TT_CONV_DATA(, BFloat16)
TT_CONV_DATA(, float)
TT_CONV_DATA(, double)

}  // namespace tt::cuda
