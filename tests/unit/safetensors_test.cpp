#include "io/safetensors.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "io/json.h"
#include "io_files.h"
#include "ops/create/create.h"
#include "ops/view/view.h"
#include "tinytorch/io.h"
#include "tinytorch/tensor.h"

using namespace tt;
using namespace tt::test;
using io::SafetensorsFile;
using Access = io::SafetensorsFile::Access;

namespace {

std::string with_header(std::string header, const std::string& data) {
  uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data;
}

void open_one(const std::string& path) {
  for (const Access access : {Access::kMap, Access::kCopy}) {
    const auto file = make_ref<SafetensorsFile>(path, access);
    for (size_t i = 0; i < file->count(); ++i) {
      const Tensor t = file->get(file->name(i));
      // Every byte must be readable.
      volatile char sum = 0;
      for (size_t k = 0; k < t.nbytes(); ++k) sum = static_cast<char>(sum + t.raw()[k]);
    }
  }
}

Tensor counting(const Dims& sizes, DType dtype) {
  Tensor t = empty(sizes, dtype);
  for (size_t i = 0; i < t.nbytes(); ++i) t.raw()[i] = static_cast<char>(dtype == DType::kBool ? i % 2 : i);
  return t;
}

void save(const std::string& path, std::vector<io::NamedTensor> tensors) {
  io::save_safetensors(path, std::move(tensors), {});
}

constexpr DType kAll[] = {DType::kBool,  DType::kUInt8,   DType::kInt8,     DType::kInt16,   DType::kInt32,
                          DType::kInt64, DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64};

}  // namespace

TEST(Safetensors, RoundTripsEveryDtype) {
  const Directory directory;
  const std::string path = directory / "all.safetensors";
  std::vector<io::NamedTensor> tensors;
  for (const DType dtype : kAll) {
    tensors.push_back({str(dtype, ".w"), counting({3, 5}, dtype)});
    tensors.push_back({str(dtype, ".s"), counting({}, dtype)});
    tensors.push_back({str(dtype, ".none"), counting({0, 4}, dtype)});
  }
  io::save_safetensors(path, tensors, {{"format", "pt"}, {"note", "a\"b\\\n\x01 \xc3\xa9"}});
  for (const Access access : {Access::kMap, Access::kCopy}) {
    const auto file = make_ref<SafetensorsFile>(path, access);
    EXPECT_EQ(file->count(), tensors.size());
    ASSERT_EQ(file->metadata().size(), 2u);
    EXPECT_EQ(file->metadata()[1].second, "a\"b\\\n\x01 \xc3\xa9");
    for (const io::NamedTensor& saved : tensors) {
      const Tensor t = file->get(saved.name);
      EXPECT_EQ(t.dtype(), saved.tensor.dtype());
      EXPECT_EQ(t.sizes(), saved.tensor.sizes());
      EXPECT_EQ(std::string(t.raw(), t.nbytes()), std::string(saved.tensor.raw(), saved.tensor.nbytes()));
    }
    expect_failure([&] { (void)file->get("other"); }, Status::kInvalidArgument, {"has no tensor 'other'"});
  }
}

// The bytes that safetensors 0.8.0 (Python) wrote for the same tensors.
TEST(Safetensors, WritesTheReferencesBytes) {
  const Directory directory;
  const std::string path = directory / "f";
  io::save_safetensors(path,
                       {{"b", counting({2}, DType::kUInt8)},
                        {"a", counting({2}, DType::kUInt8)},
                        {"z", counting({1, 1}, DType::kFloat32)}},
                       {{"format", "pt"}});
  std::string header =
      R"({"__metadata__":{"format":"pt"},"z":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},)"
      R"("a":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},"b":{"dtype":"U8","shape":[2],"data_offsets":[6,8]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  EXPECT_EQ(content_of(path), with_header(header, std::string("\0\1\2\3\0\1\0\1", 8)));
}

