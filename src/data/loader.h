// The loader: batches of a data set's samples, in PyTorch's order for the same seed.
//
// Of a data set whose tensors are on a device the whole epoch's order is there too, so that a batch is
// gathered without the host's help, and that can be captured into a graph.
#pragma once

#include <optional>
#include <vector>

#include "device/graph.h"
#include "data/dataset.h"

namespace tt::data {

struct LoaderOptions {
  int64_t batch_size = 1;
  bool shuffle = false;
  bool drop_last = false;
  Ref<Generator> generator;                     // none: the default generator
  std::optional<std::vector<int64_t>> sampler;  // the samples to take, in order
};

class Loader final : public RefCounted {
 public:
  Loader(Ref<Dataset> dataset, LoaderOptions options);

  const Ref<Dataset>& dataset() const { return dataset_; }
  // Batches in an epoch.
  int64_t length() const;
  // Starts an epoch. Like PyTorch's iterator it draws a base seed for workers, although there are none.
  void begin();
  // The next batch into out[0..width), or false at the end of the epoch. After a failure the same batch is
  // next.
  bool next(std::span<Tensor> out);

 private:
  class Replay;
  class Busy;

  int64_t samples(int64_t dataset_length) const;
  void check_sampler(int64_t dataset_length) const;
  void shuffle();
  void take_indices();
  void capture_next(Graph& graph, std::span<Tensor> out);
  void put_order_on_device();
  Generator& generator() const;

  Ref<Dataset> dataset_;
  LoaderOptions options_;
  enum class State : uint8_t { kIdle, kRunning, kDone } state_ = State::kIdle;
  bool busy_ = false;           // a call is using it
  bool shuffled_ = false;       // this epoch's order is drawn
  bool pending_ = false;        // batch_ is taken but not delivered
  int64_t count_ = 0;           // samples in this epoch
  int64_t at_ = 0;              // samples taken
  std::vector<int64_t> order_;  // of a shuffled epoch
  std::vector<int64_t> batch_;  // the current batch's samples

  // Of a data set on a device.
  const Tensors* rows_ = nullptr;
  Tensor device_order_;          // row numbers of the epoch
  bool order_is_there_ = false;  // this epoch's
};

}  // namespace tt::data
