/* TinyTorch: streams and events, which order a CUDA device's work. A thread's work goes to its current
 * stream: unless it chooses another, one that all threads share. What is used on a stream other than the one
 * that makes it must be ordered by the caller, with an event. The CPU has no streams (TT_ERR_DEVICE). Waiting
 * calls report what went wrong with the work. */
#ifndef TINYTORCH_STREAM_H_
#define TINYTORCH_STREAM_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_stream tt_stream;
typedef struct tt_event tt_event;

TT_API tt_status tt_stream_new(tt_device_type type, int32_t index, tt_stream** out);
/* The caller's cudaStream_t (NULL: CUDA's default stream), which must outlive the object. */
TT_API tt_status tt_stream_new_from_native(tt_device_type type, int32_t index, void* native, tt_stream** out);
/* The device's shared stream. */
TT_API tt_status tt_stream_default(tt_device_type type, int32_t index, tt_stream** out);
TT_API tt_stream* tt_stream_retain(tt_stream* stream);
/* The last reference waits for the stream's work, unless other objects are of the same stream. The thread
 * whose current stream it is has a reference too. */
TT_API void tt_stream_release(tt_stream* stream);

/* The thread's current stream of the device. set: of the stream's device; `previous` (may be NULL) is a new
 * reference to the one before. */
TT_API tt_status tt_stream_get_current(tt_device_type type, int32_t index, tt_stream** out);
TT_API tt_status tt_stream_set_current(tt_stream* stream, tt_stream** previous);
/* Its cudaStream_t. Borrowed. */
TT_API tt_status tt_stream_native(const tt_stream* stream, void** out);
TT_API tt_status tt_stream_device(const tt_stream* stream, tt_device_type* type, int32_t* index);
/* Waits for the stream's work. */
TT_API tt_status tt_stream_synchronize(const tt_stream* stream);
/* 1 where all of its work is done, else 0. */
TT_API tt_status tt_stream_query(const tt_stream* stream, int32_t* out);
/* What the stream is given from now on begins when `other` has done what it was given until now. */
TT_API tt_status tt_stream_wait_stream(tt_stream* stream, const tt_stream* other);
/* The tensor's memory is used on the stream: once freed, it is not used again before that is over. For a
 * tensor that is made on one stream and used on another; PyTorch's record_stream. */
TT_API tt_status tt_tensor_record_stream(const tt_tensor* tensor, const tt_stream* stream);

/* timing 1: the event can be asked for times. */
TT_API tt_status tt_event_new(tt_device_type type, int32_t index, int32_t timing, tt_event** out);
TT_API tt_event* tt_event_retain(tt_event* event);
TT_API void tt_event_release(tt_event* event);
/* Marks what the stream was given until now. NULL: the thread's current stream. */
TT_API tt_status tt_event_record(tt_event* event, const tt_stream* stream);
/* What the stream (NULL: the thread's current one) is given from now on begins when the event, as it was
 * recorded last, is passed. No effect before the first record. */
TT_API tt_status tt_event_wait(const tt_event* event, const tt_stream* stream);
/* Waits until the event is passed. */
TT_API tt_status tt_event_synchronize(const tt_event* event);
/* 1 where it is passed or was never recorded, else 0. */
TT_API tt_status tt_event_query(const tt_event* event, int32_t* out);
/* Milliseconds between two events that were made with timing, recorded and passed. */
TT_API tt_status tt_event_elapsed(const tt_event* start, const tt_event* end, double* out);

#ifdef __cplusplus
}
#endif

#endif
