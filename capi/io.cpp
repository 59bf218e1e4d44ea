#include "tinytorch/io.h"

#include "capi/guard.h"
#include "io/cifar.h"
#include "io/csv.h"
#include "io/idx.h"
#include "io/npy.h"
#include "io/safetensors.h"

using namespace tt;
using namespace tt::capi;
using io::SafetensorsFile;

namespace {

std::string path_in(const char* path) {
  const std::string_view text = text_in(path, "path");
  TT_CHECK(!text.empty(), Status::kInvalidArgument, "path is empty");
  return std::string(text);
}

const SafetensorsFile& file_in(const tt_safetensors* file) {
  return *checked<SafetensorsFile>(file, Kind::kFile, "file", "safetensors file");
}

std::string_view element_in(const char* const* list, size_t index, const char* argument) {
  return text_in(list[index], str(argument, "[", static_cast<uint64_t>(index), "]").c_str());
}

}  // namespace

extern "C" {

tt_status tt_read_idx(const char* path, tt_tensor** out) {
  return guard("tt_read_idx", [&] {
    Out result(out, "out");
    result = io::read_idx(path_in(path));
  });
}

tt_status tt_read_csv(const char* path, int32_t delimiter, int64_t skip_rows, tt_dtype dtype,
                      tt_tensor** out) {
  return guard("tt_read_csv", [&] {
    Out result(out, "out");
    TT_CHECK(delimiter >= 0 && delimiter < 128, Status::kInvalidArgument, "delimiter is ", delimiter,
             ", expected an ASCII character or 0");
    io::CsvOptions options;
    if (delimiter != 0) options.delimiter = static_cast<char>(delimiter);
    options.skip_rows = skip_rows;
    options.dtype = optional_dtype_in(dtype, "dtype").value_or(default_dtype());
    result = io::read_csv(path_in(path), options);
  });
}

tt_status tt_read_cifar10(const char* path, tt_tensor** images, tt_tensor** labels) {
  return guard("tt_read_cifar10", [&] {
    clear_outs({{images, "images"}, {labels, "labels"}});
    const io::Cifar data = io::read_cifar10(path_in(path));
    *images = give(data.images);
    *labels = give(data.labels);
  });
}

tt_status tt_read_cifar100(const char* path, tt_tensor** images, tt_tensor** coarse_labels,
                           tt_tensor** fine_labels) {
  return guard("tt_read_cifar100", [&] {
    clear_outs({{images, "images"}, {coarse_labels, "coarse_labels"}, {fine_labels, "fine_labels"}});
    const io::Cifar data = io::read_cifar100(path_in(path));
    *images = give(data.images);
    *coarse_labels = give(data.coarse);
    *fine_labels = give(data.labels);
  });
}

tt_status tt_read_npy(const char* path, tt_tensor** out) {
  return guard("tt_read_npy", [&] {
    Out result(out, "out");
    result = io::read_npy(path_in(path));
  });
}

tt_status tt_save_npy(const char* path, const tt_tensor* tensor) {
  return guard("tt_save_npy", [&] { io::save_npy(path_in(path), In(tensor, "tensor")); });
}

tt_status tt_safetensors_save(const char* path, const char* const* names, tt_tensor* const* tensors,
                              size_t count, const char* const* metadata_keys,
                              const char* const* metadata_values, size_t metadata_count) {
  return guard("tt_safetensors_save", [&] {
    const std::string where = path_in(path);
    check_list(names, count, sizeof *names, "names");
    Tensors list = list_in(tensors, count, "tensors");
    std::vector<io::NamedTensor> named;
    named.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      named.push_back({std::string(element_in(names, i, "names")), std::move(list[i])});
    }
    check_list(metadata_keys, metadata_count, sizeof *metadata_keys, "metadata_keys");
    check_list(metadata_values, metadata_count, sizeof *metadata_values, "metadata_values");
    std::vector<std::pair<std::string, std::string>> metadata;
    for (size_t i = 0; i < metadata_count; ++i) {
      metadata.emplace_back(element_in(metadata_keys, i, "metadata_keys"),
                            element_in(metadata_values, i, "metadata_values"));
    }
    io::save_safetensors(where, std::move(named), metadata);
  });
}

tt_status tt_safetensors_open(const char* path, int32_t mapped, tt_safetensors** out) {
  return guard("tt_safetensors_open", [&] {
    out_value(out, "out") = nullptr;
    *out = give_object<tt_safetensors>(make_ref<SafetensorsFile>(
        path_in(path), mapped != 0 ? SafetensorsFile::Access::kMap : SafetensorsFile::Access::kCopy));
  });
}

void tt_safetensors_release(tt_safetensors* file) { release_handle(file, Kind::kFile); }

tt_status tt_safetensors_count(const tt_safetensors* file, size_t* out) {
  return guard("tt_safetensors_count", [&] { out_value(out, "out") = file_in(file).count(); });
}

tt_status tt_safetensors_name(const tt_safetensors* file, size_t index, const char** out) {
  return guard("tt_safetensors_name", [&] {
    const SafetensorsFile& f = file_in(file);
    TT_CHECK(index < f.count(), Status::kInvalidArgument, "index is ", static_cast<uint64_t>(index),
             ", but the file has ", static_cast<uint64_t>(f.count()), " tensors");
    out_value(out, "out") = f.name(index).c_str();
  });
}

tt_status tt_safetensors_contains(const tt_safetensors* file, const char* name, int32_t* out) {
  return guard("tt_safetensors_contains",
               [&] { out_value(out, "out") = file_in(file).contains(text_in(name, "name")); });
}

tt_status tt_safetensors_get(const tt_safetensors* file, const char* name, tt_tensor** out) {
  return guard("tt_safetensors_get", [&] {
    Out result(out, "out");
    result = file_in(file).get(text_in(name, "name"));
  });
}

tt_status tt_safetensors_metadata_count(const tt_safetensors* file, size_t* out) {
  return guard("tt_safetensors_metadata_count",
               [&] { out_value(out, "out") = file_in(file).metadata().size(); });
}

tt_status tt_safetensors_metadata(const tt_safetensors* file, size_t index, const char** key,
                                  const char** value) {
  return guard("tt_safetensors_metadata", [&] {
    const auto& metadata = file_in(file).metadata();
    TT_CHECK(index < metadata.size(), Status::kInvalidArgument, "index is ", static_cast<uint64_t>(index),
             ", but the file has ", static_cast<uint64_t>(metadata.size()), " metadata entries");
    const char*& key_out = out_value(key, "key");
    out_value(value, "value") = metadata[index].second.c_str();
    key_out = metadata[index].first.c_str();
  });
}

}  // extern "C"
