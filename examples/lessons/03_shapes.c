/* Shapes: what mm refuses, and view / reshape / resize_. */
#include "lesson.h"

/* The message without the name of the call. */
static void print_error(void) { puts(strstr(tt_last_error(), ": ") + 2); }

int main(int argc, char** argv) {
  const Device device = device_option(&argc, argv);
  const int64_t row[] = {1, 5}, column_sizes[] = {5, 1}, wrong[] = {2, 3}, square[] = {2, 2};
  const int64_t images[] = {4, 16, 5, 5}, flat[] = {-1, 16 * 5 * 5};
  tt_tensor *features, *weights, *column, *element, *small, *x, *t;

  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_manual_seed(7));
  CHECK(tt_randn(row, 2, NULL, TT_FLOAT32, &features));
  CHECK(tt_randn_like(features, NULL, &weights));
  features = to(features, device);
  weights = to(weights, device);
  if (tt_mm(features, weights, &t) != TT_OK) print_error();

  /* A view shares memory. */
  CHECK(tt_view(weights, column_sizes, 2, &column));
  CHECK(tt_select(column, 0, 0, &element));
  CHECK(tt_fill_(element, 10.0));
  print_tensor(weights);

  CHECK(tt_reshape(weights, column_sizes, 2, &t));
  print_shape(t);
  putchar(' ');
  CHECK(tt_t(weights, &t));
  print_shape(t);
  putchar('\n');
  if (tt_view(weights, wrong, 2, &t) != TT_OK) print_error();

  CHECK(tt_arange(0, 6, 1, TT_INT64, &small));
  small = to(small, device);
  CHECK(tt_resize_(small, square, 2));
  print_tensor(small);

  CHECK(tt_zeros(images, 4, TT_FLOAT32, &x));
  x = to(x, device);
  CHECK(tt_view(x, flat, 2, &t));
  print_shape(t);
  putchar('\n');
  CHECK(tt_scope_end(scope));
  return 0;
}
