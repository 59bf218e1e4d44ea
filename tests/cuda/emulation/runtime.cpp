// The runtime's calls on the emulated device: memory, streams, events and graphs.
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "streams.h"

namespace {

// Everything below is under it. Work that runs makes no calls.
std::mutex& runtime_mutex() {
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}
using Lock = std::lock_guard<std::mutex>;

// How often the program waited, or had memory of the host copied to or from the device.
uint64_t waits = 0;
// Kernels, copies and fills that streams were given, those of graphs when they are launched.
uint64_t launches = 0;

thread_local int t_device = 0;
// The second has the first one's memory.
int device_count() {
  static const int count = std::getenv("TINYTORCH_EMULATED_DEVICES") != nullptr ? 2 : 1;
  return count;
}
constexpr size_t kCapacity = size_t{4} << 30;
constexpr size_t kLibraryBytes = size_t{2} << 20;  // of a graph, or of a handle of cuBLAS
// A stream that was given so much begins with it.
constexpr size_t kLongestQueue = 2000;

// ---- memory ----

struct Segments {
  std::map<char*, size_t> blocks;
  size_t used = 0;
};
Segments& segments() {
  static Segments& all = *new Segments;
  return all;
}

bool take_memory(size_t nbytes = kLibraryBytes) {
  Segments& s = segments();
  if (nbytes > kCapacity - s.used) return false;
  s.used += nbytes;
  return true;
}

std::map<void*, size_t>& host_blocks() {
  static auto& all = *new std::map<void*, size_t>;
  return all;
}

bool on_device(const void* data, size_t nbytes) {
  Segments& s = segments();
  auto* at = static_cast<char*>(const_cast<void*>(data));
  auto block = s.blocks.upper_bound(at);
  if (block == s.blocks.begin()) return false;
  --block;
  return at + nbytes <= block->first + block->second;
}

// ---- streams ----

struct Node;
using Nodes = std::vector<std::shared_ptr<Node>>;

// A kernel, other work, or a graph.
struct Node {
  emulation::Kernel kernel;
  dim3 grid, block;
  std::function<void()> work;
  bool counts = false;  // as a launch
  Nodes child;
  std::vector<void*> addresses;  // of the kernel's parameters, for whoever asks

  // What to run, with the parameters of now.
  void enqueue(std::deque<std::function<void()>>& queue) const {
    for (const auto& node : child) node->enqueue(queue);
    if (work) queue.push_back(work);
    launches += counts;
    if (!kernel.thread) return;
    queue.push_back([own = std::make_shared<emulation::Kernel>(kernel.copy()), grid = grid, block = block] {
      emulation::run_grid(grid, block, own->thread);
    });
  }
};

struct Stream {
  std::deque<std::function<void()>> queue;
  bool capturing = false;
  bool spoilt = false;  // by a call that cannot be captured
  Nodes captured;
};

struct Event {
  uint64_t recorded = 0;  // how often the event was given to a stream
  uint64_t passed = 0;    // and how often a stream has come to it
  Stream* stream = nullptr;
};

std::vector<Stream*>& streams() {
  static auto& all = *new std::vector<Stream*>;
  return all;
}

// Null is CUDA's default stream. One that is gone, or never was, ends the program.
Stream& of(cudaStream_t stream) {
  static Stream*& by_default = *new Stream*(nullptr);
  auto* found = reinterpret_cast<Stream*>(stream);
  if (found == nullptr) {
    if (by_default == nullptr) streams().push_back(by_default = new Stream);
    return *by_default;
  }
  if (std::ranges::find(streams(), found) == streams().end()) emulation::die("there is no such stream");
  return *found;
}
// Shared, because streams may still wait for an event that is gone.
std::shared_ptr<Event>& of(cudaEvent_t event) { return *reinterpret_cast<std::shared_ptr<Event>*>(event); }

void run_first(Stream& stream) {
  const std::function<void()> work = std::move(stream.queue.front());
  stream.queue.pop_front();
  work();
}
void run_all(Stream& stream) {
  while (!stream.queue.empty()) run_first(stream);
}
void run_everything() {
  for (Stream* stream : streams()) run_all(*stream);
}
void run_until(const Event& event, uint64_t recorded) {
  while (event.passed < recorded && event.stream != nullptr && !event.stream->queue.empty()) {
    run_first(*event.stream);
  }
}

cudaError_t spoil(Stream& stream) {
  stream.spoilt = true;
  return cudaErrorStreamCaptureUnsupported;
}

cudaError_t give(Stream& stream, std::shared_ptr<Node> node) {
  if (stream.capturing) {
    stream.captured.push_back(std::move(node));
    return cudaSuccess;
  }
  node->enqueue(stream.queue);
  if (stream.queue.size() > kLongestQueue) run_all(stream);
  return cudaSuccess;
}

cudaError_t give(cudaStream_t stream, std::function<void()> work, bool counts = true) {
  auto node = std::make_shared<Node>();
  node->work = std::move(work);
  node->counts = counts;
  return give(of(stream), std::move(node));
}

}  // namespace

