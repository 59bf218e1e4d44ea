// All kernel calls.
#pragma once

#include "device/conv.h"
#include "device/gemm.h"
#include "device/index.h"
#include "device/loss.h"
#include "device/norm.h"
#include "device/optimizer.h"
#include "device/order.h"
#include "device/pointwise.h"
#include "device/pool.h"
#include "device/random.h"
#include "device/reduce.h"
#include "device/softmax.h"

namespace tt {

using AllCalls =
    call::JoinCalls<call::PointwiseCalls, call::ReduceCalls, call::GemmCalls, call::OrderCalls,
                    call::IndexCalls, call::ConvCalls, call::PoolCalls, call::NormCalls, call::SoftmaxCalls,
                    call::LossCalls, call::OptimizerCalls, call::RandomCalls>;

}  // namespace tt
