// The weight gradient: every thread sums over its own images; the sums are then added in the threads' order,
// so that equal calls give equal bits.
#include <algorithm>

#include "cpu/conv/conv_fast.h"
#include "cpu/conv/conv_plan.h"

namespace tt::cpu {

namespace {

// Vectors along the pixels keep a vector of sums for each weight: only where there are few.
constexpr int64_t kPixelSums = 65536;

template <typename T>
ConvPlan plan_weight(const ConvLoops<T>& loops, const ConvShape& s) {
  const int64_t channels = s.group_outputs();
  const auto pixels = static_cast<double>(s.out_height * s.out_width);
  int64_t block = loops.lanes;
  // A block that is mostly empty is worth less than its loads.
  if (channels > loops.lanes) block = loops.max_channel_block;
  const double by_channels =
      static_cast<double>(ceil_div(channels, block) * (block / loops.lanes)) * pixels * 1.1;
  const double by_pixels =
      1.2 * static_cast<double>(channels * s.out_height * ceil_div(s.out_width, loops.lanes));
  const bool few = channels * s.taps() * loops.lanes <= kPixelSums;
  return few && by_pixels < by_channels ? ConvPlan{true, 1} : ConvPlan{false, block};
}

}  // namespace

template <typename T>
void conv_backward_weight(const ConvShape& s, const T* grad_output, const T* input, T* grad_weight,
                          T* grad_bias) {
  const ConvLoops<T>& loops = conv_loops<T>();
  const ConvPlan plan = plan_weight(loops, s);
  ConvImage m;
  m.channels = s.group_inputs();
  m.rows = (s.out_height - 1) * s.stride[0] + (s.kernel[0] - 1) * s.dilation[0] + 1;
  m.phases = s.stride[1];
  m.width = ceil_div((s.out_width - 1) * s.stride[1] + (s.kernel[1] - 1) * s.dilation[1] + 1, m.phases);
  m.first_row = -s.padding[0];
  m.first_col = -s.padding[1];
  m.source_height = s.height;
  m.source_width = s.width;

  const int64_t taps = s.taps(), channels = s.group_outputs(), pixels = s.out_height * s.out_width;
  const Scratch<int64_t> offsets(taps);
  int64_t* to = offsets.data();
  for (int64_t c = 0; c < m.channels; ++c) {
    for (int64_t r = 0; r < s.kernel[0]; ++r) {
      for (int64_t q = 0; q < s.kernel[1]; ++q) *to++ = m.offset(c, r * s.dilation[0], q * s.dilation[1]);
    }
  }

  const double products =
      static_cast<double>(s.batch * s.out_channels) * static_cast<double>(pixels) * static_cast<double>(taps);
  const int64_t threads = conv_threads(products);
  // Each slot sums over its images; with one image, threads share its taps.
  const int64_t slots = std::min(threads, s.batch);
  const int64_t parts = slots == 1 ? threads : 1;
  const int64_t blocks = plan.by_pixels ? channels : ceil_div(channels, plan.block);
  const int64_t group_sums = blocks * taps * (plan.by_pixels ? loops.lanes : plan.block);
  const int64_t sums = ceil_div(group_sums * s.groups, 64) * 64;
  const int64_t image = image_elements(m, loops);
  const int64_t turned = plan.by_pixels ? 0 : ceil_div(blocks * plan.block * pixels, 64) * 64;
  const int64_t slot_elements = sums + image + turned;
  const Scratch<T> memory(slots * slot_elements);
  const Scratch<double> bias_sums(slots * s.out_channels);

  parallel_for(slots, 1, [&](int64_t first, int64_t last) {
    for (int64_t slot = first; slot < last; ++slot) {
      T* mine = memory.data() + slot * slot_elements;
      T* copy = mine + sums;
      T* grads = copy + image;
      double* bias = bias_sums.data() + slot * s.out_channels;
      std::fill_n(mine, sums, T(0));
      std::fill_n(bias, s.out_channels, 0.0);
      for (int64_t n = s.batch * slot / slots; n < s.batch * (slot + 1) / slots; ++n) {
        for (int64_t g = 0; g < s.groups; ++g) {
          const T* grad = grad_output + (n * s.out_channels + g * channels) * pixels;
          loops.copy_image(m, input + (n * s.groups + g) * m.channels * s.height * s.width, copy);
          ConvWeightPass<T> pass{copy,
                                 s.stride[0] * m.row(),
                                 offsets.data(),
                                 s.out_height,
                                 s.out_width,
                                 channels,
                                 plan.block,
                                 grad,
                                 mine + g * group_sums,
                                 taps};
          if (!plan.by_pixels) {
            for (int64_t b = 0; b < blocks; ++b) {
              const int64_t count = std::min(plan.block, channels - b * plan.block);
              T* block = grads + b * plan.block * pixels;
              if (count < plan.block) std::fill_n(block, plan.block * pixels, T(0));
              loops.transpose(grad + b * plan.block * pixels, pixels, count, pixels, block, plan.block);
            }
            pass.grad = grads;
          }
          parallel_for(parts, 1, [&](int64_t from, int64_t until) {
            const int64_t begin = taps * from / parts, end = taps * until / parts;
            if (plan.by_pixels) {
              loops.weight_by_pixels(pass, begin, end);
            } else {
              loops.weight_by_channels(pass, begin, end);
            }
          });
          if (grad_bias != nullptr) {
            for (int64_t k = 0; k < channels; ++k) {
              bias[g * channels + k] += static_cast<double>(loops.sum(grad + k * pixels, pixels));
            }
          }
        }
      }
    }
  });

  for (int64_t slot = 1; slot < slots; ++slot)
    loops.add(memory.data(), memory.data() + slot * slot_elements, sums);
  for (int64_t g = 0; g < s.groups; ++g) {
    const T* from = memory.data() + g * group_sums;
    T* out = grad_weight + g * channels * taps;
    if (plan.by_pixels) {
      for (int64_t i = 0; i < channels * taps; ++i) out[i] = loops.sum(from + i * loops.lanes, loops.lanes);
      continue;
    }
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t count = std::min(plan.block, channels - b * plan.block);
      loops.transpose(from + b * taps * plan.block, plan.block, taps, count, out + b * plan.block * taps,
                      taps);
    }
  }
  if (grad_bias != nullptr) {
    for (int64_t k = 0; k < s.out_channels; ++k) {
      double total = 0;
      for (int64_t slot = 0; slot < slots; ++slot) total += bias_sums[slot * s.out_channels + k];
      grad_bias[k] = static_cast<T>(total);
    }
  }
}

#define TT_INSTANTIATE(T) template void conv_backward_weight<T>(const ConvShape&, const T*, const T*, T*, T*);
TT_INSTANTIATE(float)
TT_INSTANTIATE(double)
#undef TT_INSTANTIATE

}  // namespace tt::cpu
