#include "data/dataset.h"

#include <algorithm>
#include <cmath>

#include "random/random_fill.h"
#include "base/warning.h"
#include "ops/view/view.h"

namespace tt::data {

namespace {
void check_index(int64_t index, int64_t length) {
  TT_CHECK(index >= 0 && index < length, Status::kInvalidArgument, "index ", index,
           " is out of range for a data set of length ", length);
}
void check_indices(std::span<const int64_t> indices, int64_t length) {
  for (const int64_t index : indices) check_index(index, length);
}
}  // namespace

void Dataset::get(int64_t index, std::span<Tensor> out) const {
  const Dataset* at = this;
  while (const Dataset* const source = at->source_of(index)) at = source;
  at->get_own(index, out);
}

void Dataset::batch(std::span<const int64_t> indices, std::span<Tensor> out) const {
  if (source_of_all({}) == nullptr) return batch_own(indices, out);
  std::vector<int64_t> own(indices.begin(), indices.end());
  const Dataset* at = this;
  while (const Dataset* const source = at->source_of_all(own)) at = source;
  at->batch_own(own, out);
}

const Tensors* Dataset::rows(std::span<int64_t> samples) const {
  const Dataset* at = this;
  while (const Dataset* const source = at->source_of_all(samples)) at = source;
  return at->own_rows();
}

void Dataset::batch_own(std::span<const int64_t> indices, std::span<Tensor> out) const {
  const size_t n = indices.size();
  const size_t w = width();
  std::vector<Tensor> columns(n * w);
  std::vector<Tensor> sample(w);
  for (size_t i = 0; i < n; ++i) {
    get(indices[i], sample);
    for (size_t j = 0; j < w; ++j) columns[j * n + i] = std::move(sample[j]);
  }
  for (size_t j = 0; j < w; ++j) out[j] = stack_samples(std::span<const Tensor>(columns).subspan(j * n, n));
}

// ---- TensorDataset ----

TensorDataset::TensorDataset(Tensors tensors) : tensors_(std::move(tensors)) {
  TT_CHECK(!tensors_.empty(), Status::kInvalidArgument, "a data set needs at least one tensor");
  for (size_t i = 0; i < tensors_.size(); ++i) {
    TT_CHECK(tensors_[i].ndim() > 0, Status::kShape, "tensor ", static_cast<uint64_t>(i),
             " has no dimensions; its first one counts the samples");
    TT_CHECK(tensors_[i].size(0) == tensors_[0].size(0), Status::kShape, "tensors[0] has ",
             tensors_[0].size(0), " samples, and tensors[", static_cast<uint64_t>(i), "] has ",
             tensors_[i].size(0));
  }
}

void TensorDataset::get_own(int64_t index, std::span<Tensor> out) const {
  check_index(index, length());
  for (size_t j = 0; j < tensors_.size(); ++j) {
    const Tensor& t = tensors_[j];
    out[j] = ops::as_strided(t, Dims(std::span<const int64_t>(t.sizes()).subspan(1)),
                             Dims(std::span<const int64_t>(t.strides()).subspan(1)),
                             t.offset() + index * t.stride(0));
  }
}

void TensorDataset::batch_own(std::span<const int64_t> indices, std::span<Tensor> out) const {
  check_indices(indices, length());
  for (size_t j = 0; j < tensors_.size(); ++j) out[j] = gather_rows(tensors_[j], indices);
}

// ---- Subset ----

Subset::Subset(Ref<Dataset> dataset, std::vector<int64_t> indices)
    : dataset_(std::move(dataset)), indices_(std::move(indices)), width_(dataset_->width()) {
  check_indices(indices_, dataset_->length());
}

const Dataset* Subset::source_of(int64_t& index) const { return source_of_all({&index, 1}); }

const Dataset* Subset::source_of_all(std::span<int64_t> indices) const {
  check_indices(indices, length());
  for (int64_t& i : indices) i = indices_[static_cast<size_t>(i)];
  return dataset_.get();
}

// ---- ConcatDataset ----

ConcatDataset::ConcatDataset(std::vector<Ref<Dataset>> parts) : parts_(std::move(parts)) {
  TT_CHECK(!parts_.empty(), Status::kInvalidArgument, "datasets is empty");
  int64_t end = 0;
  width_ = parts_[0]->width();
  for (size_t i = 0; i < parts_.size(); ++i) {
    TT_CHECK(parts_[i]->width() == width_, Status::kInvalidArgument, "data set 0 has ",
             static_cast<uint64_t>(width_), " tensors a sample, data set ", static_cast<uint64_t>(i), " has ",
             static_cast<uint64_t>(parts_[i]->width()));
    TT_CHECK(!__builtin_add_overflow(end, parts_[i]->length(), &end), Status::kInvalidArgument,
             "the sum of the data sets' lengths overflows int64");
    ends_.push_back(end);
  }
}

const Dataset* ConcatDataset::source_of(int64_t& index) const {
  check_index(index, length());
  const auto part = static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin());
  if (part > 0) index -= ends_[part - 1];
  return parts_[part].get();
}

// ---- splitting ----

std::vector<int64_t> split_lengths(int64_t length, std::span<const double> fractions) {
  long double sum = 0;
  for (size_t i = 0; i < fractions.size(); ++i) {
    TT_CHECK(fractions[i] >= 0 && fractions[i] <= 1, Status::kInvalidArgument, "fractions[",
             static_cast<uint64_t>(i), "] is ", fractions[i], ", expected a number from 0 to 1");
    sum += fractions[i];
  }
  const auto total = static_cast<double>(sum);
  TT_CHECK(total <= 1 && total >= 1 - 1e-9, Status::kInvalidArgument, "the fractions sum to ", total,
           ", expected 1");
  std::vector<int64_t> lengths;
  int64_t rest = length;
  for (const double fraction : fractions) {
    lengths.push_back(static_cast<int64_t>(std::floor(static_cast<double>(length) * fraction)));
    rest -= lengths.back();
  }
  for (int64_t i = 0; i < rest; ++i) ++lengths[static_cast<size_t>(i) % lengths.size()];
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] == 0) warn("random_split: part ", static_cast<uint64_t>(i), " has no samples");
  }
  return lengths;
}

std::vector<Ref<Dataset>> random_split(const Ref<Dataset>& dataset, std::span<const int64_t> lengths,
                                       Generator& generator) {
  int64_t sum = 0;
  for (size_t i = 0; i < lengths.size(); ++i) {
    TT_CHECK(lengths[i] >= 0, Status::kInvalidArgument, "lengths[", static_cast<uint64_t>(i), "] is ",
             lengths[i], ", expected 0 or more");
    TT_CHECK(!__builtin_add_overflow(sum, lengths[i], &sum), Status::kInvalidArgument,
             "the sum of the lengths overflows int64");
  }
  TT_CHECK(sum == dataset->length(), Status::kInvalidArgument, "lengths sum to ", sum,
           ", but the data set's length is ", dataset->length());
  std::vector<int64_t> order(static_cast<size_t>(sum));
  std::vector<Ref<Dataset>> parts;
  parts.reserve(lengths.size());
  fill_randperm(generator, order.data(), sum);
  auto at = order.begin();
  for (const int64_t length : lengths) {
    parts.push_back(make_ref<Subset>(dataset, std::vector<int64_t>(at, at + length)));
    at += length;
  }
  return parts;
}

}  // namespace tt::data
