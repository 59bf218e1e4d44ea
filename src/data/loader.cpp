#include "data/loader.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "autograd/meta.h"
#include "device/backend.h"
#include "random/random_fill.h"

namespace tt::data {

namespace {

// The data set's tensors where all are on one device, and no gradient flows into them; else null.
const Tensors* rows_on_one_device(const Dataset& dataset) {
  const Tensors* rows = dataset.rows({});
  if (rows == nullptr) return nullptr;
  const Device device = rows->front().device();
  const bool fit =
      std::ranges::all_of(*rows, [&](const Tensor& t) { return t.device() == device && !t.requires_grad(); });
  return fit ? rows : nullptr;
}

}  // namespace

Loader::Loader(Ref<Dataset> dataset, LoaderOptions options)
    : RefCounted(Kind::kLoader), dataset_(std::move(dataset)), options_(std::move(options)) {
  TT_CHECK(options_.batch_size > 0, Status::kInvalidArgument, "options.batch_size is ", options_.batch_size,
           ", expected 1 or more");
  TT_CHECK(!(options_.sampler && options_.shuffle), Status::kInvalidArgument,
           "options.sampler and options.shuffle exclude each other");
  TT_CHECK(!options_.shuffle || dataset_->length() > 0, Status::kInvalidArgument,
           "an empty data set cannot be shuffled");
  if (options_.sampler) check_sampler(dataset_->length());
}

void Loader::check_sampler(int64_t dataset_length) const {
  for (size_t i = 0; i < options_.sampler->size(); ++i) {
    const int64_t index = (*options_.sampler)[i];
    TT_CHECK(index >= 0 && index < dataset_length, Status::kInvalidArgument, "sampler[",
             static_cast<uint64_t>(i), "] is ", index, ", out of range for a data set of length ",
             dataset_length);
  }
}

int64_t Loader::samples(int64_t dataset_length) const {
  return options_.sampler ? static_cast<int64_t>(options_.sampler->size()) : dataset_length;
}

int64_t Loader::length() const {
  const int64_t n = samples(options_.sampler ? 0 : dataset_->length());
  return n / options_.batch_size + (!options_.drop_last && n % options_.batch_size != 0);
}

Generator& Loader::generator() const {
  return options_.generator ? *options_.generator : default_generator();
}

// For the length of a call, which may run the data set's callbacks: they must not use the loader.
class Loader::Busy {
 public:
  explicit Busy(Loader& loader) : loader_(loader) {
    TT_CHECK(!loader.busy_, Status::kInvalidArgument,
             "the loader is being used by the call that runs this callback of its data set");
    loader_.busy_ = true;
  }
  ~Busy() { loader_.busy_ = false; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  Loader& loader_;
};

void Loader::begin() {
  const Busy busy(*this);
  const int64_t length = dataset_->length();
  TT_CHECK(length >= 0, Status::kInvalidArgument, "the data set's length is ", length);
  if (options_.sampler) check_sampler(length);
  const int64_t count = samples(length);
  batch_.reserve(static_cast<size_t>(std::min(options_.batch_size, count)));
  if (options_.shuffle) order_.resize(static_cast<size_t>(count));
  const Tensors* const rows = rows_on_one_device(*dataset_);
  if (rows != nullptr) {
    // The same memory in every epoch: graphs know it. The CPU needs it for graphs alone.
    const Device device = rows->front().device();
    const bool fits =
        device_order_.defined() && device_order_.numel() == count && device_order_.device() == device;
    if (!fits && (!device.is_cpu() || device_order_.defined())) {
      device_order_ = empty({count}, DType::kInt64, device);
    }
  }
  int64_t base_seed;
  fill_random_full(generator(), &base_seed, 1);
  count_ = count;
  at_ = 0;
  rows_ = rows;
  order_is_there_ = false;
  shuffled_ = pending_ = false;
  state_ = State::kRunning;
}

// RandomSampler: a seed for a generator of its own, unless the loader was given one.
void Loader::shuffle() {
  if (options_.generator) {
    fill_randperm(*options_.generator, order_.data(), count_);
  } else {
    int64_t seed;
    fill_random_full(default_generator(), &seed, 1);
    const auto own = make_ref<Generator>(Engine::kMt19937, static_cast<uint64_t>(seed));
    fill_randperm(*own, order_.data(), count_);
  }
  shuffled_ = true;
  DrawLog::keep();  // as the order is: a failed call goes on with it the next time
}

void Loader::take_indices() {
  if (options_.shuffle && !shuffled_) shuffle();
  const int64_t n = std::min(options_.batch_size, count_ - at_);
  batch_.resize(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<size_t>(at_ + i);
    batch_[static_cast<size_t>(i)] = options_.shuffle   ? order_[at]
                                     : options_.sampler ? (*options_.sampler)[at]
                                                        : at_ + i;
  }
  at_ += n;
  if (n == options_.batch_size) {
    pending_ = true;
    return;
  }
  // PyTorch's RandomSampler, asked for one sample more than there are, draws another permutation and uses
  // none of it. That shows where the generator is the caller's.
  if (options_.shuffle && options_.generator) {
    fill_randperm(*options_.generator, order_.data(), count_);
    DrawLog::keep();
  }
  pending_ = n > 0 && !options_.drop_last;
  if (!pending_) state_ = State::kDone;
}

void Loader::put_order_on_device() {
  if (order_is_there_) return;
  if (options_.shuffle && !shuffled_) shuffle();
  std::vector<int64_t> rows(static_cast<size_t>(count_));
  if (options_.shuffle) {
    rows = order_;
  } else if (options_.sampler) {
    rows = *options_.sampler;
  } else {
    std::iota(rows.begin(), rows.end(), int64_t{0});
  }
  dataset_->rows(rows);
  const Device device = device_order_.device();
  memory_of(device).copy_bytes(device_order_.raw(), device, rows.data(), Device{}, device_order_.nbytes());
  order_is_there_ = true;
}

// Each replay of a captured batch takes the epoch's next one.
class Loader::Replay final : public ReplayInput {
 public:
  explicit Replay(Loader& loader) : loader_(&loader), order_(loader.device_order_) {}

