// safetensors: 8 bytes of header length, a JSON header of names, dtypes, shapes and places, then the tensors'
// bytes, little-endian, without gaps. Format: the README of the safetensors project.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/file.h"

namespace tt::io {

class SafetensorsFile final : public RefCounted {
 public:
  enum class Access { kMap, kCopy };

  // Reads and checks the whole header. With kMap, tensors are views of private pages of the file, which stay
  // valid after the file object is gone; the file must not be shortened meanwhile. With kCopy they are read
  // when asked for.
  SafetensorsFile(const std::string& path, Access access);

  // In the order of their data.
  size_t count() const { return entries_.size(); }
  const std::string& name(size_t index) const { return entries_[index].name; }
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  Tensor get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& metadata() const { return metadata_; }

 private:
  struct Entry {
    std::string name;
    std::string dtype;
    std::vector<int64_t> shape;
    int64_t begin;  // in the data
    int64_t end;
  };
  class HeaderReader;

  const Entry* find(std::string_view name) const;
  void read_at(void* to, size_t size, uint64_t offset) const;
  void check_layout(int64_t data_bytes);

  std::string path_;
  FileDescriptor file_;               // kCopy
  std::shared_ptr<Mapping> mapping_;  // kMap
  uint64_t data_offset_ = 0;
  std::vector<Entry> entries_;
  std::vector<size_t> by_name_;  // indices of entries_, sorted by name
  std::vector<std::pair<std::string, std::string>> metadata_;
};

struct NamedTensor {
  std::string name;
  Tensor tensor;
};
// Replaces the file whole or not at all. The layout is the reference implementation's: widest dtypes first,
// then by name, the header padded with spaces to a multiple of 8.
void save_safetensors(const std::string& path, std::vector<NamedTensor> tensors,
                      const std::vector<std::pair<std::string, std::string>>& metadata);

}  // namespace tt::io
