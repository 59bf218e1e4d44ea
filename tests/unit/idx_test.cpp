// IDX and CIFAR files, whole, compressed and damaged.
#include "io/idx.h"

#include "io/cifar.h"
#include "io_files.h"

using namespace tt;
using namespace tt::test;

namespace {

std::string idx(int type, const std::vector<uint32_t>& sizes, const std::string& body) {
  std::string out{'\0', '\0', static_cast<char>(type), static_cast<char>(sizes.size())};
  for (const uint32_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift);
  }
  return out + body;
}

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

void read_one(const std::string& path) { (void)io::read_idx(path); }

}  // namespace

TEST(Idx, ReadsEveryType) {
  const Directory directory;
  const auto read = [&](int type, const std::string& body) {
    return io::read_idx(directory.write("f", idx(type, {2}, body)));
  };
  EXPECT_EQ(read(8, bytes({1, 255})).data<uint8_t>()[1], 255);
  EXPECT_EQ(read(9, bytes({1, 255})).data<int8_t>()[1], -1);
  EXPECT_EQ(read(11, bytes({0, 1, 255, 254})).data<int16_t>()[1], -2);
  EXPECT_EQ(read(12, bytes({0, 0, 1, 0, 255, 255, 255, 254})).data<int32_t>()[0], 256);
  EXPECT_EQ(read(13, bytes({0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0})).data<float>()[1], -2.0f);
  const Tensor doubles = read(14, bytes({0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(doubles.dtype(), DType::kFloat64);
  EXPECT_EQ(doubles.data<double>()[1], 2.0);
}

TEST(Idx, ReadsShapesAndGzip) {
  const Directory directory;
  std::string body;
  for (int i = 0; i < 24; ++i) body += static_cast<char>(i);
  const std::string plain = idx(8, {2, 3, 4}, body);
  // Compression is seen by its magic, not by the name; several members are one content.
  const std::string two = gzip(plain.substr(0, 9)) + gzip(plain.substr(9));
  const std::string padded = gzip(plain) + std::string(70000, '\0');
  for (const std::string& content : {plain, gzip(plain), two, padded}) {
    const Tensor t = io::read_idx(directory.write("images.any", content));
    EXPECT_EQ(t.sizes(), (Dims{2, 3, 4}));
    EXPECT_EQ(std::string(t.raw(), 24), body);
  }
  EXPECT_EQ(io::read_idx(directory.write("none", idx(8, {0, 28, 28}, ""))).sizes(), (Dims{0, 28, 28}));
}

TEST(Idx, ReadsALargeCompressedFile) {
  const Directory directory;
  // Compresses a thousand times: memory has to grow beyond its first guess.
  const Tensor t = io::read_idx(directory.write("f", gzip(idx(8, {5000, 1000}, std::string(5000000, 'z')))));
  EXPECT_EQ(t.numel(), 5000000);
  EXPECT_EQ(t.data<uint8_t>()[4999999], 'z');
}

TEST(Idx, RefusesDamage) {
  const Directory directory;
  const std::string good = idx(8, {2, 3}, "abcdef");
  expect_exact_length(directory, good, read_one);
  expect_exact_length(directory, gzip(good), read_one);
  expect_survives_flips(directory, good, read_one);
  expect_survives_flips(directory, gzip(good), read_one);
  const auto refuse = [&](const std::string& content, std::initializer_list<std::string> texts) {
    const std::string path = directory.write("f", content);
    expect_failure([&] { read_one(path); }, Status::kFormat, texts);
  };
  refuse("", {"the file is empty"});
  refuse("PK\3\4", {"not an IDX file", "80 75"});
  refuse(idx(10, {1}, "a"), {"unknown IDX type 10"});
  refuse(idx(8, {}, "a"), {"0 dimensions"});
  refuse(good.substr(0, 6), {"ends in the IDX header", "6 bytes"});
  refuse(good.substr(0, 15), {"promises 2x3 values of uint8 (6 bytes), but the file ends after 3 of them"});
  refuse(good + "gh", {"but 2 more bytes follow"});
  refuse(gzip(good + "gh"), {"but more bytes follow"});
  refuse(gzip(good).substr(0, 20), {"gzip data ends"});
  refuse(gzip(good) + "trailing", {"gzip data is damaged"});
  // Promises that no memory may be taken for.
  refuse(idx(14, {0xffffffff, 0xffffffff, 0xffffffff}, ""), {"more than any file holds"});
  refuse(idx(8, {0xffffffff, 0xffffffff, 0xffffffff, 0}, ""), {"more than any file holds"});
  refuse(idx(8, {0xffffffff, 0x7fffffff}, "abc"), {"ends after 3 of them"});
  refuse(gzip(idx(8, {0xffffffff, 0x7fffffff}, "abc")), {"can hold no more than"});
  refuse(gzip(idx(8, {20000}, "abc")), {"ends after 3 of them"});
}

TEST(Idx, NamesTheSystemsReason) {
  const Directory directory;
  expect_failure([&] { read_one(directory / "missing"); }, Status::kIo,
                 {"cannot open", directory / "missing", "No such file or directory"});
  expect_failure([&] { read_one(directory / ""); }, Status::kIo, {"Is a directory"});
}

// ---- CIFAR ----

TEST(Cifar, ReadsRecords) {
  const Directory directory;
  std::string ten, hundred;
  for (int i = 0; i < 3; ++i) {
    ten += static_cast<char>(9 - i) + std::string(3072, static_cast<char>('a' + i));
    hundred += std::string{static_cast<char>(19 - i), static_cast<char>(99 - i)} + std::string(3072, 'x');
  }
  for (const bool compress : {false, true}) {
    const io::Cifar a = io::read_cifar10(directory.write("a", compress ? gzip(ten) : ten));
    EXPECT_EQ(a.images.sizes(), (Dims{3, 3, 32, 32}));
    EXPECT_EQ(a.images.data<uint8_t>()[2 * 3072], 'c');
    EXPECT_EQ(a.labels.data<int64_t>()[2], 7);
    const io::Cifar b = io::read_cifar100(directory.write("b", compress ? gzip(hundred) : hundred));
    EXPECT_EQ(b.coarse.data<int64_t>()[1], 18);
    EXPECT_EQ(b.labels.data<int64_t>()[1], 98);
    EXPECT_EQ(b.images.data<uint8_t>()[3071], 'x');
  }
}

TEST(Cifar, RefusesDamage) {
  const Directory directory;
  const std::string record = '\1' + std::string(3072, 'a');
  const auto refuse = [&](const std::string& content, std::initializer_list<std::string> texts) {
    const std::string path = directory.write("f", content);
    expect_failure([&] { (void)io::read_cifar10(path); }, Status::kFormat, texts);
  };
  refuse("", {"the file is empty"});
  refuse(record + record.substr(0, 100),
         {"3173 bytes are not a whole number of records of 3073", "record 1"});
  refuse(record + '\12' + record.substr(1), {"record 1 has label 10, expected 0 to 9"});
  const std::string path = directory.write("f", '\1' + std::string(1, 'd') + std::string(3072, 'a'));
  expect_failure([&] { (void)io::read_cifar100(path); }, Status::kFormat, {"record 0 has fine label 100"});
}

// A small file can become more than the memory holds: it is read no further than the first record that cannot
// be one.
TEST(Cifar, StopsAtTheFirstWrongRecord) {
  const Directory directory;
  std::string ones(size_t{64} << 20, '\xff');
  const std::string path = directory.write("f", gzip(ones));
  ones = std::string();
  const int64_t before = memory_stats().allocated_bytes;
  expect_failure([&] { (void)io::read_cifar10(path); }, Status::kFormat, {"record 0 has label 255"});
  EXPECT_EQ(memory_stats().allocated_bytes, before);
}

TEST(Cifar, ReadsManyCompressedRecords) {
  const Directory directory;
  std::string content;
  for (int i = 0; i < 2000; ++i)
    content += static_cast<char>(i % 10) + std::string(3072, static_cast<char>(i % 251));
  const io::Cifar data = io::read_cifar10(directory.write("f", gzip(content)));
  EXPECT_EQ(data.images.sizes(), (Dims{2000, 3, 32, 32}));
  for (int64_t i = 0; i < 2000; ++i) {
    ASSERT_EQ(data.labels.data<int64_t>()[i], i % 10);
    ASSERT_EQ(data.images.data<uint8_t>()[i * 3072 + 3071], i % 251);
  }
}