  void check() override {
    Loader& l = *loader_;
    TT_CHECK(l.state_ == State::kRunning && l.at_ < l.count_, Status::kInvalidArgument,
             "the loader's epoch is over; call tt_loader_begin");
    TT_CHECK(l.device_order_.is_same(order_), Status::kInvalidArgument,
             "the loader's data set has changed since the capture: capture again");
    TT_CHECK(l.count_ - l.at_ >= l.options_.batch_size, Status::kShape, "the loader's next batch has ",
             l.count_ - l.at_, " samples, and the captured one ", l.options_.batch_size,
             "; use drop_last to leave it out");
    TT_CHECK(!l.pending_, Status::kInvalidArgument,
             "the loader has a batch that could not be delivered: call tt_loader_next first");
    l.put_order_on_device();
  }
  void next(void* values) noexcept override {
    const int64_t offset = loader_->at_ * static_cast<int64_t>(sizeof(int64_t));
    std::memcpy(values, &offset, sizeof offset);
    loader_->at_ += loader_->options_.batch_size;
  }

 private:
  const Ref<Loader> loader_;
  const Tensor order_;
};

void Loader::capture_next(Graph& graph, std::span<Tensor> out) {
  TT_CHECK(options_.batch_size <= count_, Status::kShape, "the data set has ", count_,
           " samples, less than a batch of ", options_.batch_size, ", and a captured batch must be full");
  const GradMode off(false);
  if (!device_order_.defined()) {
    device_order_ = empty({count_}, DType::kInt64, graph.device());
    device_order_.storage()->set_filled_by_host();
  }
  const Tensor indices = empty({options_.batch_size}, DType::kInt64, device_order_.device());
  const auto* offset =
      static_cast<const int64_t*>(graph.add_input(std::make_unique<Replay>(*this), sizeof(int64_t)));
  backend_of(graph.device()).graph->copy_from(indices.raw(), device_order_.raw(), offset, indices.nbytes());
  for (size_t i = 0; i < rows_->size(); ++i) out[i] = gather_rows((*rows_)[i], indices);
}

bool Loader::next(std::span<Tensor> out) {
  const Busy busy(*this);
  TT_CHECK(state_ != State::kIdle, Status::kInvalidArgument,
           "no epoch has begun; call tt_loader_begin first");
  if (rows_ != nullptr) {
    if (Graph* graph = Graph::capturing(rows_->front().device())) {
      capture_next(*graph, out);
      return true;
    }
  } else {
    TT_CHECK(
        !Graph::capturing_any(), Status::kNotImplemented,
        "this cannot be captured into a graph: the data set's samples are not rows of tensors on one device, "
        "and replays would take the same batch each time");
  }
  const int64_t first = pending_ ? at_ - static_cast<int64_t>(batch_.size()) : at_;
  if (state_ == State::kRunning && !pending_) take_indices();
  if (state_ == State::kDone) return false;
  if (rows_ != nullptr && !rows_->front().device().is_cpu()) {
    put_order_on_device();
    const Tensor indices =
        alias(device_order_, {static_cast<int64_t>(batch_.size())}, {1}, device_order_.offset() + first);
    for (size_t i = 0; i < rows_->size(); ++i) out[i] = gather_rows((*rows_)[i], indices);
  } else {
    dataset_->batch(batch_, out);
  }
  pending_ = false;
  // A short batch is the last one, and its sampler has been asked for more already.
  if (static_cast<int64_t>(batch_.size()) < options_.batch_size) state_ = State::kDone;
  return true;
}

}  // namespace tt::data
