// Every op of the engine, by family. Semantics are those of PyTorch's function of the same name.
#pragma once

#include "ops/pointwise/activation.h"
#include "ops/conv/conv.h"
#include "ops/create/create.h"
#include "ops/random/dropout.h"
#include "ops/index/index.h"
#include "ops/loss/loss.h"
#include "ops/matmul/matmul.h"
#include "ops/norm/norm.h"
#include "ops/sort/order.h"
#include "ops/pointwise/pointwise.h"
#include "ops/pool/pool.h"
#include "ops/random/random.h"
#include "ops/reduce/reduce.h"
#include "ops/softmax/softmax.h"
#include "ops/view/view.h"
