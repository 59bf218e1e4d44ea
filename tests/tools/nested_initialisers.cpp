// Finds initialisers that g++ 12 miscompiles. Where a member of an aggregate is itself an aggregate that
// braces without a type initialise, `Rule{{a, b}, make(c)}`, and a later initialiser throws, the compiler
// destroys the members of the inner one twice: a reference too many is given back. With the type written out,
// `Rule{Inner{a, b}, make(c)}`, or with a constructor it does not.
//
// nested_initialisers FOLDER...: the C++ sources below. Prints file:line of each such initialiser in which a
// later part makes a call, and fails where there is one. `nested_initialisers --test` tries the search
// itself.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace {

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The end of the literal that begins at `from` with the quote.
size_t literal_end(const std::string& text, size_t from) {
  const char quote = text[from];
  size_t i = from + 1;
  while (i < text.size() && text[i] != quote) i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

// The text with comments and preprocessor lines blank, and literals as 0s; lines stay where they are.
std::string code_only(std::string text) {
  const auto blank = [&](size_t from, size_t to, char with) {
    for (size_t i = from; i < std::min(to, text.size()); ++i) {
      if (text[i] != '\n') text[i] = with;
    }
    return to;
  };
  bool line_begins = true;
  for (size_t i = 0; i < text.size();) {
    if (text.compare(i, 2, "//") == 0) {
      i = blank(i, text.find('\n', i), ' ');
    } else if (text.compare(i, 2, "/*") == 0) {
      i = blank(i, text.find("*/", i) + 2, ' ');
    } else if (text[i] == '#' && line_begins) {
      size_t end = text.find('\n', i);
      while (end != std::string::npos && text[end - 1] == '\\') end = text.find('\n', end + 1);
      i = blank(i, end, ' ');
    } else if (text[i] == '"' || (text[i] == '\'' && (i == 0 || !in_word(text[i - 1])))) {
      i = blank(i, literal_end(text, i), '0');
      line_begins = false;
    } else {
      if (text[i] == '\n') line_begins = true;
      if (std::isspace(static_cast<unsigned char>(text[i])) == 0) line_begins = false;
      ++i;
    }
  }
  return text;
}

struct Bracket {
  char kind;
  size_t at;
  bool untyped;          // braces that are an element of other braces, with no type before them
  bool is_block;         // holds statements
  size_t nested_at = 0;  // the first untyped braces among the elements so far; 0: none
};

size_t before_space(const std::string& code, size_t i) {
  while (i > 0 && std::isspace(static_cast<unsigned char>(code[i - 1])) != 0) --i;
  return i;
}

// Whether the parenthesis at `at` calls something: a name stands before it that is no macro's, or a bracket
// that is no lambda's.
bool calls(const std::string& code, size_t at, size_t lambda_end) {
  const size_t end = before_space(code, at);
  if (end == 0 || end == lambda_end) return false;
  size_t begin = end;
  bool macro = true;
  while (begin > 0 && in_word(code[begin - 1]))
    macro &= std::islower(static_cast<unsigned char>(code[--begin])) == 0;
  return begin == end ? code[end - 1] == '>' || code[end - 1] == ']' || code[end - 1] == ')'
                      : !macro || end - begin < 4;
}

// Whether the brace at `at` begins an element: what comes before it is another brace, a comma or `.member =`.
bool begins_element(const std::string& code, size_t at) {
  size_t i = before_space(code, at);
  if (i > 0 && code[i - 1] == '=') {
    i = before_space(code, i - 1);
    while (i > 0 && in_word(code[i - 1])) --i;
    return i > 0 && code[i - 1] == '.';
  }
  return i > 0 && (code[i - 1] == '{' || code[i - 1] == ',');
}

// Where the inner braces of dangerous initialisers begin.
std::vector<size_t> find_nested(const std::string& code) {
  std::vector<size_t> found;
  std::vector<Bracket> open;
  size_t lambda_end = 0;  // behind the last `]` that began a lambda
  for (size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    const size_t end = before_space(code, i);
    const char before = end > 0 ? code[end - 1] : ';';
    if (c == '(' && calls(code, i, lambda_end)) {
      // A part of every list around it, as far as the next block.
      for (auto list = open.rbegin(); list != open.rend() && !list->is_block; ++list) {
        if (list->kind == '{' && list->nested_at != 0) found.push_back(std::exchange(list->nested_at, 0));
      }
    }
    if (c == '(' || c == '[' || c == '{') {
      const bool element = c == '{' && !open.empty() && open.back().kind == '{' && begins_element(code, i);
      open.push_back({c, i, element, c == '{' && (before == ')' || end == lambda_end)});
    } else if (c == ')' || c == ']' || c == '}') {
      if (open.empty()) continue;
      const Bracket closed = open.back();
      open.pop_back();
      const char opener = before_space(code, closed.at) > 0 ? code[before_space(code, closed.at) - 1] : ';';
      if (c == ']' && !in_word(opener) && opener != ')' && opener != ']') lambda_end = i + 1;
      if (closed.untyped && !closed.is_block && !open.empty() && !open.back().is_block &&
          open.back().nested_at == 0 && closed.at + 1 < i) {
        open.back().nested_at = closed.at;
      }
    } else if (c == ';' && !open.empty()) {
      open.back().is_block = true;
    }
  }
  return found;
}

int line_of(const std::string& text, size_t at) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

int search(const char* folder) {
  int hits = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".cpp" && extension != ".h" && extension != ".hpp" && extension != ".cu" &&
        extension != ".cuh")
      continue;
    std::ifstream file(entry.path());
    const std::string code =
        code_only(std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
    for (const size_t at : find_nested(code)) {
      std::printf("%s:%d: an initialiser in braces without a type, and a call after it: write the type\n",
                  entry.path().c_str(), line_of(code, at));
      ++hits;
    }
  }
  return hits;
}

int self_test() {
  const struct {
    const char* code;
    bool dangerous;
  } cases[] = {
      {"f(Rule{{a, g(b)}, h(c), d});", true},
      {"Rule r{.inner = {a, b}, .rest = h(c)};", true},
      {"return {{a, b},\n  h(c)};", true},
      {"push({1, {a}, {h(c)}});", true},
      {"f(Rule{Inner{a, g(b)}, h(c)});", false},
      {"f(Rule{1, {a, g(b)}});", false},
      {"Rule r{{}, h(c)};", false},
      {"f({{a, \"(\"}, {b, '('}}); // {{a}, h(b)}", false},
      {"f(Rule{{a, b}, [](int c) { return h(c); }});", false},
      {"f(Rule{{a, b}, rules[1](c)});", true},
      {"f(Rule{{a, b}, h<int>(c)});", true},
      {"Row rows[] = {{a, b}, TABLE_ROW(c), {a, b}};", false},
      {"void f() { { a; } h(c); }", false},
      {"#define F {{a}, h(b)}\nint x;", false},
  };
  int failures = 0;
  for (const auto& each : cases) {
    if (find_nested(code_only(each.code)).empty() == each.dangerous) {
      std::printf("%s: expected %s\n", each.code, each.dangerous ? "a find" : "none");
      ++failures;
    }
  }
  return failures;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--test") == 0) return self_test() == 0 ? 0 : 1;
  int hits = 0;
  for (int i = 1; i < argc; ++i) hits += search(argv[i]);
  return hits == 0 && argc > 1 ? 0 : 1;
}
