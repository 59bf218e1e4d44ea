// What an optimizer can be told and what it remembers, as tables. From the rows come the reading and checking
// of its options struct, setting them by name, its state dict and its text.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/error.h"
#include "device/optimizer.h"
#include "tinytorch/optim.h"

namespace tt::optim {

enum class OptionKind : tt_option_kind {
  kReal = TT_OPTION_REAL,        // a double in the struct
  kInteger = TT_OPTION_INTEGER,  // an int64_t
  kBoolean = TT_OPTION_BOOLEAN,  // an int32_t, 0 or 1
};

// From low to high; NaN is in none.
struct OptionRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool below_high = false;  // high itself is not in it
};
inline constexpr OptionRange kNotNegative{.low = 0};

// Which changes of an option the replays of a captured step follow: kernels read the numbers, but are chosen
// when the step is captured.
enum class Replays : uint8_t { kFollow, kFollowUnlessToOrFromZero, kDoNotFollow };

struct OptionRow {
  const char* name;  // the member of the struct
  OptionKind kind;
  size_t offset;  // of the member
  OptionRange range = {};
  Replays replays = Replays::kFollow;
  const char* tuple = nullptr;  // the text has neighbours of one tuple together: "betas: (0.9, 0.999)"
};

enum class StateKind : uint8_t {
  kTensor,          // there from the first step on
  kOptionalTensor,  // there where an option wants it
  kSteps,           // the number of steps: the last row, if there is one
};

struct StateRow {
  const char* name;
  StateKind kind;
};

// The options struct of some optimizer, as a value.
class OptionValues {
 public:
  OptionValues() = default;
  template <typename Struct>
  explicit OptionValues(const Struct& options) {
    static_assert(sizeof(Struct) <= sizeof bytes_ && std::is_trivially_copyable_v<Struct>);
    std::memcpy(bytes_, &options, sizeof options);
  }
  template <typename Struct>
  Struct as() const {
    static_assert(sizeof(Struct) <= sizeof bytes_ && std::is_trivially_copyable_v<Struct>);
    Struct out;
    std::memcpy(&out, bytes_, sizeof out);
    return out;
  }

  double get(const OptionRow& row) const;
  void set(const OptionRow& row, double value);  // one that check_option lets through

 private:
  char bytes_[128] = {};
};

struct OptimizerTable {
  const char* type_name;  // "SGD"
  std::span<const OptionRow> options;
  std::span<const StateRow> states;
  OptimizerRule rule;
  // How many of the states' tensors, from the first on, a step with these options works on.
  size_t (*used_states)(const OptionValues& values);
  // The rule's numbers.
  GroupNumbers (*numbers)(const OptionValues& values);
  // Those of a parameter's step; the first is 1.
  StepNumbers (*step)(const OptionValues& values, int64_t step);
  void (*check)(const OptionValues& values) = nullptr;  // what is more than a range; may be null
};

// Fails where the value is not of the option's kind or range. `called`: what the message calls it.
void check_option(const OptionRow& row, double value, std::string_view called);
// The values of the caller's struct, checked. A boolean is 1 for whatever is not 0.
OptionValues read_options(const OptimizerTable& table, OptionValues given);

}  // namespace tt::optim
