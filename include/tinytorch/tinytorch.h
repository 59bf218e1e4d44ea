/* TinyTorch: the whole C API. */
#ifndef TINYTORCH_TINYTORCH_H_
#define TINYTORCH_TINYTORCH_H_

#include "tinytorch/amp.h"
#include "tinytorch/autograd.h"
#include "tinytorch/base.h"
#include "tinytorch/cuda.h"
#include "tinytorch/data.h"
#include "tinytorch/dlpack.h"
#include "tinytorch/functional.h"
#include "tinytorch/graph.h"
#include "tinytorch/index.h"
#include "tinytorch/io.h"
#include "tinytorch/linalg.h"
#include "tinytorch/nn.h"
#include "tinytorch/optim.h"
#include "tinytorch/pointwise.h"
#include "tinytorch/print.h"
#include "tinytorch/random.h"
#include "tinytorch/reduce.h"
#include "tinytorch/stream.h"
#include "tinytorch/tensor.h"
#include "tinytorch/view.h"

#endif
