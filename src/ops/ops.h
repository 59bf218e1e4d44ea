// Every op of the engine, by family. Semantics are those of PyTorch's function of the same name.
#pragma once

#include "ops/create.h"
#include "ops/matmul.h"
#include "ops/pointwise.h"
#include "ops/reduce.h"
#include "ops/view.h"
