// A plug-in for the tests: it plays a CUDA device with two cards, whose memory is host memory that it alone
// hands out. Kernels are the CPU's, after a check that every address lies in the device's memory.
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "core/plugin.h"

namespace {

using namespace tt;

class MockMemory final : public DeviceMemory {
 public:
  int device_count() override { return 2; }
  void* allocate(size_t nbytes, Device) override {
    TT_CHECK(nbytes <= size_t{1} << 30, Status::kOutOfMemory, "mock: out of memory: could not allocate ",
             static_cast<uint64_t>(nbytes), " bytes");
    char* data = static_cast<char*>(std::malloc(nbytes + 1));
    TT_CHECK(data != nullptr, Status::kOutOfMemory, "mock: out of memory");
    const std::lock_guard lock(mutex_);
    blocks_[data] = nbytes;
    return data;
  }
  void deallocate(void* data, size_t, Device) noexcept override {
    {
      const std::lock_guard lock(mutex_);
      if (blocks_.erase(static_cast<char*>(data)) == 0) std::abort();
    }
    std::free(data);
  }
  void copy_bytes(void* to, Device to_device, const void* from, Device from_device, size_t nbytes) override {
    check(to, to_device);
    check(from, from_device);
    std::memcpy(to, from, nbytes);
  }
  bool owns(const void* address) {
    const std::lock_guard lock(mutex_);
    auto it = blocks_.upper_bound(static_cast<char*>(const_cast<void*>(address)));
    if (it == blocks_.begin()) return false;
    --it;
    return address <= it->first + it->second;
  }

 private:
  void check(const void* address, Device device) {
    TT_CHECK(owns(address) == !device.is_cpu(), Status::kInternal,
             "mock: an address is not in the memory of ", device);
  }
  std::mutex mutex_;
  std::map<char*, size_t> blocks_;
};

MockMemory& memory() {
  static MockMemory& memory = *new MockMemory;
  return memory;
}

class MockPointwise final : public PointwiseKernels {
 public:
  explicit MockPointwise(PointwiseKernels* cpu) : cpu_(cpu) {}
  void fill(const Loop& loop, const Scalar& value) override { cpu_->fill(checked(loop), value); }
  void copy(const Loop& loop) override { cpu_->copy(checked(loop)); }
  void unary(UnaryOp op, const Loop& loop, const PointwiseParams& p) override {
    cpu_->unary(op, checked(loop), p);
  }
  void binary(BinaryOp op, const Loop& loop, const PointwiseParams& p) override {
    cpu_->binary(op, checked(loop), p);
  }
  void ternary(TernaryOp op, const Loop& loop, const PointwiseParams& p) override {
    cpu_->ternary(op, checked(loop), p);
  }
  void where(const Loop& loop) override { cpu_->where(checked(loop)); }

 private:
  static const Loop& checked(const Loop& loop) {
    for (int i = 0; i < loop.operands; ++i) {
      const bool host = loop.host_scalars >> i & 1;
      TT_CHECK(host || memory().owns(loop.data[i]), Status::kInternal, "mock: operand ", i,
               " is not device memory");
    }
    return loop;
  }
  PointwiseKernels* cpu_;
};

class MockReduce final : public ReduceKernels {
 public:
  explicit MockReduce(ReduceKernels* cpu) : cpu_(cpu) {}
  void reduce(ReduceOp op, const Loop& loop, const ReduceParams& params) override {
    cpu_->reduce(op, loop, params);
  }
  bool equal(const Loop& loop) override { return cpu_->equal(loop); }
  void isclose(const Loop& loop, double rtol, double atol, bool equal_nan) override {
    cpu_->isclose(loop, rtol, atol, equal_nan);
  }

 private:
  ReduceKernels* cpu_;
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const tt::PluginInfo* tinytorch_plugin(
    const tt::PluginHost* host) {
  static Backend backend{};
  static PluginInfo info{TT_INTERFACE_ID, "mock", nullptr, nullptr};
  if (const char* reason = std::getenv("TT_MOCK_UNAVAILABLE")) {
    info.reason = reason;
    return &info;
  }
#ifdef TT_MOCK_WRONG_ID
  info.interface_id = "another build";
#endif
  backend.memory = &memory();
  backend.pointwise = new MockPointwise(host->cpu->pointwise.get());
  backend.reduce = new MockReduce(host->cpu->reduce.get());
  // Families that only see addresses they are given work as they are on host memory.
  backend.gemm = host->cpu->gemm;
  backend.order = host->cpu->order;
  info.backend = &backend;
  return &info;
}
