// Files: reading with transparent gzip, mapping, and writing that either replaces the whole file or nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/ref.h"
#include "tensor/tensor.h"

namespace tt::io {

// Fails with Status::kIo: "cannot open PATH: No such file or directory". `error`: an errno.
[[noreturn]] void fail_io(const char* what, const std::string& path, int error);

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  ~FileDescriptor() { close(); }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  int close() noexcept;  // an errno, 0 when closed already

 private:
  int fd_;
};

// `flags`: of open(2), beside O_RDONLY.
FileDescriptor open_to_read(const std::string& path, int flags = 0);
// Refuses what is not a regular file; a pipe without waiting for its writer.
FileDescriptor open_regular(const std::string& path, uint64_t* size);
// The size of a regular file; nothing for a pipe or a device.
std::optional<uint64_t> regular_size(int fd, const std::string& path);

// A file's content from front to back. What starts with gzip's magic is decompressed, whatever its name.
class Source {
 public:
  explicit Source(std::string path);
  ~Source();
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  const std::string& path() const { return path_; }
  bool compressed() const { return compressed_; }
  // Fills `to` as far as the content goes. A damaged gzip stream is Status::kFormat.
  size_t read(void* to, size_t size);
  bool at_end();
  // Bytes read so far.
  uint64_t position() const { return position_; }
  // The most bytes that can still come: exact for plain files, an upper bound for compressed ones, nothing
  // for a pipe.
  std::optional<uint64_t> most_left() const;

 private:
  struct Inflater;
  size_t read_raw(void* to, size_t size);
  bool refill();
  size_t read_some(void* to, size_t size);

  std::string path_;
  FileDescriptor file_;
  std::optional<uint64_t> size_;  // of the file itself
  uint64_t position_ = 0;
  bool compressed_ = false;
  bool raw_end_ = false;
  std::unique_ptr<unsigned char[]> buffer_;  // of the file's bytes
  size_t begin_ = 0;
  size_t end_ = 0;
  std::optional<unsigned char> peeked_;  // by at_end
  std::unique_ptr<Inflater> inflater_;
};

// `size` bytes of content into new memory, which never grows far beyond what the file has yielded. `promise`:
// what the header says, for the message when the file ends early.
Ref<Storage> read_storage(Source& source, uint64_t size, const std::string& promise);
// Everything up to the end.
Ref<Storage> read_rest(Source& source, size_t* size);
// Fails unless the content ends here.
void expect_end(Source& source, const std::string& promise);

// A whole file in memory: private pages, so that writes to them do not reach the file.
class Mapping {
 public:
  explicit Mapping(const std::string& path);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

// Writes beside the file, then takes its place: what was there stays whole until commit() has renamed the new
// file over it. Without commit() nothing remains.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  void write(const void* data, size_t size);
  void commit();

 private:
  std::string path_;       // of the file itself, symbolic links resolved
  std::string temporary_;  // in the same directory
  FileDescriptor file_;
  bool committed_ = false;
};

// The tensor's values in row-major order, in host memory.
Tensor host_values(const Tensor& t);

// The bytes of every element reversed, for files of the other byte order.
void swap_bytes(char* data, size_t count, size_t size);

// A new tensor over the storage's first bytes.
Tensor tensor_over(Ref<Storage> storage, DType dtype, const Dims& sizes, int64_t offset = 0);

}  // namespace tt::io
