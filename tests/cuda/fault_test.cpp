// The record that kernels report faults in.
#include "cuda/runtime/fault.h"

#include <gtest/gtest.h>

#include "base/error.h"

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
            "input has the class -4, expected 0 or more");
  EXPECT_EQ(message_of({FaultKind::kIndex, {4, 3, IndexBounds::kClasses}}),
            "input has the class 4, but num_classes is 3");
  EXPECT_EQ(message_of({FaultKind::kBernoulli, {bits(1.5), 0, 0}}),
            "a probability is 1.5, expected a number from 0 to 1");
  EXPECT_EQ(message_of({FaultKind::kWeight, {bits(-0.5), 2, 3}}),
            "a weight is -0.5, expected a finite number of 0 or more, at row 2, category 3");
  EXPECT_EQ(message_of({FaultKind::kNoWeights, {}}), "the weights sum to 0");
  EXPECT_EQ(message_of({FaultKind::kDivisor, {}}), "an integer is divided by zero");
}

}  // namespace
}  // namespace tt::cuda