// For tests, which find it with dlsym.
extern "C" __attribute__((visibility("default"))) uint64_t emulated_waits() {
  const Lock lock(runtime_mutex());
  return waits;
}
extern "C" __attribute__((visibility("default"))) uint64_t emulated_launches() {
  const Lock lock(runtime_mutex());
  return launches;
}

namespace emulation {

bool on_device(const void* data, size_t nbytes) {
  const Lock lock(runtime_mutex());
  return ::on_device(data, nbytes);
}

cudaError_t submit(cudaStream_t stream, std::function<void()> work) {
  const Lock lock(runtime_mutex());
  return give(stream, std::move(work));
}

bool take_memory() {
  const Lock lock(runtime_mutex());
  return ::take_memory();
}
void give_back_memory() {
  const Lock lock(runtime_mutex());
  segments().used -= kLibraryBytes;
}

void synchronize_device() {
  const Lock lock(runtime_mutex());
  ++waits;
  for (Stream* stream : streams()) {
    if (stream->capturing) spoil(*stream);
  }
  run_everything();
}

cudaError_t launch(const cudaLaunchConfig_t& config, Kernel kernel) {
  const dim3 grid = config.gridDim, block = config.blockDim;
  const uint64_t threads = static_cast<uint64_t>(block.x) * block.y * block.z;
  const bool valid = grid.x > 0 && grid.x <= 0x7fffffffu && grid.y > 0 && grid.y <= 65535 && grid.z > 0 &&
                     grid.z <= 65535 && threads > 0 && threads <= 1024 && config.dynamicSmemBytes <= 48 << 10;
  if (!valid) return cudaErrorInvalidConfiguration;
  size_t bytes = 0;
  for (const auto& [at, size] : kernel.places) bytes += size;
  if (bytes > 4096) return cudaErrorInvalidValue;
  const Lock lock(runtime_mutex());
  auto node = std::make_shared<Node>();
  node->kernel = std::move(kernel);
  node->counts = true;
  node->grid = grid;
  node->block = block;
  return give(of(config.stream), std::move(node));
}

}  // namespace emulation

