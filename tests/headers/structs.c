/* Every struct of the headers has an INIT macro and an init function that agree, and the function writes as
 * many bytes as the caller's struct has, whichever version's that is. The list is read from the headers. */
#include "../capi/check.h"

/* A program's struct: an older header's, ours, or a newer header's. What lies behind it must not be touched.
 */
static void check_init(const char* name, tt_status (*init)(size_t, void*), const void* macro, size_t size,
                       size_t alignment) {
  enum { kUntouched = 0x5a, kRoom = 1024 };
  static unsigned char theirs[kRoom];
  const int before = check_failures;
  CHECK(size + 64 <= kRoom);
  for (size_t their_size = sizeof(size_t); their_size <= size + 64; ++their_size) {
    memset(theirs, kUntouched, sizeof theirs);
    const int can_be = their_size % alignment == 0;
    const tt_status status = init(their_size, theirs);
    size_t struct_size;
    memcpy(&struct_size, theirs, sizeof struct_size);
    CHECK(status == (can_be ? TT_OK : TT_ERR_INVALID_ARGUMENT));
    CHECK((struct_size == their_size) == can_be);
    for (size_t i = sizeof(size_t); i < kRoom; ++i) {
      const int written = can_be && i < their_size;
      CHECK(theirs[i] == (!written ? kUntouched : i < size ? ((const unsigned char*)macro)[i] : 0));
    }
  }
  const size_t none[] = {0, 1, sizeof(size_t) - 1, (size_t)-8};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; ++i) {
    CHECK(init(none[i], theirs) == TT_ERR_INVALID_ARGUMENT);
    CHECK(strstr(tt_last_error(), "struct_size is ") != NULL);
  }
  CHECK(init(size, NULL) == TT_ERR_INVALID_ARGUMENT);
  CHECK(strstr(tt_last_error(), "NULL") != NULL);
  memcpy(&theirs, macro, size);
  CHECK(*(const size_t*)macro == size);
  if (check_failures != before) fprintf(stderr, "%s: not as it should be\n", name);
}

/* The alignment of a struct in C99. */
#define ALIGNMENT(type) \
  offsetof(             \
      struct {          \
        char before;    \
        type it;        \
      },                \
      it)

#define STRUCT(name, type, macro)                                                              \
  static tt_status name##_of(size_t size, void* out) { return name##_init(size, (type*)out); } \
  static void name##_check(void) {                                                             \
    static const type it = macro;                                                              \
    CHECK(offsetof(type, struct_size) == 0);                                                   \
    check_init(#name, name##_of, &it, sizeof it, ALIGNMENT(type));                             \
  }
#include "structs_list.h"
#undef STRUCT

int main(void) {
  int count = 0;
#define STRUCT(name, type, macro) \
  name##_check();                 \
  ++count;
#include "structs_list.h"
#undef STRUCT
  CHECK(count >= 18); /* the list was read at all */
  return finish("structs");
}
