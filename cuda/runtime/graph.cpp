#include "cuda/runtime/graph.h"

#include <cuda_runtime.h>

#include <cstring>
#include <memory>
#include <vector>

#include "cuda/runtime/caching_allocator.h"
#include "cuda/runtime/common.h"
#include "cuda/matmul/cublas.h"
#include "cuda/runtime/fault.h"
#include "cuda/runtime/fork.h"
#include "cuda/runtime/memory.h"

namespace tt::cuda {

namespace {

// The graph that is launched consists of what was captured and, before it, of a node for each chunk of live
// values, which a replay gives new parameters.
struct CapturedGraph {
  explicit CapturedGraph(int index) : device(index) {}
  ~CapturedGraph();
  CapturedGraph(const CapturedGraph&) = delete;
  CapturedGraph& operator=(const CapturedGraph&) = delete;

  const int device;
  cudaStream_t stream = nullptr;  // the capture's; its memory is the graph's
  cudaStream_t before = nullptr;  // the thread's, until the capture ends
  bool capturing = false;
  uint64_t* live = nullptr;
  std::vector<std::byte> values;  // that the chunks' nodes have now
  std::vector<cudaGraphNode_t> chunks;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  cudaEvent_t replayed = nullptr;
};

CapturedGraph& of(void* handle) { return *static_cast<CapturedGraph*>(handle); }

// Back to the thread's own stream.
void leave(CapturedGraph& g) {
  g.capturing = false;
  set_capturing(false);
  set_current_stream(g.before);
  allocator().end_capture(g.stream);
}

void destroy(cudaGraph_t graph) noexcept {
  if (graph != nullptr && cudaGraphDestroy(graph) != cudaSuccess) cudaGetLastError();
}

CapturedGraph::~CapturedGraph() {
  const DeviceGuard guard(device);
  if (capturing) {
    cudaGraph_t unwanted = nullptr;
    if (cudaStreamEndCapture(stream, &unwanted) != cudaSuccess) cudaGetLastError();
    destroy(unwanted);
    leave(*this);
  }
  if (replayed != nullptr) {
    if (cudaEventSynchronize(replayed) != cudaSuccess) cudaGetLastError();
    cudaEventDestroy(replayed);
  }
  if (exec != nullptr && cudaGraphExecDestroy(exec) != cudaSuccess) cudaGetLastError();
  destroy(graph);
  if (stream == nullptr) return;
  if (live != nullptr) allocator().deallocate(live, stream);
  forget_blas(stream);
  allocator().retire(stream);
  if (cudaStreamDestroy(stream) != cudaSuccess) cudaGetLastError();
}

// Which are all written, also where the last is not full.
size_t chunks_of(size_t bytes) { return (bytes + LiveChunk::kBytes - 1) / LiveChunk::kBytes; }
size_t chunk_bytes(const CapturedGraph& g, size_t i) {
  return std::min(LiveChunk::kBytes, g.values.size() - i * LiveChunk::kBytes);
}
LiveChunk chunk_of(const CapturedGraph& g, size_t i, const std::byte* values) {
  LiveChunk chunk = {};
  std::memcpy(chunk.words, values + i * LiveChunk::kBytes, chunk_bytes(g, i));
  return chunk;
}
uint64_t* address_of_chunk(const CapturedGraph& g, size_t i) { return g.live + i * LiveChunk::kWords; }

// What `work` starts on the stream, as a graph.
template <typename F>
cudaGraph_t capture(cudaStream_t stream, F&& work) {
  cudaStream_t before = current_stream();
  TT_CUDA_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
  set_current_stream(stream);
  cudaGraph_t graph = nullptr;
  try {
    work();
  } catch (...) {
    set_current_stream(before);
    if (cudaStreamEndCapture(stream, &graph) != cudaSuccess) cudaGetLastError();
    destroy(graph);
    throw;
  }
  set_current_stream(before);
  TT_CUDA_CHECK(cudaStreamEndCapture(stream, &graph));
  return graph;
}

// The chunks' nodes, one after another, then the captured ones.
void put_live_values_first(CapturedGraph& g, size_t count) {
  cudaGraph_t whole = capture(g.stream, [&] {
    for (size_t i = 0; i < count; ++i) {
      launch_write_live(address_of_chunk(g, i), chunk_of(g, i, g.values.data()));
    }
  });
  const std::unique_ptr<CUgraph_st, void (*)(cudaGraph_t) noexcept> captured(std::exchange(g.graph, whole),
                                                                             destroy);
  std::vector<cudaGraphNode_t> nodes(count);
  size_t found = count;
  TT_CUDA_CHECK(cudaGraphGetNodes(whole, nodes.data(), &found));
  // In no order that is promised: a node is known by where it writes.
  g.chunks.assign(count, nullptr);
  for (cudaGraphNode_t node : nodes) {
    cudaKernelNodeParams params = {};
    TT_CUDA_CHECK(cudaGraphKernelNodeGetParams(node, &params));
    uint64_t* to = nullptr;
    std::memcpy(&to, params.kernelParams[0], sizeof to);
    g.chunks[static_cast<size_t>(to - g.live) / LiveChunk::kWords] = node;
  }
  cudaGraphNode_t rest = nullptr;
  TT_CUDA_CHECK(cudaGraphAddChildGraphNode(&rest, whole, &g.chunks.back(), 1, captured.get()));
}

}  // namespace

void* CudaGraphs::begin(Device device) {
  const DeviceGuard guard(device.index);
  refuse_capture("begins another capture");
  auto graph = std::make_unique<CapturedGraph>(device.index);
  CapturedGraph& g = *graph;
  g.before = current_stream();
  TT_CUDA_CHECK(cudaStreamCreateWithFlags(&g.stream, cudaStreamNonBlocking));
  allocator().hold(g.stream);
  g.live = static_cast<uint64_t*>(allocator().allocate(chunks_of(kLiveBytes) * LiveChunk::kBytes, g.stream));
  TT_CUDA_CHECK(cudaEventCreateWithFlags(&g.replayed, cudaEventDisableTiming));
  set_current_stream(g.stream);
  try {
    // What is made when first used cannot be made during a capture.
    current_blas();
    fault_record();
    // Relaxed: nothing that this or another thread does meanwhile is refused or captured, but for this
    // stream. Who waits for the whole device would spoil the capture.
    TT_CUDA_CHECK(cudaStreamBeginCapture(g.stream, cudaStreamCaptureModeRelaxed));
  } catch (...) {
    set_current_stream(g.before);
    throw;
  }
  set_capturing(true);
  g.capturing = true;
  return graph.release();
}

void* CudaGraphs::live(void* graph) { return of(graph).live; }

void CudaGraphs::end(void* graph, size_t live_bytes) {
  CapturedGraph& g = of(graph);
  const DeviceGuard guard(g.device);
  const cudaError_t error = cudaStreamEndCapture(g.stream, &g.graph);
  leave(g);
  if (error == cudaErrorStreamCaptureInvalidated) {
    cudaGetLastError();
    fail(Status::kCuda, "the capture was spoilt by a call that cannot be captured");
  }
  TT_CUDA_CHECK(error);
  g.values.resize(live_bytes);
  if (live_bytes > 0) put_live_values_first(g, chunks_of(live_bytes));
  const auto instantiate = [&] { return cudaGraphInstantiate(&g.exec, g.graph, 0); };
  if (const cudaError_t failed = allocating(cudaErrorMemoryAllocation, instantiate)) {
    fail_cuda(failed, "cudaGraphInstantiate");
  }
}

void CudaGraphs::check_replay(void* graph) {
  const DeviceGuard guard(of(graph).device);
  refuse_capture("replays a graph");
  check_faults();
}

void CudaGraphs::replay(void* graph, const void* values) {
  CapturedGraph& g = of(graph);
  const DeviceGuard guard(g.device);
  const auto* given = static_cast<const std::byte*>(values);
  for (size_t i = 0; i < g.chunks.size(); ++i) {
    const size_t begin = i * LiveChunk::kBytes;
    if (std::memcmp(g.values.data() + begin, given + begin, chunk_bytes(g, i)) == 0) continue;
    cudaKernelNodeParams params = {};
    TT_CUDA_CHECK(cudaGraphKernelNodeGetParams(g.chunks[i], &params));
    LiveChunk chunk = chunk_of(g, i, given);
    uint64_t* to = address_of_chunk(g, i);
    void* arguments[] = {&to, &chunk};
    params.kernelParams = arguments;
    // Launches that are under way keep their own.
    TT_CUDA_CHECK(cudaGraphExecKernelNodeSetParams(g.exec, g.chunks[i], &params));
    std::memcpy(g.values.data() + begin, given + begin, chunk_bytes(g, i));
  }
  cudaStream_t stream = current_stream();
  TT_CUDA_CHECK(cudaGraphLaunch(g.exec, stream));
  TT_CUDA_CHECK(cudaEventRecord(g.replayed, stream));
}

void CudaGraphs::destroy(void* graph) noexcept {
  if (!in_forked_child()) delete &of(graph);
}

}  // namespace tt::cuda