cudaError_t cudaGetLastError() { return cudaSuccess; }
const char* cudaGetErrorName(cudaError_t) { return "cudaErrorEmulated"; }
const char* cudaGetErrorString(cudaError_t) { return "the emulated device refuses the call"; }
cudaError_t cudaDriverGetVersion(int* version) { return *version = 13000, cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int* version) { return *version = 13000, cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) { return *count = device_count(), cudaSuccess; }
cudaError_t cudaGetDevice(int* device) { return *device = t_device, cudaSuccess; }
cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= device_count()) return cudaErrorInvalidDevice;
  t_device = device;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  *value = attribute == cudaDevAttrComputeCapabilityMajor ? 9 : 0;
  return cudaSuccess;
}
// Few and small, so that grids need several rounds and reductions are cut into parts.
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = cudaDeviceProp{"emulated", 4, 1024, 48 << 10, 99 << 10, 9, 0};
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const Lock lock(runtime_mutex());
  streams().push_back(new Stream);
  *stream = reinterpret_cast<cudaStream_t>(streams().back());
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const Lock lock(runtime_mutex());
  Stream* gone = &of(stream);
  run_all(*gone);
  std::erase(streams(), gone);
  delete gone;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const Lock lock(runtime_mutex());
  ++waits;
  if (of(stream).capturing) return spoil(of(stream));
  run_all(of(stream));
  return cudaSuccess;
}
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  const Lock lock(runtime_mutex());
  if (of(stream).capturing) return spoil(of(stream));
  if (of(stream).queue.empty()) return cudaSuccess;
  run_first(of(stream));
  return cudaErrorNotReady;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  const Lock lock(runtime_mutex());
  if (of(stream).capturing) return spoil(of(stream));
  return give(
      stream, [event = of(event), recorded = of(event)->recorded] { run_until(*event, recorded); }, false);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = reinterpret_cast<cudaEvent_t>(new std::shared_ptr<Event>(new Event));
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const Lock lock(runtime_mutex());
  if (of(stream).capturing) return spoil(of(stream));
  const uint64_t recorded = ++of(event)->recorded;
  of(event)->stream = &of(stream);
  return give(
      stream, [event = of(event), recorded] { event->passed = recorded; }, false);
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  const Lock lock(runtime_mutex());
  Event& e = *of(event);
  if (e.passed >= e.recorded) return cudaSuccess;
  run_first(*e.stream);
  return cudaErrorNotReady;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const Lock lock(runtime_mutex());
  ++waits;
  run_until(*of(event), of(event)->recorded);
  return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  const Lock lock(runtime_mutex());
  if (of(start)->recorded == 0 || of(end)->recorded == 0) return cudaErrorInvalidValue;
  if (of(start)->passed < of(start)->recorded || of(end)->passed < of(end)->recorded)
    return cudaErrorNotReady;
  *milliseconds = 1;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const Lock lock(runtime_mutex());
  delete reinterpret_cast<std::shared_ptr<Event>*>(event);
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** data, size_t nbytes) {
  const Lock lock(runtime_mutex());
  if (!take_memory(nbytes)) return cudaErrorMemoryAllocation;
  void* block =
      mmap(nullptr, nbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (block == MAP_FAILED) emulation::die("the host has no memory");
  segments().blocks[static_cast<char*>(block)] = nbytes;
  *data = block;
  return cudaSuccess;
}
cudaError_t cudaFree(void* data) {
  const Lock lock(runtime_mutex());
  Segments& s = segments();
  const auto block = s.blocks.find(static_cast<char*>(data));
  if (block == s.blocks.end()) return cudaErrorInvalidValue;
  run_everything();
  munmap(data, block->second);
  s.used -= block->second;
  s.blocks.erase(block);
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void** data, size_t nbytes, unsigned) {
  const Lock lock(runtime_mutex());
  *data = std::aligned_alloc(256, (nbytes + 255) / 256 * 256);
  if (*data != nullptr) host_blocks()[*data] = nbytes;
  return *data != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}
cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
  *device = host;
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* data) {
  // Whoever frees too early shall see it.
  const Lock lock(runtime_mutex());
  const auto block = host_blocks().find(data);
  if (block == host_blocks().end()) return cudaErrorInvalidValue;
  memset(data, 0xdb, block->second);
  host_blocks().erase(block);
  std::free(data);
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  const Lock lock(runtime_mutex());
  *total = kCapacity;
  *free = kCapacity - segments().used;
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t nbytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  const Lock lock(runtime_mutex());
  const bool to_device = kind != cudaMemcpyDeviceToHost;
  const bool from_device = kind != cudaMemcpyHostToDevice;
  if (on_device(to, nbytes) != to_device || on_device(from, nbytes) != from_device)
    return cudaErrorInvalidValue;
  waits += kind != cudaMemcpyDeviceToDevice;
  return give(stream, [=] { memmove(to, from, nbytes); });
}
cudaError_t cudaMemcpyPeerAsync(void* to, int, const void* from, int, size_t nbytes, cudaStream_t stream) {
  return cudaMemcpyAsync(to, from, nbytes, cudaMemcpyDeviceToDevice, stream);
}
cudaError_t cudaMemsetAsync(void* data, int value, size_t nbytes, cudaStream_t stream) {
  const Lock lock(runtime_mutex());
  if (!on_device(data, nbytes)) return cudaErrorInvalidValue;
  return give(stream, [=] { memset(data, value, nbytes); });
}

