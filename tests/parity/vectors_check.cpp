// Reads vector files back, prints what is in them and writes them out again as text, so that the reader can
// be held against the generators: `vectors_check --print FILE` prints the unpacked file in the form it was
// written.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>

#include "vectors.h"

using namespace tt::parity;

namespace {

std::string join(const std::vector<std::int64_t>& values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) out += (i ? "," : "") + std::to_string(values[i]);
  return out;
}

std::string hex(const unsigned char* bytes, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, size);  // little-endian machines only, which is enough for a check
  char text[17];
  std::snprintf(text, sizeof text, "%0*" PRIx64, static_cast<int>(2 * size), word);
  return text;
}

std::string hex(double value) { return hex(reinterpret_cast<const unsigned char*>(&value), 8); }

std::string place(int index, int item) {
  return std::to_string(index) + (item < 0 ? "" : "." + std::to_string(item));
}

std::string text_of(const Tensor& t, bool input) {
  std::string out = t.has_values ? "tensor " : "meta ";
  out += std::string(name_of(t.dtype)) + " sizes=" + join(t.sizes) + " strides=" + join(t.strides);
  if (!t.has_values) return out;
  if (input || t.alias >= 0) out += " offset=" + std::to_string(t.offset);
  if (input) out += " storage=" + std::to_string(t.stored());
  if (t.alias >= 0) out += " alias=" + place(t.alias, t.alias_item);
  out += std::string(" grad=") + (t.requires_grad ? "1" : "0") + " data=";
  const std::size_t size = size_of(t.dtype);
  for (std::size_t i = 0; i < t.stored(); ++i) out += (i ? " " : "") + hex(t.data.data() + i * size, size);
  return out;
}

std::string text_of(const Value& value, bool input) {
  if (auto* v = std::get_if<Tensor>(&value)) return text_of(*v, input);
  if (auto* v = std::get_if<std::vector<Tensor>>(&value)) {
    std::string out = "tensors " + std::to_string(v->size());
    for (const Tensor& t : *v) out += "\nitem " + text_of(t, input);
    return out;
  }
  if (auto* v = std::get_if<std::int64_t>(&value)) return "int " + std::to_string(*v);
  if (auto* v = std::get_if<double>(&value)) return "float " + hex(*v);
  if (auto* v = std::get_if<bool>(&value)) return *v ? "bool 1" : "bool 0";
  if (auto* v = std::get_if<std::vector<std::int64_t>>(&value)) return "ints " + join(*v);
  if (auto* v = std::get_if<std::vector<double>>(&value)) {
    std::string out = "floats ";
    for (std::size_t i = 0; i < v->size(); ++i) out += (i ? "," : "") + hex((*v)[i]);
    return out;
  }
  if (auto* v = std::get_if<std::string>(&value)) return "str " + *v;
  if (auto* v = std::get_if<Dtype>(&value)) return "dtype " + std::string(name_of(*v));
  return "none";
}

void print(const char* key, const std::vector<Gradient>& gradients) {
  for (const Gradient& g : gradients) {
    std::printf("%s %s %s\n", key, place(g.index, g.item).c_str(), text_of(g.value, false).c_str());
  }
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? "\\n" : c == '\\' ? "\\\\" : std::string(1, c);
  return out;
}

void print(const Record& record) {
  if (record.kind == Record::Kind::kCase)
    std::printf("case %s %s\n", record.name.c_str(), record.variant.c_str());
  if (record.kind == Record::Kind::kRun) std::printf("run %s\n", record.name.c_str());
  if (record.kind == Record::Kind::kRandom) std::printf("random %s\n", record.name.c_str());
  for (const auto& [key, value] : record.values)
    std::printf("let %s %s\n", key.c_str(), text_of(value, false).c_str());
  for (const Call& call : record.calls) {
    if (call.seeds) std::printf("seed %" PRId64 "\n", call.seed);
    if (record.kind == Record::Kind::kRandom) std::printf("call %s\n", call.op.c_str());
    for (const Value& v : call.inputs) std::printf("in %s\n", text_of(v, true).c_str());
    for (const Value& v : call.outputs) std::printf("out %s\n", text_of(v, false).c_str());
    print("gradout", call.output_gradients);
    print("grad", call.gradients);
    print("probe", call.probes);
    print("grad2", call.second);
    print("grad2out", call.second_outputs);
    for (const Writable& w : call.writable) {
      std::printf("writable ");
      for (std::size_t i = 0; i < w.leaves.size(); ++i)
        std::printf("%s%s", i ? "," : "", w.leaves[i].c_str());
      for (const std::string& place : w.tensors) std::printf(" %s", place.c_str());
      std::printf("\n");
    }
    if (call.has_state) std::printf("state %s\n", text_of(call.state, false).c_str());
    if (call.fails)
      std::printf("error %s\n", escaped(call.error).c_str());
    else if (record.kind == Record::Kind::kCase)
      std::printf("tol %g %g\n", call.rtol, call.atol);
  }
}

void count(const char* path, const std::vector<Record>& records) {
  std::set<std::string> ops;
  std::size_t errors = 0, gradients = 0, second = 0, values = 0;
  for (const Record& record : records) {
    values += record.values.size();
    for (const Call& call : record.calls) {
      ops.insert(call.op);
      errors += call.fails;
      gradients += !call.gradients.empty();
      second += !call.second.empty();
    }
  }
  std::printf("%s: %zu records, %zu ops, %zu errors, %zu with gradients, %zu with second order, %zu values\n",
              path, records.size(), ops.size(), errors, gradients, second, values);
}

}  // namespace

int main(int argc, char** argv) {
  const bool printing = argc > 1 && std::string(argv[1]) == "--print";
  for (int i = printing ? 2 : 1; i < argc; ++i) {
    try {
      const std::vector<Record> records = load(argv[i]);
      if (!printing) count(argv[i], records);
      for (const Record& record : records)
        if (printing) print(record);
    } catch (const FormatError& e) {
      std::fprintf(stderr, "%s\n", e.what());
      return 1;
    }
  }
  return 0;
}