TEST(Safetensors, SavesAnyLayout) {
  const Directory directory;
  const std::string path = directory / "f";
  const Tensor t = counting({2, 3}, DType::kUInt8);
  save(path, {{"t", ops::transpose(t, 0, 1)}, {"e", ops::expand(counting({1}, DType::kUInt8), {3})}});
  const auto file = make_ref<SafetensorsFile>(path, Access::kCopy);
  const Tensor back = file->get("t");
  EXPECT_EQ(back.sizes(), (Dims{3, 2}));
  EXPECT_EQ(std::string(back.raw(), 6), std::string("\0\3\1\4\2\5", 6));
  EXPECT_EQ(file->get("e").numel(), 3);
}

TEST(Safetensors, MappedTensorsOutliveTheFile) {
  const Directory directory;
  const std::string path = directory / "f";
  save(path, {{"x", ops::full({1000}, 2.0, DType::kFloat32)}});
  const std::string before = content_of(path);
  Tensor x = make_ref<SafetensorsFile>(path, Access::kMap)->get("x");
  // Writing to it does not reach the file; replacing or removing the file does not reach it.
  ops::fill_(x, 3.0);
  EXPECT_EQ(content_of(path), before);
  save(path, {{"x", ops::full({1}, 9.0, DType::kFloat32)}});
  ::unlink(path.c_str());
  EXPECT_EQ(x.data<float>()[999], 3.0f);
}

TEST(Safetensors, ReadsWhatOthersMayWrite) {
  const Directory directory;
  // Unaligned data, blanks, escapes, entries in any order, dtypes that we do not have.
  const std::string path = directory.write(
      "f",
      with_header(R"({ "x\u00e9\ud83d\ude00" : {"shape":[1],"data_offsets":[1,5],"dtype":"F32"},)"
                  R"("b":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"u":{"dtype":"F8_E4M3","shape":[3],)"
                  R"("data_offsets":[5,8]}}  )",
                  std::string("\7\0\0\x80\x3f\0\0\0", 8)));
  for (const Access access : {Access::kMap, Access::kCopy}) {
    const auto file = make_ref<SafetensorsFile>(path, access);
    EXPECT_EQ(file->name(0), "b");
    EXPECT_EQ(file->name(1), "x\xc3\xa9\xf0\x9f\x98\x80");
    EXPECT_EQ(*file->get("b").data<uint8_t>(), 7);
    EXPECT_EQ(*file->get(file->name(1)).data<float>(), 1.0f);
    expect_failure([&] { (void)file->get("u"); }, Status::kDtype, {"'u' has the dtype F8_E4M3"});
  }
}

