#include "io/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>

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

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// Where the bytes go in the end: rename would replace a symbolic link, not what it points to, which need not
// be there yet.
std::string resolve(const std::string& path) {
  constexpr int kMostLinks = 40;  // the system's limit
  std::string at = path;
  for (int links = 0;; ++links) {
    struct stat info;
    if (::lstat(at.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return at;
    if (links == kMostLinks) fail_io("cannot write", path, ELOOP);
    char target[PATH_MAX];
    const ssize_t length = ::readlink(at.c_str(), target, sizeof target);
    if (length < 0) fail_io("cannot write", path, errno);
    if (length == sizeof target) fail_io("cannot write", path, ENAMETOOLONG);
    const std::string_view link(target, static_cast<size_t>(length));
    at = link.starts_with('/') ? std::string(link) : str(directory_of(at), "/", link);
  }
}

// Temporary files are called .NAME.PID.COUNT.tmp; this is ".NAME.".
std::string temporary_prefix(const std::string& path) {
  const size_t slash = path.rfind('/');
  // The name's own length may be at the system's limit.
  return str(".", path.substr(slash == std::string::npos ? 0 : slash + 1, 200), ".");
}

std::string temporary_name(const std::string& path) {
  static std::atomic<uint64_t> counter{0};
  const size_t slash = path.rfind('/');
  return str(path.substr(0, slash == std::string::npos ? 0 : slash + 1), temporary_prefix(path),
             static_cast<int64_t>(::getpid()), ".", counter.fetch_add(1), ".tmp");
}

// The process that a temporary file of the prefix is named after; 0: it is no such file.
pid_t maker_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || !name.ends_with(".tmp")) return 0;
  name = name.substr(prefix.size(), name.size() - prefix.size() - 4);
  pid_t pid = 0;
  uint64_t count;
  const char* const end = name.data() + name.size();
  const auto [dot, bad_pid] = std::from_chars(name.data(), end, pid);
  if (bad_pid != std::errc() || dot == end || *dot != '.') return 0;
  const auto [stop, bad_count] = std::from_chars(dot + 1, end, count);
  return bad_count == std::errc() && stop == end && pid > 0 ? pid : 0;
}

// Removes what processes that were killed while they saved to the path have left. Their locks went with them;
// other machines' processes, whose numbers say nothing here, still have theirs.
void remove_abandoned(const std::string& path) noexcept {
  const std::string directory = directory_of(path), prefix = temporary_prefix(path);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(directory.c_str()), ::closedir);
  if (!entries) return;
  while (const dirent* const entry = ::readdir(entries.get())) {
    const pid_t maker = maker_of(entry->d_name, prefix);
    if (maker == 0 || maker == ::getpid() || ::kill(maker, 0) == 0 || errno != ESRCH) continue;
    const FileDescriptor file(
        ::openat(::dirfd(entries.get()), entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (file.get() < 0 || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) continue;
    ::unlinkat(::dirfd(entries.get()), entry->d_name, 0);
  }
}

// While the thread writes to a file: a write beyond the limit for files (RLIMIT_FSIZE) raises SIGXFSZ, which
// ends processes. Here it is an error like others, whatever the host does with that signal.
class FileLimitGuard {
 public:
  FileLimitGuard() {
    sigset_t pending;
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signal_, &before_);
    // One that waits already, because the host blocks it, is the host's.
    ours_ = sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ) == 0;
  }
  ~FileLimitGuard() {
    constexpr timespec kNow = {0, 0};
    while (ours_ && sigtimedwait(&signal_, nullptr, &kNow) < 0 && errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  FileLimitGuard(const FileLimitGuard&) = delete;
  FileLimitGuard& operator=(const FileLimitGuard&) = delete;

 private:
  sigset_t signal_, before_;
  bool ours_;
};

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(resolve(path)) {
  struct stat old;
  const bool exists = ::stat(path_.c_str(), &old) == 0;
  TT_CHECK(!exists || S_ISREG(old.st_mode), Status::kIo, "cannot write ", path, ": it is not a regular file");
  TT_CHECK(!exists || ::access(path_.c_str(), W_OK) == 0, Status::kIo, "cannot write ", path,
           ": Permission denied");
  remove_abandoned(path_);
  // A name left behind by a process of the same number that was killed is passed over.
  for (int attempt = 0; attempt < 100; ++attempt) {
    temporary_ = temporary_name(path_);
    const int fd = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) {
      file_ = FileDescriptor(fd);
      ::flock(fd, LOCK_EX | LOCK_NB);  // says that it is being written; where that cannot be, its name does
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
  const FileLimitGuard guard;
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
