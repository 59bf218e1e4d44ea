// Data sets: what a loader takes samples from. A sample is a fixed number of tensors, the data set's width.
#pragma once

#include <span>
#include <vector>

#include "random/generator.h"
#include "base/orphans.h"
#include "tensor/tensor.h"

namespace tt::data {

// Data sets of data sets may be nested as deeply as one likes: calls find their way through them step by
// step, without a recursion.
class Dataset : public RefCounted {
 public:
  virtual int64_t length() const = 0;
  virtual size_t width() const = 0;
  // Sample `index`, in [0, length()), into out[0..width()).
  void get(int64_t index, std::span<Tensor> out) const;
  // The samples of `indices` (at least one), stacked along a new first dimension.
  void batch(std::span<const int64_t> indices, std::span<Tensor> out) const;
  // Where samples are rows of tensors: those, and the samples' numbers become rows' numbers. Else null.
  const Tensors* rows(std::span<int64_t> samples) const;

  Dataset* next_orphan = nullptr;

 protected:
  Dataset() : RefCounted(Kind::kDataset) {}

  // The data set that sample `index` comes from, and its number there; null: this one.
  virtual const Dataset* source_of(int64_t& /* index */) const { return nullptr; }
  // The same where all samples come from one data set, which is that for any number of them.
  virtual const Dataset* source_of_all(std::span<int64_t> /* indices */) const { return nullptr; }
  // Of a data set that has no source: a sample; several; the tensors.
  virtual void get_own(int64_t index, std::span<Tensor> out) const = 0;
  virtual void batch_own(std::span<const int64_t> indices, std::span<Tensor> out) const;
  virtual const Tensors* own_rows() const { return nullptr; }
};

// Rows of several tensors with the same first size: sample i is tensors[0][i], tensors[1][i], ...
class TensorDataset final : public Dataset {
 public:
  explicit TensorDataset(Tensors tensors);
  int64_t length() const override { return tensors_[0].size(0); }
  size_t width() const override { return tensors_.size(); }

 private:
  void get_own(int64_t index, std::span<Tensor> out) const override;
  void batch_own(std::span<const int64_t> indices, std::span<Tensor> out) const override;
  const Tensors* own_rows() const override { return &tensors_; }

  Tensors tensors_;
};

// Some samples of another data set, in a given order. Indices may repeat.
class Subset final : public Dataset {
 public:
  Subset(Ref<Dataset> dataset, std::vector<int64_t> indices);
  ~Subset() override { let_go(std::move(dataset_)); }
  int64_t length() const override { return static_cast<int64_t>(indices_.size()); }
  size_t width() const override { return width_; }

 private:
  const Dataset* source_of(int64_t& index) const override;
  const Dataset* source_of_all(std::span<int64_t> indices) const override;
  void get_own(int64_t, std::span<Tensor>) const override {}

  Ref<Dataset> dataset_;
  std::vector<int64_t> indices_;
  const size_t width_;
};

// Several data sets of one width, one after the other. Their lengths and the width are taken once.
class ConcatDataset final : public Dataset {
 public:
  explicit ConcatDataset(std::vector<Ref<Dataset>> parts);
  ~ConcatDataset() override {
    for (Ref<Dataset>& part : parts_) let_go(std::move(part));
  }
  int64_t length() const override { return ends_.back(); }
  size_t width() const override { return width_; }

 private:
  const Dataset* source_of(int64_t& index) const override;
  void get_own(int64_t, std::span<Tensor>) const override {}

  std::vector<Ref<Dataset>> parts_;
  std::vector<int64_t> ends_;  // of each part, exclusive
  size_t width_ = 0;
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
