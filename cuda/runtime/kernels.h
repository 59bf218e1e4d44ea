// The CUDA device's kernels: each file puts its own into the table.
#pragma once

#include "device/kernel_table.h"

namespace tt::cuda {

void add_class_loss(KernelTable& table);
void add_conv_backward(KernelTable& table);
void add_conv_forward(KernelTable& table);
void add_count(KernelTable& table);
void add_element_loss(KernelTable& table);
void add_gemm(KernelTable& table);
void add_index(KernelTable& table);
void add_norm(KernelTable& table);
void add_optimizer(KernelTable& table);
void add_order(KernelTable& table);
void add_pointwise(KernelTable& table);
void add_pointwise_copy(KernelTable& table);
void add_pool(KernelTable& table);
void add_random(KernelTable& table);
void add_reduce(KernelTable& table);
void add_sequence(KernelTable& table);
void add_softmax(KernelTable& table);
void add_sort(KernelTable& table);

}  // namespace tt::cuda
