#include "io/csv.h"

#include <cfenv>
#include <clocale>
#include <cmath>
#include <cstring>
#include <limits>

#include "io_files.h"

using namespace tt;
using namespace tt::test;

namespace {

Tensor read(const std::string& content, DType dtype = DType::kFloat64, int64_t skip = 0,
            char delimiter = ',') {
  const Directory directory;
  io::CsvOptions options;
  options.dtype = dtype;
  options.skip_rows = skip;
  options.delimiter = delimiter;
  return io::read_csv(directory.write("t.csv", content), options);
}

void refuse(const std::string& content, const std::string& text, DType dtype = DType::kFloat64,
            int64_t skip = 0) {
  expect_failure([&] { (void)read(content, dtype, skip); }, Status::kFormat, {text});
}

std::vector<double> values(const Tensor& t) { return {t.data<double>(), t.data<double>() + t.numel()}; }

using List = std::vector<double>;

}  // namespace

TEST(Csv, ReadsNumbers) {
  EXPECT_EQ(values(read("1,2\n3,4\n")), (List{1, 2, 3, 4}));
  EXPECT_EQ(values(read("1,2\r\n3,4")), (List{1, 2, 3, 4}));
  EXPECT_EQ(values(read("\xef\xbb\xbf 1 ,\t+2.5\n-3e2,.5\n\n \n")), (List{1, 2.5, -300, 0.5}));
  EXPECT_EQ(values(read("a;b\nx\n1;2\n", DType::kFloat64, 2, ';')), (List{1, 2}));
  EXPECT_EQ(values(read("1\t2\n", DType::kFloat64, 0, '\t')), (List{1, 2}));
  EXPECT_EQ(values(read("1 2\n", DType::kFloat64, 0, ' ')), (List{1, 2}));
  EXPECT_EQ(values(read(gzip("7\n8\n"))), (List{7, 8}));
  EXPECT_EQ(read("1,2,3\n4,5,6\n").sizes(), (Dims{2, 3}));
  EXPECT_EQ(read("5").sizes(), (Dims{1, 1}));
  // Too small is zero, as for strtod.
  EXPECT_EQ(values(read("1e-400,-1e-999999999999,0e999\n")), (List{0, 0, 0}));
  EXPECT_TRUE(std::signbit(values(read("-1e-400\n"))[0]));
}

TEST(Csv, ReadsEveryDtype) {
  EXPECT_EQ(read("0,1\n", DType::kBool).data<bool>()[1], true);
  EXPECT_EQ(read("255\n", DType::kUInt8).data<uint8_t>()[0], 255);
  EXPECT_EQ(read("-128\n", DType::kInt8).data<int8_t>()[0], -128);
  EXPECT_EQ(read("32767\n", DType::kInt16).data<int16_t>()[0], 32767);
  EXPECT_EQ(read("-2147483648\n", DType::kInt32).data<int32_t>()[0], std::numeric_limits<int32_t>::min());
  EXPECT_EQ(read("9223372036854775807\n", DType::kInt64).data<int64_t>()[0],
            std::numeric_limits<int64_t>::max());
  EXPECT_EQ(static_cast<float>(read("65504\n", DType::kFloat16).data<Half>()[0]), 65504.0f);
  EXPECT_EQ(static_cast<float>(read("1.5\n", DType::kBFloat16).data<BFloat16>()[0]), 1.5f);
  EXPECT_EQ(read("0.1\n", DType::kFloat32).data<float>()[0], 0.1f);
}

