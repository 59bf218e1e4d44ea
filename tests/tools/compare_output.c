// Runs a program and compares what it prints with a file.
//
//   compare_output [--data FILE] EXPECTED PROGRAM [ARGUMENT...]
//
// The two must be the same text, save that a number with digits after its decimal point may differ by 1 in
// its last place: a sum taken in another order rounds differently. Whole numbers must be equal. White space
// must be equal, except that spaces before such a number may make up for its width. The last line's newline
// may be missing.
//
// --data FILE: the program needs FILE, which the project does not ship. Its path in the folder that the
// environment variable TINYTORCH_DATA names is added to the arguments; where it is not there, the status
// is 77 (skipped).
//
// Exit status: 0 equal, 1 different or the program failed, 2 wrong usage, 77 skipped (by us or by the
// program).

#define _POSIX_C_SOURCE 200809L

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kEqual = 0, kDifferent = 1, kUsage = 2, kSkipped = 77 };

typedef struct {
  char* data;  // NUL-terminated
  size_t size;
} text;

static void die(const char* what, const char* which) {
  fprintf(stderr, "compare_output: %s: %s: %s\n", what, which, strerror(errno));
  exit(kUsage);
}

static text read_all(FILE* file, const char* name) {
  text t = {NULL, 0};
  size_t capacity = 0;
  for (;;) {
    if (t.size + 1 >= capacity) {
      capacity = capacity ? capacity * 2 : 4096;
      t.data = realloc(t.data, capacity);
      if (!t.data) die("out of memory reading", name);
    }
    size_t n = fread(t.data + t.size, 1, capacity - 1 - t.size, file);
    if (n == 0) break;
    t.size += n;
  }
  if (ferror(file)) die("cannot read", name);
  t.data[t.size] = '\0';
  return t;
}

// Runs argv[0] with our stdin and stderr, and collects its stdout. Returns the status that wait reports.
static int run(char** argv, text* output) {
  int ends[2];
  if (pipe(ends) != 0) die("cannot make a pipe for", argv[0]);
  pid_t child = fork();
  if (child < 0) die("cannot fork for", argv[0]);
  if (child == 0) {
    close(ends[0]);
    if (dup2(ends[1], STDOUT_FILENO) < 0) _exit(127);
    close(ends[1]);
    execvp(argv[0], argv);
    fprintf(stderr, "compare_output: cannot run: %s: %s\n", argv[0], strerror(errno));
    _exit(127);
  }
  close(ends[1]);
  FILE* file = fdopen(ends[0], "r");
  if (!file) die("cannot read the output of", argv[0]);
  *output = read_all(file, argv[0]);
  fclose(file);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) die("cannot wait for", argv[0]);
  }
  return status;
}

// A decimal number at the start of a text: [sign] digits [. digits] [e [sign] digits].
typedef struct {
  size_t length;    // characters, 0 where there is no number
  bool fractional;  // has a decimal point or an exponent
  int places;       // digits after the decimal point
  int exponent;
} number;

static number scan_number(const char* p) {
  number n = {0, false, 0, 0};
  size_t i = 0;
  if (p[i] == '-' || p[i] == '+') i++;
  size_t digits = 0;
  while (isdigit((unsigned char)p[i])) i++, digits++;
  if (p[i] == '.') {
    size_t after = i + 1;
    while (isdigit((unsigned char)p[after])) after++, digits++, n.places++;
    if (digits > 0) {
      i = after;
      n.fractional = true;
    }
  }
  if (digits == 0) return (number){0, false, 0, 0};
  if (p[i] == 'e' || p[i] == 'E') {
    size_t after = i + 1;
    if (p[after] == '-' || p[after] == '+') after++;
    if (isdigit((unsigned char)p[after])) {
      n.exponent = (int)strtol(p + i + 1, NULL, 10);
      n.fractional = true;
      while (isdigit((unsigned char)p[after])) after++;
      i = after;
    }
  }
  n.length = i;
  return n;
}

static bool at_word(const char* start, const char* p) {
  return p == start || !(isalnum((unsigned char)p[-1]) || p[-1] == '_' || p[-1] == '.');
}

static double power_of_ten(int exponent) {
  double power = 1;
  for (int i = 0; i < abs(exponent) && i < 400; i++) power *= 10;
  return exponent < 0 ? 1 / power : power;
}

