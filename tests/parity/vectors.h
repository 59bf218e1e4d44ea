// Reads the parity vectors: what PyTorch computed, recorded by generate.py, generate_runs.py and
// generate_random.py. The format is described in recorder.py. Nothing here depends on the engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tt::parity {

enum class Dtype { kBool, kUint8, kInt8, kInt16, kInt32, kInt64, kFloat16, kBfloat16, kFloat32, kFloat64 };

std::size_t size_of(Dtype dtype);
std::string_view name_of(Dtype dtype);

struct Tensor {
  Dtype dtype = Dtype::kFloat32;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;  // in elements; of an output, how the reference laid it out
  std::int64_t offset = 0;            // in elements
  bool requires_grad = false;
  bool has_values = true;  // false where the values are not defined (empty and its kin)
  int alias = -1;  // of an output: the input it is a view of; strides and offset are then part of the result
  int alias_item = -1;  // where that input is a list: which item of it
  // An input's whole storage (rebuild it by as_strided), or an output's elements in row-major order; in the
  // machine's byte order, bool as one byte.
  std::vector<unsigned char> data;

  std::int64_t numel() const;                                          // the product of sizes
  std::size_t stored() const { return data.size() / size_of(dtype); }  // the elements in data
  // Element i of data as a double; exact but for large int64. To read int64 exactly use as_int.
  double as_double(std::size_t i) const;
  std::int64_t as_int(std::size_t i) const;
};

// An argument or a result. `none` is std::monostate.
using Value = std::variant<std::monostate, Tensor, std::vector<Tensor>, std::int64_t, double, bool,
                           std::vector<std::int64_t>, std::vector<double>, std::string, Dtype>;

bool is_none(const Value& value);

// The gradient of input `index` (of item `item` of it where the input is a list, else -1), or, in the lists
// that speak of results, of or for output `index`. `value` is none where the reference has no gradient.
struct Gradient {
  int index = 0;
  int item = -1;
  Value value;
};

// "i0", "i2.1", "o0": the tensors that may be written to before the backward of `leaves`.
struct Writable {
  std::vector<std::string> leaves;
  std::vector<std::string> tensors;
};

struct Call {
  std::string op;
  std::vector<Value> inputs;
  std::vector<Value> outputs;
  std::vector<Gradient> output_gradients;  // the cotangents given to the outputs
  std::vector<Gradient> gradients;         // of the inputs
  std::vector<Gradient> probes;            // v in s = sum(gradient_i * v_i)
  std::vector<Gradient> second;            // the gradients of s for the inputs
  std::vector<Gradient> second_outputs;    // the gradients of s for the cotangents
  std::vector<Writable> writable;
  double rtol = 0;
  double atol = 0;
  bool fails = false;  // the call must fail; `error` is the reference's message
  std::string error;

  bool seeds = false;  // random records: manual_seed(seed) comes before the call
  std::int64_t seed = 0;
  bool has_state = false;  // random records: the generator's state after the call
  Tensor state;
};

struct Record {
  enum class Kind { kCase, kRun, kRandom };
  Kind kind = Kind::kCase;
  std::string name;         // the op of a case, the name of a run or a random record
  std::string variant;      // of a case
  int line = 0;             // where it starts in the unpacked file
  std::vector<Call> calls;  // one of a case, several of a random record
  std::vector<std::pair<std::string, Value>> values;  // of a run

  const Call& call() const { return calls.front(); }
  const Value* find(std::string_view key) const;  // of a run; nullptr if there is none
  const Value& get(std::string_view key) const;   // of a run; throws std::out_of_range
};

class FormatError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Reads a whole .ttv.gz (or unpacked .ttv) file. Throws FormatError, which names the file and the line.
std::vector<Record> load(const std::string& path);

}  // namespace tt::parity