TEST(Csv, NamesRowAndColumn) {
  refuse("1,2\n3,x\n", "row 2, column 2: 'x' is not a number");
  refuse("h,h\n1,2\n3\n", "row 3 has 1 columns, expected 2", DType::kFloat64, 1);
  refuse("1,2\n3,4,5\n", "row 2 has more than the 2 columns");
  refuse("1,nan\n", "row 1, column 2: 'nan' is not a finite number");
  refuse("-inf\n", "row 1, column 1: '-inf' is not a finite number");
  refuse("1,,3\n", "row 1, column 2: the value is missing");
  refuse("1,2,\n", "row 1, column 3: the value is missing");
  refuse("1\n\n2\n", "row 2 is empty");
  refuse("1.5\n", "row 1, column 1: '1.5' is not an integer", DType::kInt64);
  refuse("1\n256\n", "row 2, column 1: '256' is out of the range of uint8", DType::kUInt8);
  refuse("9223372036854775808\n", "out of the range of int64", DType::kInt64);
  refuse("2\n", "out of the range of bool", DType::kBool);
  refuse("1e39\n", "'1e39' is out of the range of float32", DType::kFloat32);
  refuse("1e5\n", "out of the range of float16", DType::kFloat16);
  refuse("1e400\n", "out of the range of float64");
  refuse("0x10\n", "'0x10' is not a number");
  refuse("1,5 6\n", "column 2: '5 6' is not a number");
  refuse("+-5\n", "'+-5' is not a number");
  refuse("\"1\"\n", "is not a number");
  refuse("", "the file is empty");
  refuse("a,b\n", "no rows of numbers after the 1 skipped", DType::kFloat64, 1);
  refuse("a,b\n", "the file has 1 rows, fewer than the 3 to skip", DType::kFloat64, 3);
  refuse("\n\n", "no rows of numbers");
  refuse(std::string("1\0002", 3), std::string("'1\0002' is not a number", 21));
  refuse(std::string(400000, '1'), "longer than 4096 characters");
  refuse(std::string(100, 'y') + "\n", std::string(40, 'y') + "...'");
}

TEST(Csv, RefusesBadOptions) {
  for (const char delimiter : {'\n', '5', '.', 'e', '-'}) {
    expect_failure([&] { (void)read("1\n", DType::kFloat64, 0, delimiter); }, Status::kInvalidArgument,
                   {"delimiter is character"});
  }
  expect_failure([&] { (void)read("1\n", DType::kFloat64, -1); }, Status::kInvalidArgument,
                 {"skip_rows is -1"});
  expect_failure([&] { (void)io::read_csv("/nowhere/t.csv", {}); }, Status::kIo,
                 {"/nowhere/t.csv", "No such file or directory"});
}

TEST(Csv, IgnoresTheLocale) {
  // Where the system has a locale with a decimal comma it must not matter; elsewhere the C locale is read
  // again.
  const char* set = std::setlocale(LC_ALL, "de_DE.UTF-8");
  EXPECT_EQ(values(read("1.5,2\n")), (List{1.5, 2}));
  if (set != nullptr) std::setlocale(LC_ALL, "C");
}

TEST(Csv, IgnoresHowTheThreadRounds) {
  const std::string content = "0.1,-0.1,3.3,1e-310,123456789.123456789,1e23\n";
  const std::vector<double> expected = values(read(content));
  const Tensor half = read("0.1,-3.3\n", DType::kFloat16), single = read("0.1,-3.3\n", DType::kFloat32);
  EXPECT_EQ(expected[0], 0.1);
  for (const int mode : {FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO}) {
    ASSERT_EQ(std::fesetround(mode), 0);
    const std::vector<double> got = values(read(content));
    const Tensor half_got = read("0.1,-3.3\n", DType::kFloat16),
                 single_got = read("0.1,-3.3\n", DType::kFloat32);
    const int after = std::fegetround();
    std::fesetround(FE_TONEAREST);
    EXPECT_EQ(after, mode);
    EXPECT_EQ(got, expected);
    EXPECT_EQ(std::memcmp(half_got.raw(), half.raw(), half.nbytes()), 0);
    EXPECT_EQ(std::memcmp(single_got.raw(), single.raw(), single.nbytes()), 0);
  }
}

TEST(Csv, ReadsAcrossBufferEdges) {
  std::string content;
  for (int i = 0; i < 200000; ++i) content += std::to_string(i) + ",-" + std::to_string(i) + ".25\n";
  for (const std::string& text : {content, gzip(content)}) {
    const Tensor t = read(text);
    ASSERT_EQ(t.sizes(), (Dims{200000, 2}));
    for (int64_t i = 0; i < 200000; ++i) {
      ASSERT_EQ(t.data<double>()[2 * i], static_cast<double>(i));
      ASSERT_EQ(t.data<double>()[2 * i + 1], -static_cast<double>(i) - 0.25);
    }
  }
}

TEST(Csv, SurvivesDamage) {
  const Directory directory;
  const auto one = [](const std::string& path) { (void)io::read_csv(path, {}); };
  expect_survives_flips(directory, "1.5,-2e3\n3,4\n", one);
  expect_survives_flips(directory, gzip("1.5,-2e3\n3,4\n"), one);
}
