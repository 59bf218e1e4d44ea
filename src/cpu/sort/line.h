// Helpers of the kernels that work along lines (tensor/lines.h).
#pragma once

#include <algorithm>
#include <atomic>

#include "tensor/lines.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cpu/pointwise/inner_loop.h"

namespace tt::cpu {

// Calls line(data): the addresses of element 0 of every operand, for lines [begin, end).
template <typename F>
void for_each_line(const Lines& lines, int64_t begin, int64_t end, F&& line) {
  for_each_row(lines.outer, begin, end, [&](char* const* data, const int64_t* strides, int64_t n) {
    char* at[kMaxOperands];
    std::copy_n(data, lines.outer.operands, at);
    for (int64_t i = 0; i < n; ++i) {
      line(at);
      for (int op = 0; op < lines.outer.operands; ++op) at[op] += strides[op];
    }
  });
}

// The same over all lines, on several threads where there is much to do. `cost`: of an element, in additions.
template <typename F>
void run_lines(const Lines& lines, int64_t cost, F&& line) {
  const int64_t grain = std::max<int64_t>(kParallelGrain / std::max<int64_t>(lines.size * cost, 1), 1);
  parallel_for(lines.outer.numel, grain,
               [&](int64_t begin, int64_t end) { for_each_line(lines, begin, end, line); });
}

// Scratch memory for each thread of one parallel loop, allocated before it starts.
class Scratch {
 public:
  Scratch(int64_t bytes_each, int64_t ranges)
      : each_((static_cast<size_t>(bytes_each) + 63) / 64 * 64),
        size_(each_ * static_cast<size_t>(std::min<int64_t>(num_threads(), std::max<int64_t>(ranges, 1)))),
        data_(static_cast<char*>(allocate_block(size_))) {}
  ~Scratch() { free_block(data_, size_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  // One part; each range of the loop takes one.
  char* take() { return data_ + each_ * next_.fetch_add(1, std::memory_order_relaxed); }

 private:
  size_t each_;
  size_t size_;
  char* data_;
  std::atomic<size_t> next_{0};
};

// run_lines with `bytes` of scratch memory: line(data, scratch).
template <typename F>
void run_lines_with_scratch(const Lines& lines, int64_t cost, int64_t bytes, F&& line) {
  const int64_t grain = std::max<int64_t>(kParallelGrain / std::max<int64_t>(lines.size * cost, 1), 1);
  Scratch scratch(bytes, lines.outer.numel <= grain ? 1 : lines.outer.numel);
  parallel_for(lines.outer.numel, grain, [&](int64_t begin, int64_t end) {
    char* memory = scratch.take();
    for_each_line(lines, begin, end, [&](char* const* data) { line(data, memory); });
  });
}

template <typename T>
T& at(char* data, int64_t step, int64_t index) {
  return *reinterpret_cast<T*>(data + step * index);
}

}  // namespace tt::cpu
