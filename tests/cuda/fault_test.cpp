// The record that kernels report faults in.
#include "cuda/fault.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace tt::cuda {
namespace {

std::string message_of(const Fault& fault) {
  try {
    fail_fault(fault);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Status::kInvalidArgument);
    return error.message();
  }
}

TEST(CudaFault, TheFirstIsKeptUntilItIsTaken) {
  FaultRecord record;
  EXPECT_FALSE(take_fault(record));
  raise(&record, FaultKind::kTarget, 7);
  raise(&record, FaultKind::kTarget, 8);
  EXPECT_EQ(take_fault(record).value().value[0], 7);
  EXPECT_FALSE(take_fault(record));
  raise(&record, FaultKind::kTarget, 9);
  EXPECT_EQ(take_fault(record).value().value[0], 9);
  EXPECT_FALSE(take_fault(record));
}

// A thread that has claimed a fault may still be writing it.
TEST(CudaFault, HalfAFaultIsNone) {
  FaultRecord record;
  record.claimed = 1;
  record.fault = {FaultKind::kTarget, {7, 0, 0}};
  EXPECT_FALSE(take_fault(record));
  raise(&record, FaultKind::kTarget, 8);
  EXPECT_FALSE(take_fault(record));
  record.written = 1;
  EXPECT_EQ(take_fault(record).value().value[0], 7);
}

TEST(CudaFault, MessagesAreTheCpus) {
  const auto bits = [](double value) { return std::bit_cast<int64_t>(value); };
  EXPECT_EQ(message_of({FaultKind::kTarget, {INT64_MIN, 0, 0}}),
            "Target -9223372036854775808 is out of bounds.");
  EXPECT_EQ(message_of({FaultKind::kIndex, {-4, 3, 1}}),
            "index -4 is out of bounds for dimension 1 with size 3");
  EXPECT_EQ(message_of({FaultKind::kIndex, {-4, 3, IndexBounds::kClasses}}),
            "Class values must be non-negative, got -4");
  EXPECT_EQ(message_of({FaultKind::kIndex, {4, 3, IndexBounds::kClasses}}),
            "Class values must be smaller than num_classes (3), got 4");
  EXPECT_EQ(message_of({FaultKind::kBernoulli, {bits(1.5), 0, 0}}),
            "bernoulli_ expects p to be in [0, 1], but got p=1.5");
  EXPECT_EQ(message_of({FaultKind::kWeight, {bits(-0.5), 2, 3}}),
            "probability tensor contains either `inf`, `nan` or element < 0, got -0.5 at row 2, category 3");
  EXPECT_EQ(message_of({FaultKind::kNoWeights, {}}),
            "invalid multinomial distribution (sum of probabilities <= 0)");
  EXPECT_EQ(message_of({FaultKind::kDivisor, {}}), "ZeroDivisionError: integer division or modulo by zero");
}

}  // namespace
}  // namespace tt::cuda
