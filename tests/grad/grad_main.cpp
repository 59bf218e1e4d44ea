// Every differentiable op of the named families (all without any): its first and second derivatives against
// finite differences, on the recorded float64 cases.
//   grad_check [--gtest_...] [family ...]
#include <gtest/gtest.h>

#include <cstdio>

#include "gradcheck.h"
#include "harness/files.h"

using namespace tt::parity;

namespace {

constexpr std::size_t kShown = 5;

// Cases where finite differences say nothing, and why.
const std::map<std::string, const char*> kSkipped{
    {"softplus default_edges_f64", "it lies at the threshold, where the function has a step of 2e-9"},
};

// Ops whose recorded points are mostly kinks or steps, and why.
const std::map<std::string, const char*> kMostlyKinks{
    {"remainder_scalar", "its points are on a grid that the divisor divides, and zero divisors give NaN"},
};

class GradTest : public testing::Test {
 public:
  explicit GradTest(std::vector<const Record*> records, bool second)
      : records_(std::move(records)), second_(second) {}

  void TestBody() override {
    const std::string& name = records_.front()->name;
    if (missing_ops().contains(name)) GTEST_SKIP() << "the library has no " << name;
    const auto found = ops().find(name);
    ASSERT_NE(found, ops().end()) << "no entry for " << name << " in tests/parity/harness/ops_*.cpp";
    std::size_t failed = 0, checked = 0, kinks = 0;
    std::string text;
    for (const Record* record : records_) {
      if (const auto skip = kSkipped.find(name + " " + record->variant); skip != kSkipped.end()) {
        std::printf("%s: not checked: %s\n", skip->first.c_str(), skip->second);
        continue;
      }
      const GradCheck result = second_ ? check_second_order(found->second, record->call())
                                       : check_first_order(found->second, record->call());
      checked += result.checked;
      kinks += result.kinks;
      if (result.problem.empty() || ++failed > kShown) continue;
      text +=
          "  " + record->variant + " (line " + std::to_string(record->line) + "): " + result.problem + "\n";
    }
    if (failed != 0)
      ADD_FAILURE() << name << ": " << failed << " of " << records_.size() << " cases\n" << text;
    RecordProperty("checked", static_cast<int>(checked));
    RecordProperty("kinks", static_cast<int>(kinks));
    if (kinks > checked && !kMostlyKinks.contains(name))
      ADD_FAILURE() << name << ": no derivative at " << kinks << " elements, only " << checked << " checked";
  }

 private:
  std::vector<const Record*> records_;
  bool second_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (const auto& [family, records] : load_families({argv + 1, argv + argc})) {
    std::map<std::string, std::vector<const Record*>> by_op;
    for (const Record& record : records) {
      if (record.kind == Record::Kind::kCase && can_check(record.call()))
        by_op[record.name].push_back(&record);
    }
    for (const auto& [op, cases] : by_op) {
      for (const bool second : {false, true}) {
        testing::RegisterTest(
            (family + (second ? "_second" : "_first")).c_str(), op.c_str(), nullptr, nullptr, __FILE__,
            __LINE__, [cases = cases, second]() -> testing::Test* { return new GradTest(cases, second); });
      }
    }
  }
  return RUN_ALL_TESTS();
}
