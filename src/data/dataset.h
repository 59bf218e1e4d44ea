// Data sets: what a loader takes samples from. A sample is a fixed number of tensors, the data set's width.
#pragma once

#include <span>
#include <vector>

#include "core/generator.h"
#include "core/tensor.h"

namespace tt::data {

class Dataset : public RefCounted {
 public:
  virtual int64_t length() const = 0;
  virtual size_t width() const = 0;
  // Sample `index`, in [0, length()), into out[0..width()).
  virtual void get(int64_t index, std::span<Tensor> out) const = 0;
  // The samples of `indices` (at least one), stacked along a new first dimension.
  virtual void batch(std::span<const int64_t> indices, std::span<Tensor> out) const;
  // Where samples are rows of tensors: those, and the samples' numbers become rows' numbers. Else null.
  virtual const Tensors* rows(std::span<int64_t>) const { return nullptr; }

 protected:
  Dataset() : RefCounted(Kind::kDataset) {}
};

// Rows of several tensors with the same first size: sample i is tensors[0][i], tensors[1][i], ...
class TensorDataset final : public Dataset {
 public:
  explicit TensorDataset(Tensors tensors);
  int64_t length() const override { return tensors_[0].size(0); }
  size_t width() const override { return tensors_.size(); }
  void get(int64_t index, std::span<Tensor> out) const override;
  void batch(std::span<const int64_t> indices, std::span<Tensor> out) const override;
  const Tensors* rows(std::span<int64_t>) const override { return &tensors_; }

 private:
  Tensors tensors_;
};

// Some samples of another data set, in a given order. Indices may repeat.
class Subset final : public Dataset {
 public:
  Subset(Ref<Dataset> dataset, std::vector<int64_t> indices);
  int64_t length() const override { return static_cast<int64_t>(indices_.size()); }
  size_t width() const override { return dataset_->width(); }
  void get(int64_t index, std::span<Tensor> out) const override;
  void batch(std::span<const int64_t> indices, std::span<Tensor> out) const override;
  const Tensors* rows(std::span<int64_t> samples) const override;

 private:
  Ref<Dataset> dataset_;
  std::vector<int64_t> indices_;
};

// Several data sets of one width, one after the other. Their lengths are taken once.
class ConcatDataset final : public Dataset {
 public:
  explicit ConcatDataset(std::vector<Ref<Dataset>> parts);
  int64_t length() const override { return ends_.back(); }
  size_t width() const override { return parts_[0]->width(); }
  void get(int64_t index, std::span<Tensor> out) const override;

 private:
  std::vector<Ref<Dataset>> parts_;
  std::vector<int64_t> ends_;  // of each part, exclusive
};

// Splits by one randperm of the generator, as torch.utils.data.random_split. The lengths must sum to the data
// set's.
std::vector<Ref<Dataset>> random_split(const Ref<Dataset>& dataset, std::span<const int64_t> lengths,
                                       Generator& generator);
// The lengths that random_split makes of fractions: each rounded down, the rest handed out one by one.
std::vector<int64_t> split_lengths(int64_t length, std::span<const double> fractions);

// Equal-sized tensors along a new first dimension; dtypes are promoted.
Tensor stack_samples(std::span<const Tensor> samples);
// The rows of t with these indices, in new memory.
Tensor gather_rows(const Tensor& t, std::span<const int64_t> indices);
// The same with indices (1-d, int64, within t) that are on t's device, which is not the CPU. Not recorded.
Tensor gather_rows(const Tensor& t, const Tensor& indices);

}  // namespace tt::data