TEST(Safetensors, RefusesDamage) {
  const Directory directory;
  const std::string path = directory / "good";
  save(path, {{"w", counting({2, 2}, DType::kFloat32)}, {"m", counting({3}, DType::kBool)}});
  const std::string good = content_of(path);
  expect_exact_length(directory, good, open_one);
  expect_survives_flips(directory, good, open_one);

  const auto refuse = [&](const std::string& content, std::initializer_list<std::string> texts) {
    const std::string bad = directory.write("f", content);
    expect_failure([&] { open_one(bad); }, Status::kFormat, texts);
  };
  const auto entry = [](const std::string& inner) { return with_header("{\"a\":{" + inner + "}}", "1234"); };
  const std::string a = R"("dtype":"U8","shape":[4],"data_offsets":[0,4])";
  EXPECT_EQ(static_cast<int>(outcome_of([&] { open_one(directory.write("f", entry(a))); }).code), 0);
  refuse("", {"the file is empty"});
  refuse("abc", {"ends after 3 bytes, inside the 8 bytes"});
  refuse(std::string(8, '\xff'), {"more than the limit of 100000000"});
  refuse(with_header("{}", "").replace(0, 1, "\x20"), {"promises a header of 32 bytes, but ends after 2"});
  refuse(with_header("[]", ""), {"does not start with '{'"});
  refuse(with_header("{}", "x"), {"the tensors end at byte 0 of the data, but the file holds 1"});
  refuse(with_header("{} x", ""), {"byte 3", "something follows"});
  refuse(with_header("{\"a\":{" + a + "},\"a\":{" + a + "}}", "1234"), {"the name 'a' is there twice"});
  refuse(with_header(R"({"__metadata__":{"k":"1","k":"2"}})", ""), {"the name 'k' is there twice"});
  refuse(with_header(R"({"__metadata__":{},"__metadata__":{}})", ""), {"'__metadata__' is there twice"});
  refuse(with_header(R"({"__metadata__":{"k":1}})", ""), {"expected '\"'"});
  refuse(entry(R"("dtype":"U8","shape":[4])"), {"tensor 'a' lacks data_offsets"});
  refuse(entry(a + R"(,"dtype":"U8")"), {"the key 'dtype' is there twice"});
  refuse(entry(a + R"(,"other":1)"), {"the key 'other'"});
  refuse(entry(R"("dtype":"Q8","shape":[4],"data_offsets":[0,4])"), {"unknown dtype 'Q8'"});
  refuse(entry(R"("dtype":"F32","shape":[4],"data_offsets":[0,4])"),
         {"has 4 bytes, but shape [4] and dtype F32 make 16"});
  refuse(entry(R"("dtype":"U8","shape":[5],"data_offsets":[0,5])"),
         {"ends at byte 5 of the data, but the file holds 4"});
  refuse(entry(R"("dtype":"U8","shape":[1],"data_offsets":[3,2])"), {"begins at byte 3 and ends at 2"});
  refuse(entry(R"("dtype":"U8","shape":[3],"data_offsets":[1,4])"), {"after a gap; expected 0"});
  refuse(entry(R"("dtype":"U8","shape":[-4],"data_offsets":[0,4])"), {"not negative"});
  refuse(entry(R"("dtype":"U8","shape":[4.0],"data_offsets":[0,4])"), {"without fraction"});
  refuse(entry(R"("dtype":"U8","shape":[04],"data_offsets":[0,4])"), {"leading zero"});
  refuse(entry(R"("dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,4])"), {"beyond 2^63 - 1"});
  refuse(entry(R"("dtype":"I64","shape":[4294967296,4294967296],"data_offsets":[0,4])"), {"overflows"});
  refuse(entry(R"("dtype":"U8","shape":[9223372036854775807,2,0],"data_offsets":[0,0])"), {"overflows"});
  refuse(with_header(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],)"
                     R"("data_offsets":[2,4]}})",
                     "1234"),
         {"'b' begins at byte 2 of the data, inside the tensor before it; expected 3"});
  refuse(with_header(R"({"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}})", "\2"),
         {"is BOOL, but its byte 0 is 2"});
  refuse(with_header("{\"\xff\":{" + a + "}}", "1234"), {"not UTF-8"});
  refuse(with_header("{\"\\u0000\":{" + a + "}}", "1234"), {"NUL"});
  refuse(with_header("{\"\\ud800\":{" + a + "}}", "1234"), {"half of a surrogate pair"});
  refuse(with_header("{\"\\x\":{" + a + "}}", "1234"), {"unknown escape"});
  refuse(with_header("{\"a\n\":{" + a + "}}", "1234"), {"control character"});
  refuse(with_header("{\"a", ""), {"ends inside a string"});
  refuse(with_header("{\"a\":{" + a + "},}", "1234"), {"expected '\"'"});
  expect_failure([&] { open_one(directory / "missing"); }, Status::kIo, {"No such file or directory"});
  expect_failure([&] { open_one("/dev/null"); }, Status::kIo, {"not a regular file"});
}

TEST(Safetensors, RefusesWhatCannotBeSaved) {
  const Directory directory;
  const std::string path = directory / "f";
  const Tensor t = counting({2}, DType::kUInt8);
  const auto refuse = [&](std::vector<io::NamedTensor> tensors, const std::string& text) {
    expect_failure([&] { save(path, std::move(tensors)); }, Status::kInvalidArgument, {text});
    EXPECT_EQ(directory.files(), 0u);
  };
  refuse({{"a", t}, {"a", t}}, "two tensors have the name 'a'");
  refuse({{"__metadata__", t}}, "cannot have the name");
  refuse({{"\xc0\xaf", t}}, "is not UTF-8");
  expect_failure(
      [&] {
        io::save_safetensors(path, {}, {{"k", "1"}, {"k", "2"}});
      },
      Status::kInvalidArgument, {"the metadata key 'k' is there twice"});
}

