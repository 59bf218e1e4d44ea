/* TinyTorch: graphs: a training step (or other work of the CPU or a CUDA device) that is captured once and
 * replayed with one call, without what every op does before its kernels. Captured on one thread, for one
 * device.
 *
 *   for (i = 0; i < 3; ++i) step();            a few steps first: they make what is made when first used
 *   tt_graph_new(TT_CPU, 0, &graph);        or TT_CUDA
 *   tt_graph_capture_begin(graph);
 *   step();                                    nothing is done, only noted
 *   tt_graph_capture_end(graph);
 *   while (...) tt_graph_replay(graph);        now it is done
 *
 * - Tensors keep their addresses: a replay reads the inputs where they were, so new ones are written there
 * (tt_copy_), and writes the captured results again. Memory that the graph knows is not used for anything
 * else while it lives.
 * - What a step takes from the host is up to date in each replay: an optimizer's options (learning rate,
 * weight decay, betas, ...; tt_optimizer_set_option between replays has effect) and step counts, the random
 * numbers (those that the step would have drawn; on a CUDA device of a Philox generator), the next batch of a
 * loader whose data set is of tensors on the device (of any other, tt_loader_next fails). An option that
 * decides which kernels run (nesterov, amsgrad, maximize, momentum 0 or not) must not change: replay then
 * fails and says so.
 * - What cannot be captured fails with TT_ERR_CUDA (TT_ERR_NOT_IMPLEMENTED for the CPU), and the capture goes
 * on without it: reading values, values from the host, ops whose result's shape depends on values, waiting, a
 * gradient scaler's step. What a callback does besides calling this library is not captured. An optimizer
 * must have made one step before (TT_ERR_INVALID_ARGUMENT).
 * - Results and gradients that a capture makes hold nothing before the first replay: until then, and after a
 * tt_graph_reset that comes before it, whatever would read or write them, backward included, fails with
 * TT_ERR_INVALID_ARGUMENT. Another capture may use them; its replays fail until this graph has been replayed.
 * - Replays write the .grad that the capture left. An eager step between replays that replaces it
 * (tt_backward after zero_grad with set_to_none, tt_tensor_set_grad) leaves the parameter with a .grad that
 * replays neither read nor write: tt_tensor_grad then gives that one. The replayed step itself is right all
 * the same, since it uses its own. To have both meet in one tensor, zero gradients with set_to_none 0 in the
 * eager step.
 * - Wrong values (an index out of bounds, ...) are reported by the replay that meets them: on the CPU what
 * comes before is done, and the rest is not; on a CUDA device as in any step. */
#ifndef TINYTORCH_GRAPH_H_
#define TINYTORCH_GRAPH_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_graph tt_graph;

/* An empty graph. TT_ERR_DEVICE where there is no such device. */
TT_API tt_status tt_graph_new(tt_device_type type, int32_t index, tt_graph** out);
TT_API tt_graph* tt_graph_retain(tt_graph* graph);
/* The last reference waits for the last replay, and ends the capture that the thread has begun. (Released on
 * another thread, the graph lives until the one that captures it ends the capture.) */
TT_API void tt_graph_release(tt_graph* graph);

/* From now on the thread's work for the graph's device is noted instead of done. TT_ERR_INVALID_ARGUMENT
 * unless the graph is empty and the thread captures no other. */
TT_API tt_status tt_graph_capture_begin(tt_graph* graph);
/* The end. On failure the graph is empty. */
TT_API tt_status tt_graph_capture_end(tt_graph* graph);
/* Does the work, or starts it on the thread's current stream. Not on two threads at a time. On failure
 * nothing was started, but for wrong values on the CPU. */
TT_API tt_status tt_graph_replay(tt_graph* graph);
/* Empty again; also in the middle of a capture. */
TT_API tt_status tt_graph_reset(tt_graph* graph);
/* 1 while the thread captures a graph of the device, else 0. */
TT_API tt_status tt_graph_is_capturing(tt_device_type type, int32_t index, int32_t* out);

#ifdef __cplusplus
}
#endif

#endif
