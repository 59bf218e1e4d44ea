/* TinyTorch: exchange of tensors with other libraries without a copy, by DLPack
 * (https://dmlc.github.io/dlpack). The structures are those of dlpack.h; include it beside this header to
 * look into them. */
#ifndef TINYTORCH_DLPACK_H_
#define TINYTORCH_DLPACK_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct DLManagedTensorVersioned;
struct DLManagedTensor;

/* The tensor's memory as DLPack 1.0. Whoever takes it over calls its deleter; until then the memory stays.
 * TT_ERR_AUTOGRAD for a tensor that requires a gradient (use tt_detach). stream: the consumer's cudaStream_t,
 * which waits for the thread's current stream; NULL: CUDA's default stream; (void*)-1: the caller has waited
 * itself. Not looked at for tensors on the CPU. What the stream is given until the deleter is called may use
 * the memory, so the stream must stay until then; for other streams, and after (void*)-1, the consumer waits
 * before it calls the deleter. */
TT_API tt_status tt_to_dlpack(const tt_tensor* tensor, void* stream, struct DLManagedTensorVersioned** out);
/* The same in the structure before 1.0, which cannot say that memory is read-only: TT_ERR_INVALID_ARGUMENT
 * then. */
TT_API tt_status tt_to_dlpack_legacy(const tt_tensor* tensor, void* stream, struct DLManagedTensor** out);

/* A tensor over the memory of a DLPack tensor, whose deleter runs when the last view of it is gone, on the
 * thread that drops it. On a CUDA device that waits for the streams that use the memory: the current one of
 * now and of then, and those of tt_tensor_record_stream; and it waits for graphs that may know the memory, on
 * the thread that releases the last of them. On success the library has taken `managed` over; on failure the
 * caller still owns it. On a CUDA device the producer must have made the thread's current stream wait for it
 * (tt_stream_native tells it which that is). Memory marked read-only refuses in-place writes. TT_ERR_FORMAT
 * for another major version, TT_ERR_DTYPE and TT_ERR_DEVICE for types and devices that there are not here. */
TT_API tt_status tt_from_dlpack(struct DLManagedTensorVersioned* managed, tt_tensor** out);
TT_API tt_status tt_from_dlpack_legacy(struct DLManagedTensor* managed, tt_tensor** out);

#ifdef __cplusplus
}
#endif

#endif