// ---- the old file stays whole ----

TEST(SafetensorsAtomic, AFullDiskLeavesTheOldFile) {
  const Directory directory;
  const std::string path = directory / "f";
  save(path, {{"x", counting({4}, DType::kUInt8)}});
  const std::string before = content_of(path);
  // A process that may write no file beyond 1000 bytes meets the limit in the middle of the data.
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const Outcome outcome = outcome_of([&] { save(path, {{"x", ops::zeros({100000}, DType::kUInt8)}}); });
    ::_exit(outcome.code == Status::kIo && outcome.message.find("File too large") != std::string::npos ? 0
                                                                                                       : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(content_of(path), before);
  EXPECT_EQ(directory.files(), 1u);
}

TEST(SafetensorsAtomic, AKillLeavesOneFileWhole) {
  const Directory directory;
  const std::string path = directory / "f";
  const Tensor ones = ops::full({200000}, 1, DType::kUInt8);
  const Tensor twos = ops::full({300000}, 2, DType::kUInt8);
  save(path, {{"x", ones}});
  for (int round = 0; round < 10; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) {
        save(path, {{"x", twos}});
        save(path, {{"x", ones}});
      }
    }
    ::usleep(static_cast<useconds_t>(1000 + 1700 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const Tensor x = make_ref<SafetensorsFile>(path, Access::kCopy)->get("x");
    const uint8_t value = x.numel() == 200000 ? 1 : 2;
    ASSERT_EQ(x.numel(), value == 1 ? 200000 : 300000);
    for (int64_t i = 0; i < x.numel(); ++i) ASSERT_EQ(x.data<uint8_t>()[i], value);
  }
}

TEST(SafetensorsAtomic, RefusesPlacesItCannotReplace) {
  const Directory directory;
  const Tensor t = counting({2}, DType::kUInt8);
  expect_failure([&] { save("/dev/full", {{"t", t}}); }, Status::kIo, {"not a regular file"});
  struct stat info;
  ASSERT_EQ(::stat("/dev/full", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
  expect_failure([&] { save(directory / "", {{"t", t}}); }, Status::kIo, {"not a regular file"});
  expect_failure([&] { save(directory / "no/f", {{"t", t}}); }, Status::kIo, {"No such file or directory"});
  if (::geteuid() != 0) {
    save(directory / "f", {{"t", t}});
    const std::string before = content_of(directory / "f");
    ::chmod((directory / ".").c_str(), 0500);
    expect_failure(
        [&] {
          save(directory / "f", {{"t", counting({9}, DType::kUInt8)}});
        },
        Status::kIo, {"Permission denied"});
    ::chmod((directory / ".").c_str(), 0700);
    EXPECT_EQ(content_of(directory / "f"), before);
  }
}

TEST(SafetensorsAtomic, KeepsLinksAndPermissions) {
  const Directory directory;
  const std::string path = directory / "real";
  const std::string link = directory / "link";
  save(path, {{"t", counting({2}, DType::kUInt8)}});
  ::chmod(path.c_str(), 0640);
  ASSERT_EQ(::symlink("real", link.c_str()), 0);
  save(link, {{"t", counting({5}, DType::kUInt8)}});
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(make_ref<SafetensorsFile>(path, Access::kMap)->get("t").numel(), 5);
  struct stat info;
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
  EXPECT_EQ(directory.files(), 2u);
}

// ---- the C ABI ----

TEST(SafetensorsC, SavesAndOpens) {
  const Directory directory;
  const std::string path = directory / "f";
  const float values[] = {1, 2, 3};
  const int64_t size = 3;
  tt_tensor* tensor = nullptr;
  ASSERT_EQ(tt_from_data(values, &size, 1, TT_FLOAT32, &tensor), TT_OK);
  const char* names[] = {"w"};
  const char* keys[] = {"k"};
  const char* texts[] = {"v"};
  ASSERT_EQ(tt_safetensors_save(path.c_str(), names, &tensor, 1, keys, texts, 1), TT_OK) << tt_last_error();
  const char* none[] = {nullptr};
  EXPECT_EQ(tt_safetensors_save(path.c_str(), none, &tensor, 1, nullptr, nullptr, 0),
            TT_ERR_INVALID_ARGUMENT);
  EXPECT_EQ(tt_safetensors_save(nullptr, nullptr, nullptr, 0, nullptr, nullptr, 0), TT_ERR_INVALID_ARGUMENT);
  tt_tensor_release(tensor);

  tt_safetensors* file = nullptr;
  ASSERT_EQ(tt_safetensors_open(path.c_str(), 1, &file), TT_OK);
  size_t count = 0;
  const char* name = nullptr;
  const char* value = nullptr;
  int32_t there = -1;
  ASSERT_EQ(tt_safetensors_count(file, &count), TT_OK);
  EXPECT_EQ(count, 1u);
  ASSERT_EQ(tt_safetensors_name(file, 0, &name), TT_OK);
  EXPECT_STREQ(name, "w");
  EXPECT_EQ(tt_safetensors_name(file, 1, &name), TT_ERR_INVALID_ARGUMENT);
  ASSERT_EQ(tt_safetensors_contains(file, "v", &there), TT_OK);
  EXPECT_EQ(there, 0);
  ASSERT_EQ(tt_safetensors_metadata_count(file, &count), TT_OK);
  ASSERT_EQ(tt_safetensors_metadata(file, 0, &name, &value), TT_OK);
  EXPECT_STREQ(value, "v");
  tt_tensor* back = nullptr;
  EXPECT_EQ(tt_safetensors_get(file, "v", &back), TT_ERR_INVALID_ARGUMENT);
  ASSERT_EQ(tt_safetensors_get(file, "w", &back), TT_OK);
  tt_safetensors_release(file);
  void* data = nullptr;
  ASSERT_EQ(tt_tensor_data(back, &data), TT_OK);
  EXPECT_EQ(static_cast<float*>(data)[2], 3.0f);
  tt_tensor_release(back);
  EXPECT_EQ(tt_safetensors_open((directory / "none").c_str(), 0, &file), TT_ERR_IO);
  EXPECT_EQ(file, nullptr);
}

TEST(ReadersC, ReadTables) {
  const Directory directory;
  tt_tensor* t = nullptr;
  tt_dtype dtype = -1;
  ASSERT_EQ(tt_read_csv(directory.write("t", "1;2\n").c_str(), ';', 0, -1, &t), TT_OK) << tt_last_error();
  ASSERT_EQ(tt_tensor_dtype(t, &dtype), TT_OK);
  EXPECT_EQ(dtype, TT_FLOAT32);
  // .npy, there and back.
  const std::string path = directory / "t.npy";
  ASSERT_EQ(tt_save_npy(path.c_str(), t), TT_OK) << tt_last_error();
  tt_tensor_release(t);
  ASSERT_EQ(tt_read_npy(path.c_str(), &t), TT_OK) << tt_last_error();
  void* data = nullptr;
  ASSERT_EQ(tt_tensor_data(t, &data), TT_OK);
  EXPECT_EQ(static_cast<float*>(data)[1], 2.0f);
  tt_tensor_release(t);
  EXPECT_EQ(tt_read_csv("/nowhere", 300, 0, -1, &t), TT_ERR_INVALID_ARGUMENT);
  EXPECT_EQ(tt_read_csv("/nowhere", 0, 0, -1, &t), TT_ERR_IO);
  EXPECT_EQ(tt_read_idx(nullptr, &t), TT_ERR_INVALID_ARGUMENT);
  EXPECT_EQ(tt_read_idx("", &t), TT_ERR_INVALID_ARGUMENT);
  tt_tensor* images = reinterpret_cast<tt_tensor*>(8);
  tt_tensor* labels = reinterpret_cast<tt_tensor*>(8);
  EXPECT_EQ(tt_read_cifar10("/nowhere", &images, &labels), TT_ERR_IO);
  EXPECT_EQ(images, nullptr);
  EXPECT_EQ(labels, nullptr);
}
