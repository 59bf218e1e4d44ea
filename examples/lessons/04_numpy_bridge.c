/* An array of the program's and a tensor over the same memory; on another device, a tensor that it is copied
 * to. */
#include "lesson.h"

/* The array as NumPy prints it: eight digits, zeros at the end left blank. */
static void print_array(const double a[4][3]) {
  int i, j;
  for (i = 0; i < 4; ++i) {
    printf(i == 0 ? "[[" : " [");
    for (j = 0; j < 3; ++j) {
      char text[32];
      size_t k;
      snprintf(text, sizeof text, "%.8f", a[i][j]);
      for (k = strlen(text); text[k - 1] == '0'; --k) text[k - 1] = ' ';
      printf(j == 0 ? "%s" : " %s", text);
    }
    puts(i == 3 ? "]]" : "]");
  }
}

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  /* numpy.random.rand(4, 3) after numpy.random.seed(0) */
  double a[4][3] = {{0.5488135039273248, 0.7151893663724195, 0.6027633760716439},
                    {0.5448831829968969, 0.4236547993389047, 0.6458941130666561},
                    {0.4375872112626925, 0.8917730007820798, 0.9636627605010293},
                    {0.3834415188257777, 0.7917250380826646, 0.5288949197529045}};
  const int64_t sizes[] = {4, 3};
  tt_print_options options = TT_PRINT_OPTIONS_INIT;
  tt_tensor *array, *b;
  tt_dtype dtype;
  void* data;
  int i, j;

  print_array((const double(*)[3])a);
  options.precision = 8;
  CHECK(tt_set_print_options(&options));
  /* No copy, and nothing to free when the tensor is gone. */
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_from_memory(a, sizes, 2, TT_FLOAT64, NULL, NULL, &array));
  b = to(array, device); /* on the CPU the same tensor, and copying between the two does nothing */
  print_tensor(b);
  print_array((const double(*)[3])a);
  CHECK(tt_mul_scalar_(b, 2.0));
  CHECK(tt_copy_(array, b));
  print_array((const double(*)[3])a);
  for (i = 0; i < 4; ++i) {
    for (j = 0; j < 3; ++j) a[i][j] += 1;
  }
  CHECK(tt_copy_(b, array));
  print_tensor(b);
  CHECK(tt_tensor_dtype(b, &dtype));
  CHECK(tt_tensor_data(array, &data));
  printf("torch.%s %s %s\n", tt_dtype_name(dtype), (void*)b != (void*)a ? "True" : "False",
         data == (void*)a ? "True" : "False");
  CHECK(tt_scope_end(scope));
  return 0;
}