// ---- graphs: their nodes run in the order in which they were made ----

struct CUgraph_st {
  Nodes nodes;
};
struct CUgraphExec_st {
  Nodes nodes;                         // with parameters of their own
  std::vector<const Node*> made_from;  // the graph's
};

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  const Lock lock(runtime_mutex());
  if (of(stream).capturing) return cudaErrorInvalidValue;
  of(stream).capturing = true;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const Lock lock(runtime_mutex());
  Stream& s = of(stream);
  *graph = nullptr;
  if (!s.capturing) return cudaErrorInvalidValue;
  s.capturing = false;
  Nodes captured = std::move(s.captured);
  s.captured.clear();
  if (std::exchange(s.spoilt, false)) return cudaErrorStreamCaptureInvalidated;
  *graph = new CUgraph_st{std::move(captured)};
  return cudaSuccess;
}
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  if (nodes != nullptr) {
    for (size_t i = 0; i < *count; ++i) nodes[i] = reinterpret_cast<cudaGraphNode_t>(graph->nodes[i].get());
  }
  *count = graph->nodes.size();
  return cudaSuccess;
}
cudaError_t cudaGraphAddChildGraphNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t*,
                                       size_t, cudaGraph_t child) {
  auto made = std::make_shared<Node>();
  made->child = child->nodes;
  graph->nodes.push_back(made);
  *node = reinterpret_cast<cudaGraphNode_t>(made.get());
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphKernelNodeGetParams(cudaGraphNode_t handle, cudaKernelNodeParams* params) {
  Node& node = *reinterpret_cast<Node*>(handle);
  if (!node.kernel.thread) return cudaErrorInvalidValue;
  node.addresses.clear();
  for (const auto& [at, size] : node.kernel.places) node.addresses.push_back(at);
  *params =
      cudaKernelNodeParams{node.kernel.function, node.grid, node.block, 0, node.addresses.data(), nullptr};
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  const Lock lock(runtime_mutex());
  if (!take_memory()) return cudaErrorMemoryAllocation;
  auto* made = new CUgraphExec_st;
  for (const auto& node : graph->nodes) {
    auto own = std::make_shared<Node>(*node);
    if (own->kernel.thread) own->kernel = node->kernel.copy();
    made->nodes.push_back(std::move(own));
    made->made_from.push_back(node.get());
  }
  *exec = made;
  return cudaSuccess;
}
cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                             const cudaKernelNodeParams* params) {
  for (size_t i = 0; i < exec->nodes.size(); ++i) {
    if (exec->made_from[i] != reinterpret_cast<Node*>(node)) continue;
    const auto& places = exec->nodes[i]->kernel.places;
    for (size_t p = 0; p < places.size(); ++p)
      memcpy(places[p].first, params->kernelParams[p], places[p].second);
    return cudaSuccess;
  }
  return cudaErrorInvalidValue;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  const Lock lock(runtime_mutex());
  for (const auto& node : exec->nodes) {
    if (const cudaError_t error = give(of(stream), node); error != cudaSuccess) return error;
  }
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  emulation::give_back_memory();
  delete exec;
  return cudaSuccess;
}
