// Streams, graphs and threads that come and go: what belonged to them, and what others still use.
#include <thread>

#include "core/graph.h"
#include "core/stream.h"
#include "device.h"

namespace tt::device_test {
namespace {

Tensor ones(int64_t rows, int64_t columns) { return ops::ones({rows, columns}, DType::kFloat32, kCuda); }

Ref<Graph> captured(const std::function<void()>& work) {
  Ref<Graph> graph = make_ref<Graph>(kCuda);
  graph->begin();
  work();
  graph->end();
  return graph;
}

// Makes `stream` the thread's for a while.
class OnStream {
 public:
  explicit OnStream(const Ref<Stream>& stream) : before_(Stream::current(kCuda)) {
    Stream::set_current(kCuda, stream);
  }
  ~OnStream() { Stream::set_current(kCuda, before_); }
  OnStream(const OnStream&) = delete;
  OnStream& operator=(const OnStream&) = delete;

 private:
  const Ref<Stream> before_;
};

TEST(DeviceStreams, ThatGoDoNotSpoilACapture) {
  const Tensor a = ones(3, 4), b = ones(4, 5);
  Tensor c, d;
  Ref<Graph> gone = captured([&] { c = ops::mm(a, b); });
  gone->replay();
  Ref<Stream> side = Stream::create(kCuda);
  Stream::current(kCuda)->synchronize();
  {
    const OnStream on(side);
    ops::mm(a, b);
  }
  const Ref<Graph> graph = captured([&] {
    gone = nullptr;
    side = nullptr;
    d = ops::mm(a, b);
  });
  graph->replay();
  EXPECT_EQ(difference(d, ops::full({3, 5}, 4, DType::kFloat32), 0, 0), "");
}

// Destroyed after what the thread has chosen.
TEST(DeviceStreams, AThreadsLastTensorsFollowItsChoice) {
  std::thread([] {
    static thread_local Tensor last;
    last = ones(3, 4);
    Stream::set_current(kCuda, Stream::create(kCuda));
  }).join();
}

}  // namespace
}  // namespace tt::device_test
