#include "tinytorch/data.h"

#include "capi/callback.h"
#include "capi/structs.h"
#include "capi/scope.h"
#include "data/loader.h"

using namespace tt;
using namespace tt::capi;
using data::Dataset;
using data::Loader;

namespace {

// A data set behind the host's callbacks.
class CallbackDataset final : public Dataset {
 public:
  CallbackDataset(const tt_dataset_callbacks& callbacks, User user)
      : callbacks_(callbacks), user_(std::move(user)) {}

  int64_t length() const override {
    int64_t n = 0;
    const ScopeGuard scope;
    run_callback("the length of", kName, [&] { return callbacks_.length(&n, user_.get()); });
    TT_CHECK(n >= 0, Status::kCallback, "the length of ", kName, " is ", n, ", expected 0 or more");
    return n;
  }
  size_t width() const override { return callbacks_.width; }

 private:
  void get_own(int64_t index, std::span<Tensor> out) const override {
    const size_t width = callbacks_.width;
    const ScopeGuard scope;
    std::vector<tt_tensor*> sample(width, nullptr);
    run_callback("get of", kName, [&] { return callbacks_.get(index, sample.data(), width, user_.get()); });
    for (size_t i = 0; i < width; ++i) {
      TT_CHECK(sample[i] != nullptr, Status::kCallback, "get of ", kName, " left tensor ",
               static_cast<uint64_t>(i), " of sample ", index, " NULL");
      out[i] = take(sample[i], "sample");
    }
  }

  static constexpr const char* kName = "a user's data set";
  tt_dataset_callbacks callbacks_;
  User user_;
};

// Held for the call: both run the host's callbacks.
Ref<Dataset> dataset_in(const tt_dataset* handle, const char* argument) {
  return held<Dataset>(handle, Kind::kDataset, argument, "data set");
}
Ref<Loader> loader_in(const tt_loader* handle) {
  return held<Loader>(handle, Kind::kLoader, "loader", "loader");
}
tt_dataset* handle_of(Ref<Dataset> dataset) { return give_object<tt_dataset>(std::move(dataset)); }
Ref<Generator> generator_or_default(tt_generator* generator) {
  return generator == nullptr ? Ref<Generator>(&default_generator())
                              : held<Generator>(generator, Kind::kGenerator, "generator", "generator");
}

// An output for a data set: NULL until it is assigned.
class DatasetOut {
 public:
  DatasetOut(tt_dataset** slot) : slot_(slot) { out_value(slot, "out") = nullptr; }
  void operator=(Ref<Dataset> dataset) { *slot_ = handle_of(std::move(dataset)); }

 private:
  tt_dataset** slot_;
};

void check_capacity(size_t width, size_t capacity) {
  TT_CHECK(width <= capacity, Status::kInvalidArgument, "capacity is ", static_cast<uint64_t>(capacity),
           ", but a sample has ", static_cast<uint64_t>(width), " tensors");
}

void clear_parts(const void* list, size_t element_size, const char* argument, tt_dataset** out,
                 size_t count) {
  TT_CHECK(out != nullptr && count > 0, Status::kInvalidArgument, "out is NULL or count is 0");
  check_list(list, count, element_size, argument);
  check_list(out, count, sizeof *out, "out");
  for (size_t i = 0; i < count; ++i) out[i] = nullptr;
}
void split(const Ref<Dataset>& dataset, std::span<const int64_t> lengths, const Ref<Generator>& generator,
           tt_dataset** out) {
  auto parts = data::random_split(dataset, lengths, *generator);
  for (size_t i = 0; i < parts.size(); ++i) out[i] = handle_of(std::move(parts[i]));
}

}  // namespace

