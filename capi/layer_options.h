// The options that a function and the module of its name share, as the library knows them.
#pragma once

#include "capi/structs.h"
#include "nn/loss.h"
#include "nn/norm.h"
#include "ops/conv/conv.h"
#include "ops/pool/pool.h"

namespace tt::capi {

// Of a convolution over `spatial` dimensions. bias: where a module's goes; null for a function, whose own
// argument decides.
ops::ConvOptions conv_options_in(const tt_conv_options* options, int spatial, bool* bias);

enum class PoolKind { kMax, kAverage };
// Of a pooling over two dimensions.
ops::PoolOptions pool_options_in(const int64_t* kernel_size, const tt_pool_options* options, PoolKind kind);

enum class NormUse { kFunction, kModule };
nn::NormOptions norm_options_in(const tt_norm_options* options, NormUse use);

// What a loss has besides the reduction.
namespace loss_has {
enum : unsigned { kNoMore = 0, kIgnoreIndex = 1, kLabelSmoothing = 2, kBeta = 4, kDelta = 8 };
}
// Without the tensors.
nn::LossSettings loss_options_in(const tt_loss_options* options, unsigned has);

}  // namespace tt::capi
