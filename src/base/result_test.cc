#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace trilobite {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return error(Code::kInvalid, "{} is odd", value);
  return value / 2;
}

Result<int> quarter(int value) {
  TRY(first, half(value));
  TRY(second, half(first));
  return second;
}

TEST(Result, TryPassesValuesOnAndReturnsErrors) {
  EXPECT_EQ(quarter(12).value(), 3);
  const auto failed = quarter(6);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, Code::kInvalid);
  EXPECT_EQ(failed.error().message, "3 is odd");
}

TEST(Result, WithinPutsWhatWasBeingDoneInFront) {
  EXPECT_EQ(error(Code::kIo, "disk gone").within("cannot open part {}", 42).message, "cannot open part 42: disk gone");
}

TEST(Result, HoldsTypesThatOnlyMove) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto use = [&]() -> Result<int> {
    TRY(value, make());
    return *value;
  };
  EXPECT_EQ(use().value(), 7);
}

TEST(ResultDeathTest, TakingTheValueOfAnErrorStopsTheProcess) {
  EXPECT_DEATH((void)half(1).value(), "BUG: check failed");
}

}  // namespace
}  // namespace trilobite
