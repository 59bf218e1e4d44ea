// Matrix products, activations, layers and losses.
#include "harness/ops.h"

namespace tt::parity {

void add_functional_ops(Table& table) {
  TT_OP(mm);
  TT_OP(bmm);
  TT_OP(matmul);
  TT_OP(mv);
  TT_OP(dot);
  TT_OP_INPLACE(addmm);
  TT_OP(addmv);
  TT_OP(baddbmm);
  TT_OP(tensordot);
  TT_OP(bilinear);
  TT_OP(linear);

  // The other activations are rows of the op table.
  TT_OP_INPLACE(relu6);
  TT_OP_INPLACE(leaky_relu);
  TT_OP_INPLACE(elu);
  TT_OP_INPLACE(celu);
  TT_OP(gelu);
  TT_OP(softplus);
  TT_OP_INPLACE(hardtanh);
  TT_OP_INPLACE(threshold);
  TT_OP(softshrink);
  TT_OP(hardshrink);
  TT_OP(prelu);
  TT_OP(glu);
  TT_OP(softsign);
  TT_OP(tanhshrink);

  TT_OP(conv2d);
  TT_OP(conv2d_padding);
  TT_OP(max_pool2d);
  TT_OP(max_pool2d_with_indices);
  TT_OP(avg_pool2d);
  TT_OP(batch_norm);

  TT_OP(softmax);
  TT_OP(log_softmax);
  TT_OP(softmin);
  TT_OP(mse_loss);
  TT_OP(l1_loss);
  TT_OP(smooth_l1_loss);
  TT_OP(huber_loss);
  TT_OP(binary_cross_entropy);
  TT_OP(binary_cross_entropy_with_logits);
  TT_OP(nll_loss);
  TT_OP(cross_entropy);
}

}  // namespace tt::parity
