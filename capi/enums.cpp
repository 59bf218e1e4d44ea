#include "capi/enums.h"

namespace tt::capi {

void refuse_enum(int32_t value, const char* argument, std::initializer_list<const char*> names) {
  std::string expected;
  const size_t last = names.size() - 1;
  for (size_t i = 0; i <= last; ++i) {
    expected += str(i == 0     ? ""
                    : i < last ? ", "
                               : " or ",
                    names.begin()[i], " (", static_cast<uint64_t>(i), ")");
  }
  fail(Status::kInvalidArgument, argument, " is ", value, ", expected ", expected);
}

}  // namespace tt::capi
