// .npy files. That NumPy reads what is written here, and the other way round, was compared by hand for every
// dtype.
#include "io/npy.h"

#include "io_files.h"
#include "ops/view/view.h"

using namespace tt;
using namespace tt::test;

namespace {

std::string npy(const std::string& header, const std::string& data) {
  std::string out("\x93NUMPY\1\0", 8);
  out += {static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return out + header + data;
}
std::string dict(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}
void read_one(const std::string& path) { (void)io::read_npy(path); }

}  // namespace

TEST(Npy, ReadsOrders) {
  const Directory directory;
  const std::string data("\0\1\2\3\4\5", 6);
  const Tensor c = io::read_npy(directory.write("f", npy(dict("|u1", "False", "(2, 3)"), data)));
  EXPECT_EQ(c.sizes(), (Dims{2, 3}));
  EXPECT_EQ(c.strides(), (Dims{3, 1}));
  const Tensor f = io::read_npy(directory.write("f", npy(dict("|u1", "True", "(2, 3)"), data)));
  EXPECT_EQ(f.strides(), (Dims{1, 2}));
  const Tensor big = io::read_npy(directory.write("f", npy(dict(">i2", "False", "(3,)"), data)));
  EXPECT_EQ(big.data<int16_t>()[1], 0x0203);
  const Tensor one =
      io::read_npy(directory.write("f", gzip(npy(dict("<i2", "False", "()"), data.substr(0, 2)))));
  EXPECT_EQ(one.ndim(), 0);
  EXPECT_EQ(*one.data<int16_t>(), 0x0100);
  EXPECT_EQ(io::read_npy(directory.write("f", npy(dict("<f8", "True", "(3, 0)"), ""))).sizes(), (Dims{3, 0}));
}

TEST(Npy, RoundTrips) {
  const Directory directory;
  const std::string path = directory / "f";
  for (const Dims& sizes : {Dims{}, Dims{7}, Dims{2, 3, 4}, Dims{0, 2}}) {
    Tensor t = empty(sizes, DType::kFloat64);
    for (int64_t i = 0; i < t.numel(); ++i) t.data<double>()[i] = static_cast<double>(i) / 3;
    io::save_npy(path, t);
    const Tensor back = io::read_npy(path);
    EXPECT_EQ(back.sizes(), sizes);
    EXPECT_EQ(std::string(back.raw(), back.nbytes()), std::string(t.raw(), t.nbytes()));
  }
  Tensor m = empty({2, 2}, DType::kUInt8);
  for (int i = 0; i < 4; ++i) m.data<uint8_t>()[i] = static_cast<uint8_t>(i);
  io::save_npy(path, ops::transpose(m, 0, 1));
  EXPECT_EQ(std::string(io::read_npy(path).raw(), 4), std::string("\0\2\1\3", 4));
  expect_failure([&] { io::save_npy(path, empty({1}, DType::kBFloat16)); }, Status::kDtype,
                 {"NumPy has no bfloat16"});
}

TEST(Npy, RefusesDamage) {
  const Directory directory;
  const std::string good = npy(dict("<i2", "False", "(2, 1)"), "abcd");
  expect_exact_length(directory, good, read_one);
  expect_survives_flips(directory, good, read_one);
  const auto refuse = [&](const std::string& content, Status code, const std::string& text) {
    const std::string path = directory.write("f", content);
    expect_failure([&] { read_one(path); }, code, {text});
  };
  refuse("", Status::kFormat, "the file is empty");
  refuse("PK\3\4abcd", Status::kFormat, "not a .npy file");
  refuse(std::string("\x93NUMPY\4\0", 8), Status::kFormat, "unknown .npy version 4.0");
  refuse(npy(dict("<i2", "False", "(2,)"), "abc"), Status::kFormat,
         "shape [2] of int16 (4 bytes), but the file ends after 3");
  refuse(npy(dict("<i2", "False", "(2,)"), "abcde"), Status::kFormat, "but 1 more bytes follow");
  refuse(npy(dict("<f8", "False", "(9223372036854775807, 9)"), ""), Status::kFormat, "overflows");
  refuse(npy(dict("<f8", "False", "(9223372036854775808,)"), ""), Status::kFormat, "beyond 2^63 - 1");
  refuse(npy(dict("<f8", "Maybe", "(1,)"), ""), Status::kFormat, "expected True or False");
  refuse(npy("{'descr': '<f8'}", ""), Status::kFormat, "is missing");
  // What is no tuple, or no number, in Python.
  refuse(npy(dict("<i2", "False", "(2)"), "abcd"), Status::kFormat, "without a comma");
  refuse(npy(dict("<i2", "False", "( 2 )"), "abcd"), Status::kFormat, "without a comma");
  refuse(npy(dict("<i2", "False", "(02,)"), "abcd"), Status::kFormat, "leading zero");
  refuse(npy(dict("<i2", "False", "(1, 00)"), ""), Status::kFormat, "leading zero");
  refuse(npy(dict("<i2", "False", "(,)"), "ab"), Status::kFormat, "expected a size");
  refuse(npy(dict("|b1", "False", "(1,)"), "\2"), Status::kFormat, "byte 0 is 2");
  refuse(npy(dict("|O", "False", "(1,)"), "12345678"), Status::kDtype, "the elements are '|O'");
  refuse(npy(dict("<c8", "False", "(1,)"), "12345678"), Status::kDtype, "the elements are '<c8'");
}
