// Every recorded case of the named families (all without any), one test an op:
//   parity_ops [--gtest_...] [--cuda] [--captured] [family ...]
// With --cuda the inputs are moved to the first CUDA device, and the exit status is 77 where there is none.
// With
// --captured the calls and their first gradients are captured into graphs of the CPU, and replayed.
//   parity_ops --coverage
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <set>

#include "harness/files.h"
#include "harness/run_case.h"

using namespace tt::parity;

namespace {

constexpr std::size_t kShown = 5;

// Cases where the library is meant to differ, and why.
const std::map<std::string, const char*> kDeviations{
    {"var no_dims_c1_f32",
     "with an empty list of dims the reference's gradient divides by the count of one element"},
    {"var no_dims_c0_f32",
     "with an empty list of dims the reference's gradient divides by the count of one element"},
    {"std no_dims_c1_f32",
     "with an empty list of dims the reference's gradient divides by the count of one element"},
    {"std no_dims_c0_f32",
     "with an empty list of dims the reference's gradient divides by the count of one element"},
    {"threshold error_given_u8", "a number without a fraction is an integer, which may be negative"},
};

class OpTest : public testing::Test {
 public:
  explicit OpTest(std::vector<const Record*> records) : records_(std::move(records)) {}

  void TestBody() override {
    const std::string& name = records_.front()->name;
    if (missing_ops().contains(name)) GTEST_SKIP() << "the library has no " << name;
    const auto found = ops().find(name);
    ASSERT_NE(found, ops().end()) << "no entry for " << name << " in tests/parity/harness/ops_*.cpp";
    std::size_t failed = 0;
    std::string text;
    for (const Record* record : records_) {
      if (const auto known = kDeviations.find(name + " " + record->variant); known != kDeviations.end()) {
        std::printf("%s: not compared: %s\n", known->first.c_str(), known->second);
        continue;
      }
      const std::vector<std::string> problems = run_case(found->second, record->call());
      if (problems.empty() || ++failed > kShown) continue;
      text +=
          "  " + record->variant + " (line " + std::to_string(record->line) + "): " + problems.front() + "\n";
    }
    if (failed != 0)
      ADD_FAILURE() << name << ": " << failed << " of " << records_.size() << " cases\n" << text;
  }

 private:
  std::vector<const Record*> records_;
};

// Every recorded op has an entry in the table, and every entry, which includes every row of the library's op
// table, is recorded.
int check_coverage() {
  std::set<std::string> recorded;
  for (const auto& [family, records] : load_families({})) {
    for (const Record& record : records) recorded.insert(record.name);
  }
  int wrong = 0;
  for (const std::string& op : missing_ops()) std::printf("the library has no %s\n", op.c_str());
  for (const std::string& op : recorded) {
    if (ops().contains(op) || missing_ops().contains(op)) continue;
    std::printf("%s is recorded, but has no entry\n", op.c_str());
    ++wrong;
  }
  for (const auto& [op, entry] : ops()) {
    if (recorded.contains(op)) continue;
    std::printf("%s has an entry, but is not recorded\n", op.c_str());
    ++wrong;
  }
  std::printf("%zu ops recorded\n", recorded.size());
  return wrong != 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--coverage") == 0) return check_coverage();
  testing::InitGoogleTest(&argc, argv);
  if (take_flag("--captured", argc, argv)) start_capturing();
  if (take_flag("--cuda", argc, argv)) {
    if (const int status = start_cuda(); status != 0) return status;
  }
  for (const auto& [family, records] : load_families({argv + 1, argv + argc})) {
    std::map<std::string, std::vector<const Record*>> by_op;
    for (const Record& record : records) {
      if (record.kind == Record::Kind::kCase) by_op[record.name].push_back(&record);
    }
    for (const auto& [op, cases] : by_op) {
      testing::RegisterTest(family.c_str(), op.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [cases = cases]() -> testing::Test* { return new OpTest(cases); });
    }
  }
  return RUN_ALL_TESTS();
}
