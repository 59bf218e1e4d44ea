#include "io/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace tt::io {

// ---- Mapping ----

Mapping::Mapping(const std::string& path) {
  uint64_t size;
  const FileDescriptor file = open_regular(path, &size);
  size_ = static_cast<size_t>(size);
  if (size_ == 0) return;
  void* address = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.get(), 0);
  if (address == MAP_FAILED) fail_io("cannot map", path, errno);
  data_ = static_cast<char*>(address);
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

// ---- AtomicFile ----

namespace {

// Where the bytes go in the end: rename would replace a symbolic link, not what it points to.
std::string resolve(const std::string& path) {
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return path;
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  if (!real) fail_io("cannot write", path, errno);
  return real.get();
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string temporary_name(const std::string& path) {
  static std::atomic<uint64_t> counter{0};
  const size_t slash = path.rfind('/');
  const size_t name = slash == std::string::npos ? 0 : slash + 1;
  // The name's own length may be at the system's limit.
  return str(path.substr(0, name), ".", path.substr(name, 200), ".", static_cast<int64_t>(::getpid()), ".",
             counter.fetch_add(1), ".tmp");
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(resolve(path)) {
  struct stat old;
  const bool exists = ::stat(path_.c_str(), &old) == 0;
  TT_CHECK(!exists || S_ISREG(old.st_mode), Status::kIo, "cannot write ", path, ": it is not a regular file");
  TT_CHECK(!exists || ::access(path_.c_str(), W_OK) == 0, Status::kIo, "cannot write ", path,
           ": Permission denied");
  // A name left behind by a process of the same number that was killed is passed over.
  for (int attempt = 0; attempt < 100; ++attempt) {
    temporary_ = temporary_name(path_);
    const int fd = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) {
      file_ = FileDescriptor(fd);
      break;
    }
    if (errno != EEXIST && errno != EINTR) fail_io("cannot write", path, errno);
  }
  TT_CHECK(file_.get() >= 0, Status::kIo, "cannot write ", path, ": no free name for a temporary file");
  // The new file takes over the old one's permissions.
  if (exists && ::fchmod(file_.get(), old.st_mode & 07777) != 0) {
    const int error = errno;
    ::unlink(temporary_.c_str());
    fail_io("cannot write", path, error);
  }
}

AtomicFile::~AtomicFile() {
  if (!committed_) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = ::write(file_.get(), at, std::min(size, size_t{1} << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_io("cannot write", path_, errno);
    at += n;
    size -= static_cast<size_t>(n);
  }
}

void AtomicFile::commit() {
  if (::fsync(file_.get()) != 0) fail_io("cannot write", path_, errno);
  if (const int error = file_.close()) fail_io("cannot write", path_, error);
  const std::string directory = directory_of(path_);
  const FileDescriptor parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_io("cannot write", path_, errno);
  committed_ = true;
  // The rename itself must reach the disk. A directory that cannot be opened for reading, and file systems
  // that cannot sync one, leave that to the system.
  if (parent.get() >= 0 && ::fsync(parent.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    fail_io("cannot sync the directory of", path_, errno);
  }
}

}  // namespace tt::io
