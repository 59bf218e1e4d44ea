#include "data/loader.h"

#include <algorithm>

#include "core/random_fill.h"

namespace tt::data {

Loader::Loader(Ref<Dataset> dataset, LoaderOptions options)
    : RefCounted(Kind::kLoader), dataset_(std::move(dataset)), options_(std::move(options)) {
  TT_CHECK(options_.batch_size > 0, Status::kInvalidArgument,
           "batch_size should be a positive integer value, but got batch_size=", options_.batch_size);
  TT_CHECK(!(options_.sampler && options_.shuffle), Status::kInvalidArgument,
           "sampler option is mutually exclusive with shuffle");
  TT_CHECK(
      !options_.shuffle || dataset_->length() > 0, Status::kInvalidArgument,
      "num_samples should be a positive integer value, but got num_samples=0: an empty data set cannot be "
      "shuffled");
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

void Loader::begin() {
  const int64_t length = dataset_->length();
  TT_CHECK(length >= 0, Status::kInvalidArgument, "the data set's length is ", length);
  if (options_.sampler) {
    for (size_t i = 0; i < options_.sampler->size(); ++i) {
      const int64_t index = (*options_.sampler)[i];
      TT_CHECK(index >= 0 && index < length, Status::kInvalidArgument, "sampler[", static_cast<uint64_t>(i),
               "] is ", index, ", out of range for a data set of length ", length);
    }
  }
  const int64_t count = samples(length);
  batch_.reserve(static_cast<size_t>(std::min(options_.batch_size, count)));
  if (options_.shuffle) order_.resize(static_cast<size_t>(count));
  int64_t base_seed;
  fill_random_full(generator(), &base_seed, 1);
  count_ = count;
  at_ = 0;
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
  if (options_.shuffle && options_.generator) fill_randperm(*options_.generator, order_.data(), count_);
  pending_ = n > 0 && !options_.drop_last;
  if (!pending_) state_ = State::kDone;
}

bool Loader::next(std::span<Tensor> out) {
  TT_CHECK(state_ != State::kIdle, Status::kInvalidArgument,
           "no epoch has begun; call tt_loader_begin first");
  if (state_ == State::kRunning && !pending_) take_indices();
  if (state_ == State::kDone) return false;
  dataset_->batch(batch_, out);
  pending_ = false;
  // A short batch is the last one, and its sampler has been asked for more already.
  if (static_cast<int64_t>(batch_.size()) < options_.batch_size) state_ = State::kDone;
  return true;
}

}  // namespace tt::data