extern "C" {

tt_dataset* tt_dataset_retain(tt_dataset* dataset) { return retain_handle(dataset); }
void tt_dataset_release(tt_dataset* dataset) { release_handle(dataset, Kind::kDataset); }
tt_loader* tt_loader_retain(tt_loader* loader) { return retain_handle(loader); }
void tt_loader_release(tt_loader* loader) { release_handle(loader, Kind::kLoader); }

tt_status tt_tensor_dataset_new(tt_tensor* const* tensors, size_t count, tt_dataset** out) {
  return guard("tt_tensor_dataset_new", [&] {
    DatasetOut result(out);
    result = make_ref<data::TensorDataset>(list_in(tensors, count, "tensors"));
  });
}

tt_status tt_dataset_new(const tt_dataset_callbacks* callbacks, tt_dataset** out) {
  return guard("tt_dataset_new", [&] {
    DatasetOut result(out);
    TT_CHECK(callbacks != nullptr, Status::kInvalidArgument, "callbacks is NULL");
    const tt_dataset_callbacks read = read_options(callbacks, "callbacks");
    User user = make_user(read.user, read.destroy);
    TT_CHECK(read.width > 0, Status::kInvalidArgument, "callbacks.width is 0, expected 1 or more");
    TT_CHECK(read.length != nullptr && read.get != nullptr, Status::kInvalidArgument,
             "callbacks.length and callbacks.get must not be NULL");
    result = make_ref<CallbackDataset>(read, std::move(user));
  });
}

tt_status tt_subset_new(tt_dataset* dataset, const int64_t* indices, size_t count, tt_dataset** out) {
  return guard("tt_subset_new", [&] {
    DatasetOut result(out);
    const auto list = list_of(indices, count, "indices");
    result = make_ref<data::Subset>(dataset_in(dataset, "dataset"),
                                    std::vector<int64_t>(list.begin(), list.end()));
  });
}

tt_status tt_concat_dataset_new(tt_dataset* const* datasets, size_t count, tt_dataset** out) {
  return guard("tt_concat_dataset_new", [&] {
    DatasetOut result(out);
    std::vector<Ref<Dataset>> parts;
    for (tt_dataset* part : list_of(datasets, count, "datasets")) {
      parts.push_back(dataset_in(part, "datasets"));
    }
    result = make_ref<data::ConcatDataset>(std::move(parts));
  });
}

tt_status tt_random_split(tt_dataset* dataset, const int64_t* lengths, size_t count, tt_generator* generator,
                          tt_dataset** out) {
  return guard("tt_random_split", [&] {
    clear_parts(lengths, sizeof *lengths, "lengths", out, count);
    split(dataset_in(dataset, "dataset"), {lengths, count}, generator_or_default(generator), out);
  });
}

tt_status tt_random_split_fractions(tt_dataset* dataset, const double* fractions, size_t count,
                                    tt_generator* generator, tt_dataset** out) {
  return guard("tt_random_split_fractions", [&] {
    clear_parts(fractions, sizeof *fractions, "fractions", out, count);
    const Ref<Dataset> whole = dataset_in(dataset, "dataset");
    const Ref<Generator> source = generator_or_default(generator);
    split(whole, data::split_lengths(whole->length(), {fractions, count}), source, out);
  });
}

tt_status tt_dataset_length(const tt_dataset* dataset, int64_t* out) {
  return guard("tt_dataset_length",
               [&] { out_value(out, "out") = dataset_in(dataset, "dataset")->length(); });
}

tt_status tt_dataset_width(const tt_dataset* dataset, size_t* out) {
  return guard("tt_dataset_width", [&] { out_value(out, "out") = dataset_in(dataset, "dataset")->width(); });
}

tt_status tt_dataset_get(const tt_dataset* dataset, int64_t index, tt_tensor** sample, size_t capacity) {
  return guard("tt_dataset_get", [&] {
    clear_list(sample, capacity, "sample");
    const Ref<Dataset> source = dataset_in(dataset, "dataset");
    check_capacity(source->width(), capacity);
    const int64_t length = source->length();
    TT_CHECK(index >= 0 && index < length, Status::kInvalidArgument, "index ", index,
             " is out of range for a data set of length ", length);
    std::vector<Tensor> tensors(source->width());
    source->get(index, tensors);
    give_all(tensors, sample);
  });
}

tt_status tt_loader_new(tt_dataset* dataset, const tt_loader_options* options, tt_loader** out) {
  return guard("tt_loader_new", [&] {
    out_value(out, "out") = nullptr;
    const tt_loader_options read = read_options(options, "options");
    data::LoaderOptions ours;
    ours.batch_size = read.batch_size;
    ours.shuffle = read.shuffle != 0;
    ours.drop_last = read.drop_last != 0;
    if (read.generator != nullptr) ours.generator = generator_or_default(read.generator);
    const auto sampler = list_of(read.sampler, read.sampler_count, "options.sampler");
    if (read.sampler != nullptr) ours.sampler.emplace(sampler.begin(), sampler.end());
    *out = give_object<tt_loader>(make_ref<Loader>(dataset_in(dataset, "dataset"), std::move(ours)));
  });
}

tt_status tt_loader_length(const tt_loader* loader, int64_t* out) {
  return guard("tt_loader_length", [&] { out_value(out, "out") = loader_in(loader)->length(); });
}

tt_status tt_loader_begin(tt_loader* loader) {
  return guard("tt_loader_begin", [&] { loader_in(loader)->begin(); });
}

tt_status tt_loader_next(tt_loader* loader, tt_tensor** batch, size_t capacity, int32_t* has_batch) {
  return guard("tt_loader_next", [&] {
    clear_list(batch, capacity, "batch");
    int32_t& has = out_value(has_batch, "has_batch");
    const Ref<Loader> source = loader_in(loader);
    const size_t width = source->dataset()->width();
    check_capacity(width, capacity);
    std::vector<Tensor> tensors(width);
    const bool got = source->next(tensors);
    if (got) give_all(tensors, batch);
    has = got;
  });
}

}  // extern "C"