// Whether two numbers print the same value but for 1 in the last place of the one that shows fewer.
static bool close_enough(const char* a, number na, const char* b, number nb) {
  if (na.length == nb.length && memcmp(a, b, na.length) == 0) return true;
  if (!na.fractional || !nb.fractional || na.places == 0 || na.places != nb.places) return false;
  int exponent = na.exponent > nb.exponent ? na.exponent : nb.exponent;
  double last_place = power_of_ten(exponent - na.places);
  double difference = strtod(a, NULL) - strtod(b, NULL);
  if (difference < 0) difference = -difference;
  return difference <= last_place * 1.001;
}

// Whether a line of the program's matches the expected one.
static bool lines_match(const char* actual, const char* expected) {
  const char* a = actual;
  const char* e = expected;
  for (;;) {
    if (*a == '\0' && *e == '\0') return true;
    // Spaces before a number take up the width that its sign does not.
    const char* a_number = a;
    const char* e_number = e;
    while (*a_number == ' ') a_number++;
    while (*e_number == ' ') e_number++;
    if (at_word(actual, a_number) && at_word(expected, e_number)) {
      number na = scan_number(a_number);
      number ne = scan_number(e_number);
      bool same_width = (a_number - a) + (ptrdiff_t)na.length == (e_number - e) + (ptrdiff_t)ne.length;
      bool same_spaces = a_number - a == e_number - e;
      if (na.length && ne.length && (same_width || same_spaces) && close_enough(a_number, na, e_number, ne)) {
        a = a_number + na.length;
        e = e_number + ne.length;
        continue;
      }
    }
    if (*a != *e) return false;
    a++, e++;
  }
}

// Cuts the next line off a text, in place; NULL at its end.
static char* next_line(char** rest) {
  if (**rest == '\0') return NULL;
  char* line = *rest;
  char* end = strchr(line, '\n');
  if (end) {
    *end = '\0';
    *rest = end + 1;
  } else {
    *rest = line + strlen(line);
  }
  return line;
}

// Prints each line that differs; returns how many do.
static int compare(text actual, text expected) {
  int differences = 0;
  char* a_rest = actual.data;
  char* e_rest = expected.data;
  for (int line = 1;; line++) {
    const char* a = next_line(&a_rest);
    const char* e = next_line(&e_rest);
    if (!a && !e) return differences;
    if (a && e && lines_match(a, e)) continue;
    differences++;
    printf("line %d:\n  expected: %s\n  printed:  %s\n", line, e ? e : "(no such line)",
           a ? a : "(no such line)");
  }
}

int main(int argc, char** argv) {
  const char* data = NULL;
  int at = 1;
  if (at + 1 < argc && strcmp(argv[at], "--data") == 0) {
    data = argv[at + 1];
    at += 2;
  }
  if (argc - at < 2) {
    fprintf(stderr, "usage: compare_output [--data FILE] EXPECTED PROGRAM [ARGUMENT...]\n");
    return kUsage;
  }
  const char* expected_path = argv[at];
  char** program = argv + at + 1;

  if (data) {
    const char* folder = getenv("TINYTORCH_DATA");
    if (!folder || !*folder) {
      printf("skipped: TINYTORCH_DATA is not set; it names a folder that holds %s\n", data);
      return kSkipped;
    }
    static char path[4096];
    static char* with_path[64];
    int length = snprintf(path, sizeof path, "%s/%s", folder, data);
    if (length >= (int)sizeof path || argc - at > 60) {
      fprintf(stderr, "compare_output: the path or the list of arguments is too long\n");
      return kUsage;
    }
    if (access(path, R_OK) != 0) {
      printf("skipped: no file %s in TINYTORCH_DATA (%s)\n", data, folder);
      return kSkipped;
    }
    int count = 0;
    for (char** p = program; *p; p++) with_path[count++] = *p;
    with_path[count++] = path;
    with_path[count] = NULL;
    program = with_path;
  }

  FILE* file = fopen(expected_path, "r");
  if (!file) die("cannot open", expected_path);
  text expected = read_all(file, expected_path);
  fclose(file);

  text actual;
  int status = run(program, &actual);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kSkipped) {
    fwrite(actual.data, 1, actual.size, stdout);
    free(actual.data);
    free(expected.data);
    return kSkipped;
  }
  int differences = compare(actual, expected);
  if (differences) printf("%d line(s) differ from %s\n", differences, expected_path);
  free(actual.data);
  free(expected.data);
  if (!WIFEXITED(status)) {
    printf("the program was ended by signal %d\n", WTERMSIG(status));
  } else if (WEXITSTATUS(status) != 0) {
    printf("the program's exit status was %d\n", WEXITSTATUS(status));
  }
  return differences || !WIFEXITED(status) || WEXITSTATUS(status) != 0 ? kDifferent : kEqual;
}
