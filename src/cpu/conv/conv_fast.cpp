// Forward and data gradient: passes over copied images.
#include "cpu/conv/conv_fast.h"

#include <vector>

#include "cpu/conv/conv_plan.h"

namespace tt::cpu {

namespace {

// A set of passes over the same copied image: what stays the same from image to image.
template <typename T>
struct Job {
  const ConvLoops<T>& loops;
  ConvImage image;
  int64_t items;  // images times groups
  int64_t groups;
  int64_t source_item, out_item;  // elements from one item to the next, groups in turn
  int64_t bias_group;             // elements of bias a group has
  const T* source;
  const T* bias;
  T* out;
  double products;

  struct Step {
    ConvPass<T> pass;  // `image`, `out`, `bias` and `weights` as offsets are below
    bool by_pixels;
    int64_t image_offset, out_offset, weights_group;
  };
  const Step* steps;
  int64_t step_count;
};

template <typename T>
void run_item(const Job<T>& job, int64_t item, T* image, T* scratch, int64_t part, int64_t parts) {
  const int64_t group = item % job.groups;
  for (int64_t i = 0; i < job.step_count; ++i) {
    const typename Job<T>::Step& step = job.steps[i];
    ConvPass<T> pass = step.pass;
    pass.image = image + step.image_offset;
    pass.out = job.out + item * job.out_item + step.out_offset;
    pass.weights += group * step.weights_group;
    if (job.bias != nullptr) pass.bias = job.bias + group * job.bias_group;
    const int64_t begin = pass.rows * part / parts, end = pass.rows * (part + 1) / parts;
    if (begin == end) continue;
    if (step.by_pixels) {
      job.loops.by_pixels(pass, begin, end);
    } else {
      job.loops.by_channels(pass, begin, end, scratch);
    }
  }
}

template <typename T>
void run(const Job<T>& job) {
  const int64_t threads = conv_threads(job.products);
  int64_t scratch = 0;
  for (int64_t i = 0; i < job.step_count; ++i) {
    const ConvPass<T>& pass = job.steps[i].pass;
    if (!job.steps[i].by_pixels)
      scratch = std::max(scratch, conv_band_rows(pass.cols) * pass.cols * pass.block);
  }
  scratch = ceil_div(scratch, 64) * 64;
  const int64_t image = image_elements(job.image, job.loops);
  if (job.items >= threads) {
    const Scratch<T> memory(threads * (image + scratch));
    parallel_for(threads, 1, [&](int64_t first, int64_t last) {
      for (int64_t slot = first; slot < last; ++slot) {
        T* copy = memory.data() + slot * (image + scratch);
        for (int64_t i = job.items * slot / threads; i < job.items * (slot + 1) / threads; ++i) {
          job.loops.copy_image(job.image, job.source + i * job.source_item, copy);
          run_item(job, i, copy, copy + image, 0, 1);
        }
      }
    });
    return;
  }
  // Fewer images than threads: each thread takes rows of every image.
  const Scratch<T> memory(image + threads * scratch);
  for (int64_t i = 0; i < job.items; ++i) {
    job.loops.copy_image(job.image, job.source + i * job.source_item, memory.data());
    parallel_for(threads, 1, [&](int64_t first, int64_t last) {
      for (int64_t slot = first; slot < last; ++slot) {
        run_item(job, i, memory.data(), memory.data() + image + slot * scratch, slot, threads);
      }
    });
  }
}

double products(const ConvShape& s) {
  return static_cast<double>(s.batch * s.out_channels) * static_cast<double>(s.out_height * s.out_width) *
         static_cast<double>(s.taps());
}

// One place in the stride, along one axis: which taps reach input positions of it, and the grid they are.
struct Phase {
  int64_t first_tap = 0, tap_step = 1, taps = 0;  // taps first_tap, first_tap + tap_step, ...
  int64_t begin = 0, count = 0;                   // grid: the quotients (position + padding) / stride
  int64_t position = 0;                           // of the first
};

}  // namespace

template <typename T>
void conv_forward(const ConvShape& s, const T* input, const T* weight, const T* bias, T* output) {
  const ConvLoops<T>& loops = conv_loops<T>();
  Job<T> job{loops, {},     s.batch * s.groups, s.groups, 0, 0, s.group_outputs(), input,
             bias,  output, products(s),        nullptr,  1};
  ConvImage& m = job.image;
  m.channels = s.group_inputs();
  m.rows = (s.out_height - 1) * s.stride[0] + (s.kernel[0] - 1) * s.dilation[0] + 1;
  m.phases = s.stride[1];
  m.width = ceil_div((s.out_width - 1) * s.stride[1] + (s.kernel[1] - 1) * s.dilation[1] + 1, m.phases);
  m.first_row = -s.padding[0];
  m.first_col = -s.padding[1];
  m.source_height = s.height;
  m.source_width = s.width;
  job.source_item = m.channels * s.height * s.width;
  job.out_item = s.group_outputs() * s.out_height * s.out_width;

  const int64_t taps = s.taps();
  const Scratch<int64_t> offsets(taps);
  int64_t* to = offsets.data();
  for (int64_t c = 0; c < m.channels; ++c) {
    for (int64_t r = 0; r < s.kernel[0]; ++r) {
      for (int64_t q = 0; q < s.kernel[1]; ++q) *to++ = m.offset(c, r * s.dilation[0], q * s.dilation[1]);
    }
  }
  const ConvPlan plan = plan_pass(loops, s.out_height, s.out_width, s.group_outputs(), taps);
  const int64_t packed = ceil_div(s.group_outputs(), plan.block) * plan.block * taps;
  const Scratch<T> weights(packed * s.groups);
  for (int64_t g = 0; g < s.groups; ++g) {
    const T* from = weight + g * s.group_outputs() * taps;
    pack_weights(s.group_outputs(), taps, plan.block, weights.data() + g * packed,
                 [=](int64_t channel, int64_t tap) { return from[channel * taps + tap]; });
  }
  typename Job<T>::Step step{};
  step.pass = {nullptr,           s.stride[0] * m.row(),
               offsets.data(),    taps,
               s.out_height,      s.out_width,
               s.group_outputs(), plan.block,
               weights.data(),    nullptr,
               nullptr,           s.out_height * s.out_width,
               s.out_width,       1};
  step.by_pixels = plan.by_pixels;
  step.weights_group = packed;
  job.steps = &step;
  run(job);
}

template <typename T>
void conv_backward_data(const ConvShape& s, const T* grad_output, const T* weight, T* grad_input) {
  const ConvLoops<T>& loops = conv_loops<T>();
  Job<T> job{loops,       {},      s.batch * s.groups, s.groups,    0,       0, 0,
             grad_output, nullptr, grad_input,         products(s), nullptr, 0};
  const int64_t sizes[2] = {s.height, s.width};
  const int64_t outs[2] = {s.out_height, s.out_width};

  // The phases along each axis, and the rows and columns of grad_output that they reach.
  std::vector<Phase> phases[2];
  int64_t low[2], high[2];
  for (int axis = 0; axis < 2; ++axis) {
    const int64_t stride = s.stride[axis], dilation = s.dilation[axis];
    low[axis] = 0;
    high[axis] = 0;
    for (int64_t p = 0; p < std::min(stride, sizes[axis]); ++p) {
      Phase phase;
      phase.position = p;
      phase.begin = (p + s.padding[axis]) / stride;
      phase.count = (sizes[axis] - 1 - p) / stride + 1;
      const int64_t place = (p + s.padding[axis]) % stride;
      for (int64_t k = 0; k < s.kernel[axis]; ++k) {
        if (k * dilation % stride != place) continue;
        if (phase.taps == 0) phase.first_tap = k;
        if (phase.taps == 1) phase.tap_step = k - phase.first_tap;
        ++phase.taps;
        const int64_t back = (k * dilation - place) / stride;
        low[axis] = std::min(low[axis], phase.begin - back);
        high[axis] = std::max(high[axis], phase.begin - back + phase.count - 1);
      }
      phases[axis].push_back(phase);
    }
  }
  ConvImage& m = job.image;
  m.channels = s.group_outputs();
  m.phases = 1;
  m.rows = high[0] - low[0] + 1;
  m.width = high[1] - low[1] + 1;
  m.first_row = low[0];
  m.first_col = low[1];
  m.source_height = outs[0];
  m.source_width = outs[1];
  job.source_item = m.channels * outs[0] * outs[1];
  job.out_item = s.group_inputs() * s.height * s.width;

  // Room for all: every tap of the kernel belongs to one phase at most.
  const int64_t window = s.kernel[0] * s.kernel[1], channels = s.group_inputs();
  const Scratch<int64_t> offsets(s.group_outputs() * window);
  std::vector<typename Job<T>::Step> steps;
  int64_t packed = 0, used = 0;
  for (const Phase& py : phases[0]) {
    for (const Phase& px : phases[1]) {
      typename Job<T>::Step step{};
      ConvPass<T>& pass = step.pass;
      pass.taps = s.group_outputs() * py.taps * px.taps;
      pass.rows = py.count;
      pass.cols = px.count;
      pass.channels = channels;
      pass.row_step = m.row();
      pass.out_channel = s.height * s.width;
      pass.out_row = s.stride[0] * s.width;
      pass.out_col = s.stride[1];
      pass.offsets = offsets.data() + used;
      step.image_offset = (py.begin - low[0]) * m.row() + px.begin - low[1];
      step.out_offset = py.position * s.width + px.position;
      const ConvPlan plan = plan_pass(loops, pass.rows, pass.cols, channels, pass.taps);
      step.by_pixels = plan.by_pixels;
      pass.block = plan.block;
      step.weights_group = ceil_div(channels, plan.block) * plan.block * pass.taps;
      packed += step.weights_group * s.groups;
      for (int64_t k = 0; k < s.group_outputs(); ++k) {
        for (int64_t i = 0; i < py.taps; ++i) {
          const int64_t r = py.first_tap + i * py.tap_step;
          for (int64_t j = 0; j < px.taps; ++j) {
            const int64_t q = px.first_tap + j * px.tap_step;
            offsets[used++] =
                k * m.plane() - r * s.dilation[0] / s.stride[0] * m.row() - q * s.dilation[1] / s.stride[1];
          }
        }
      }
      steps.push_back(step);
    }
  }
  const Scratch<T> weights(packed);
  packed = 0;
  size_t at = 0;
  for (const Phase& py : phases[0]) {
    for (const Phase& px : phases[1]) {
      typename Job<T>::Step& step = steps[at++];
      step.pass.weights = weights.data() + packed;
      for (int64_t g = 0; g < s.groups; ++g) {
        const T* from = weight + g * s.group_outputs() * s.taps();
        pack_weights(
            channels, step.pass.taps, step.pass.block, weights.data() + packed,
            [&](int64_t channel, int64_t tap) {
              const int64_t j = tap % px.taps, rest = tap / px.taps;
              const int64_t i = rest % py.taps, output = rest / py.taps;
              return from[(output * channels + channel) * window +
                          (py.first_tap + i * py.tap_step) * s.kernel[1] + px.first_tap + j * px.tap_step];
            });
        packed += step.weights_group;
      }
    }
  }
  job.steps = steps.data();
  job.step_count = static_cast<int64_t>(steps.size());
  run(job);
}

#define TT_INSTANTIATE(T)                                                            \
  template void conv_forward<T>(const ConvShape&, const T*, const T*, const T*, T*); \
  template void conv_backward_data<T>(const ConvShape&, const T*, const T*, T*);
TT_INSTANTIATE(float)
TT_INSTANTIATE(double)
#undef TT_INSTANTIATE

}  // namespace tt::cpu
