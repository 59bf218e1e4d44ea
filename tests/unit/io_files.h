// Files for the tests of readers and writers: a directory that is gone afterwards, gzip, damage.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "base/error.h"

namespace tt::test {

class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "tinytorch-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return *this / name;
  }
  size_t files() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator()));
  }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::string gzip(const std::string& content) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&z, content.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  z.avail_in = static_cast<uInt>(content.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

struct Outcome {
  Status code = Status::kOk;
  std::string message;
};

inline Outcome outcome_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return {error.code(), error.message()};
  }
  return {};
}

// The body must fail with this code, and its message must contain each text.
inline void expect_failure(const std::function<void()>& body, Status code,
                           std::initializer_list<std::string> texts) {
  const Outcome outcome = outcome_of(body);
  EXPECT_EQ(static_cast<int>(outcome.code), static_cast<int>(code)) << outcome.message;
  for (const std::string& text : texts) {
    EXPECT_NE(outcome.message.find(text), std::string::npos) << outcome.message << "\nlacks: " << text;
  }
}

// Every shorter file, and the file with bytes behind it, must be a format error of `read`.
inline void expect_exact_length(const Directory& directory, const std::string& content,
                                const std::function<void(const std::string&)>& read) {
  for (size_t n = 0; n < content.size(); ++n) {
    const std::string path = directory.write("cut", content.substr(0, n));
    const Outcome outcome = outcome_of([&] { read(path); });
    EXPECT_EQ(static_cast<int>(outcome.code), static_cast<int>(Status::kFormat))
        << n << " bytes: " << outcome.message;
    EXPECT_NE(outcome.message.find(path), std::string::npos) << outcome.message;
  }
  const std::string path = directory.write("long", content + "x");
  EXPECT_EQ(static_cast<int>(outcome_of([&] { read(path); }).code), static_cast<int>(Status::kFormat));
}

// Every single flipped bit must give a result or an error, never a crash.
inline void expect_survives_flips(const Directory& directory, const std::string& content,
                                  const std::function<void(const std::string&)>& read) {
  size_t refused = 0;
  for (size_t i = 0; i < content.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = content;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      const std::string path = directory.write("flipped", damaged);
      const Outcome outcome = outcome_of([&] { read(path); });
      refused += outcome.code != Status::kOk;
      EXPECT_TRUE(outcome.code == Status::kOk || outcome.code == Status::kFormat ||
                  outcome.code == Status::kDtype || outcome.code == Status::kInvalidArgument)
          << "byte " << i << " bit " << bit << ": " << outcome.message;
    }
  }
  EXPECT_GT(refused, 0u);
}

}  // namespace tt::test
