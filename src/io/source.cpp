#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "device/backend.h"
#include "io/file.h"
#include "ops/create/create.h"

namespace tt::io {

namespace {
constexpr size_t kBufferBytes = size_t{1} << 17;
constexpr size_t kFirstBytes = size_t{1} << 20;
// Deflate cannot do better than 258 bytes for two bits.
constexpr uint64_t kMostInflation = 1032;
}  // namespace

void fail_io(const char* what, const std::string& path, int error) {
  char text[256] = "";
  // The GNU strerror_r: no lock, no shared buffer.
  fail(Status::kIo, what, " ", path, ": ", std::string_view(strerror_r(error, text, sizeof text)));
}

int FileDescriptor::close() noexcept {
  const int fd = std::exchange(fd_, -1);
  return fd >= 0 && ::close(fd) != 0 && errno != EINTR ? errno : 0;
}

FileDescriptor open_to_read(const std::string& path, int flags) {
  refuse_host_capture("reads a file");
  int fd;
  do {
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) fail_io("cannot open", path, errno);
  return FileDescriptor(fd);
}

std::optional<uint64_t> regular_size(int fd, const std::string& path) {
  struct stat info;
  if (::fstat(fd, &info) != 0) fail_io("cannot read", path, errno);
  if (S_ISDIR(info.st_mode)) fail_io("cannot read", path, EISDIR);
  if (!S_ISREG(info.st_mode)) return std::nullopt;
  return static_cast<uint64_t>(info.st_size);
}

FileDescriptor open_regular(const std::string& path, uint64_t* size) {
  FileDescriptor file = open_to_read(path, O_NONBLOCK);
  const auto regular = regular_size(file.get(), path);
  TT_CHECK(regular.has_value(), Status::kIo, "cannot read ", path, ": it is not a regular file");
  *size = *regular;
  return file;
}

// ---- Source ----

struct Source::Inflater {
  z_stream stream{};
  bool started = false;  // inside a member
};

Source::Source(std::string path)
    : path_(std::move(path)), file_(open_to_read(path_)), buffer_(new unsigned char[kBufferBytes]) {
  size_ = regular_size(file_.get(), path_);
  while (end_ < 2 && refill()) {
  }
  compressed_ = end_ >= 2 && buffer_[0] == 0x1f && buffer_[1] == 0x8b;
  if (!compressed_) return;
  inflater_ = std::make_unique<Inflater>();
  if (inflateInit2(&inflater_->stream, 15 + 16) != Z_OK) throw std::bad_alloc();
  inflater_->started = true;
}

Source::~Source() {
  if (inflater_) inflateEnd(&inflater_->stream);
}

// More of the file's bytes behind those in the buffer; false at the end.
bool Source::refill() {
  if (raw_end_) return false;
  if (begin_ == end_) begin_ = end_ = 0;
  const size_t n = read_raw(buffer_.get() + end_, kBufferBytes - end_);
  end_ += n;
  return n > 0;
}

size_t Source::read_raw(void* to, size_t size) {
  if (size == 0 || raw_end_) return 0;
  ssize_t n;
  do {
    n = ::read(file_.get(), to, std::min(size, size_t{1} << 30));
  } while (n < 0 && errno == EINTR);
  if (n < 0) fail_io("cannot read", path_, errno);
  raw_end_ = n == 0;
  return static_cast<size_t>(n);
}

// One step of reading: 0 only at the end of the content.
size_t Source::read_some(void* to, size_t size) {
  if (!compressed_) {
    if (begin_ == end_) {
      if (size >= kBufferBytes) return read_raw(to, size);
      if (!refill()) return 0;
    }
    const size_t n = std::min(size, end_ - begin_);
    std::memcpy(to, buffer_.get() + begin_, n);
    begin_ += n;
    return n;
  }
  z_stream& z = inflater_->stream;
  const auto room = static_cast<uInt>(std::min(size, size_t{1} << 30));
  for (;;) {
    if (begin_ == end_ && !refill()) {
      TT_CHECK(!inflater_->started, Status::kFormat, path_, ": the gzip data ends after ", position_,
               " decompressed bytes, in the middle of a stream");
      return 0;
    }
    if (!inflater_->started) {
      // Zeros after a member are padding, as gzip has it.
      while (begin_ != end_ && buffer_[begin_] == 0) ++begin_;
      if (begin_ == end_) continue;
      inflateReset(&z);  // another member follows the first
      inflater_->started = true;
    }
    z.next_in = buffer_.get() + begin_;
    z.avail_in = static_cast<uInt>(end_ - begin_);
    z.next_out = static_cast<Bytef*>(to);
    z.avail_out = room;
    const int result = inflate(&z, Z_NO_FLUSH);
    begin_ = end_ - z.avail_in;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    TT_CHECK(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR, Status::kFormat, path_,
             ": the gzip data is damaged after ", position_,
             " decompressed bytes: ", z.msg != nullptr ? z.msg : "no valid stream");
    if (result == Z_STREAM_END) inflater_->started = false;
    const size_t n = room - z.avail_out;
    if (n > 0) return n;
  }
}

size_t Source::read(void* to, size_t size) {
  auto* out = static_cast<unsigned char*>(to);
  size_t done = 0;
  if (size > 0 && peeked_) {
    out[done++] = *peeked_;
    peeked_.reset();
    ++position_;
  }
  while (done < size) {
    const size_t n = read_some(out + done, size - done);
    if (n == 0) break;
    done += n;
    position_ += n;
  }
  return done;
}

bool Source::at_end() {
  if (peeked_) return false;
  unsigned char byte;
  if (read_some(&byte, 1) == 0) return true;
  peeked_ = byte;
  return false;
}

std::optional<uint64_t> Source::most_left() const {
  if (!size_) return std::nullopt;
  const uint64_t most = compressed_ ? *size_ * kMostInflation : *size_;
  return most > position_ ? most - position_ : 0;
}

// ---- whole bodies ----

namespace {
[[noreturn]] void fail_early(const std::string& path, const std::string& promise, uint64_t have) {
  fail(Status::kFormat, path, ": the header promises ", promise, ", but the file ends after ", have,
       " of them");
}
// Sizes that no machine's memory reaches must not overflow the allocator's arithmetic.
void check_size(uint64_t size, const std::string& path) {
  TT_CHECK(size <= uint64_t{1} << 62, Status::kOutOfMemory, path, ": ", size, " bytes do not fit in memory");
}
}  // namespace

Ref<Storage> read_storage(Source& source, uint64_t size, const std::string& promise) {
  const auto most = source.most_left();
  if (most && *most < size && !source.compressed()) fail_early(source.path(), promise, *most);
  TT_CHECK(!most || *most >= size, Status::kFormat, source.path(), ": the header promises ", promise,
           ", but the compressed file can hold no more than ", *most, " bytes");
  check_size(size, source.path());
  // Memory grows with what has come, from a start in proportion to the file's own size.
  uint64_t capacity = size;
  if (source.compressed() || !most) {
    const uint64_t start = most ? *most / kMostInflation * 8 : 0;
    capacity = std::min(size, std::max<uint64_t>(kFirstBytes, start));
  }
  Ref<Storage> storage = Storage::allocate(capacity, Device{});
  uint64_t have = 0;
  for (;;) {
    have += source.read(static_cast<char*>(storage->data()) + have, capacity - have);
    if (have < capacity) fail_early(source.path(), promise, have);
    if (capacity == size) return storage;
    capacity = std::min(size, capacity * 2);
    storage->grow(capacity);
  }
}

Ref<Storage> read_rest(Source& source, size_t* size) {
  const auto most = source.most_left();
  uint64_t capacity = kFirstBytes;
  // One more byte than a plain file has, so that its end is seen without growing.
  if (most) capacity = source.compressed() ? std::max(capacity, *most / kMostInflation * 8) : *most + 1;
  check_size(capacity, source.path());
  Ref<Storage> storage = Storage::allocate(capacity, Device{});
  *size = 0;
  for (;;) {
    *size += source.read(static_cast<char*>(storage->data()) + *size, capacity - *size);
    if (*size < capacity) return storage;
    capacity *= 2;
    storage->grow(capacity);
  }
}

void expect_end(Source& source, const std::string& promise) {
  if (source.at_end()) return;
  uint64_t extra = 0;
  if (!source.compressed() && source.most_left()) {
    extra = *source.most_left();
    fail(Status::kFormat, source.path(), ": the header promises ", promise, ", but ", extra,
         " more bytes follow");
  }
  fail(Status::kFormat, source.path(), ": the header promises ", promise, ", but more bytes follow");
}

Tensor host_values(const Tensor& t) { return ops::contiguous(ops::to_host(detach(t))); }

void swap_bytes(char* data, size_t count, size_t size) {
  const auto swap = [&]<typename Word>(Word (*reversed)(Word)) {
    for (size_t i = 0; i < count; ++i) {
      Word word;
      std::memcpy(&word, data + i * sizeof word, sizeof word);
      word = reversed(word);
      std::memcpy(data + i * sizeof word, &word, sizeof word);
    }
  };
  if (size == 2) swap.operator()<uint16_t>([](uint16_t w) { return __builtin_bswap16(w); });
  if (size == 4) swap.operator()<uint32_t>([](uint32_t w) { return __builtin_bswap32(w); });
  if (size == 8) swap.operator()<uint64_t>([](uint64_t w) { return __builtin_bswap64(w); });
}

Tensor tensor_over(Ref<Storage> storage, DType dtype, const Dims& sizes, int64_t offset) {
  return Tensor::adopt(new TensorImpl(std::move(storage), dtype, sizes, contiguous_strides(sizes), offset));
}

}  // namespace tt::io
