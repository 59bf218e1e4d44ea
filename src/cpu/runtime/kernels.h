// The CPU's kernels: each file puts its own into the table.
#pragma once

#include "device/kernel_table.h"

namespace tt::cpu {

void add_class_loss(KernelTable& table);
void add_conv(KernelTable& table);
void add_gemm(KernelTable& table);
void add_grad_scaler(KernelTable& table);
void add_index(KernelTable& table);
void add_loss(KernelTable& table);
void add_norm(KernelTable& table);
void add_optimizer(KernelTable& table);
void add_order(KernelTable& table);
void add_pointwise(KernelTable& table);
void add_pool(KernelTable& table);
void add_random(KernelTable& table);
void add_reduce(KernelTable& table);
void add_sequence(KernelTable& table);
void add_softmax(KernelTable& table);
void add_sort(KernelTable& table);

}  // namespace tt::cpu
