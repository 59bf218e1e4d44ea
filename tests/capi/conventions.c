/* The conventions of the C ABI: what a call does with bad handles and pointers, the error message, the names
 * of the codes, scopes and sized option structs. */
#include <stdint.h>

#include "check.h"

static tt_tensor* const kUntouched = (tt_tensor*)(uintptr_t)64;

static void names(void) {
  CHECK(strcmp(tt_status_name(TT_OK), "TT_OK") == 0);
  CHECK(strcmp(tt_status_name(TT_ERR_INVALID_ARGUMENT), "TT_ERR_INVALID_ARGUMENT") == 0);
  CHECK(strcmp(tt_status_name(TT_ERR_INTERNAL), "TT_ERR_INTERNAL") == 0);
  CHECK(strcmp(tt_status_name(-1), "unknown status") == 0);
  CHECK(strcmp(tt_status_name(1000), "unknown status") == 0);
  CHECK(strcmp(tt_dtype_name(TT_BFLOAT16), "bfloat16") == 0);
  CHECK(strcmp(tt_dtype_name(-1), "unknown dtype") == 0);
  CHECK(strcmp(tt_dtype_name(99), "unknown dtype") == 0);
  CHECK(tt_dtype_size(TT_INT64) == 8 && tt_dtype_size(TT_BOOL) == 1 && tt_dtype_size(77) == 0);
  CHECK(tt_abi_version() == 1);
  CHECK(strstr(tt_build_info(), tt_version()) != NULL);
}

/* Before the first failure, and that a success does not clear what failed. */
static void messages(void) {
  CHECK(strcmp(tt_last_error(), "") == 0);
  CHECK(tt_last_status() == TT_OK);
  FAILS(tt_add(NULL, NULL, NULL), TT_ERR_INVALID_ARGUMENT, "NULL");
  tt_dtype dtype = -1;
  OK(tt_get_default_dtype(&dtype));
  CHECK(dtype == TT_FLOAT32);
  CHECK(tt_last_status() == TT_ERR_INVALID_ARGUMENT);
  FAILS(tt_set_default_dtype(TT_INT32), TT_ERR_DTYPE, "int32");
  FAILS(tt_set_default_dtype(77), TT_ERR_DTYPE, "77");
  FAILS(tt_set_num_threads(-1), TT_ERR_INVALID_ARGUMENT, "-1");
}

static void float32_precision(void) {
  tt_float32_precision matmul = -1, conv = -1;
  OK(tt_get_float32_matmul_precision(&matmul));
  OK(tt_get_float32_conv_precision(&conv));
  CHECK(matmul == TT_PRECISION_HIGHEST && conv == TT_PRECISION_HIGHEST);
  OK(tt_set_float32_matmul_precision(TT_PRECISION_HIGH));
  OK(tt_set_float32_conv_precision(TT_PRECISION_MEDIUM));
  OK(tt_get_float32_matmul_precision(&matmul));
  OK(tt_get_float32_conv_precision(&conv));
  CHECK(matmul == TT_PRECISION_HIGH && conv == TT_PRECISION_MEDIUM);
  FAILS(tt_set_float32_matmul_precision(3), TT_ERR_INVALID_ARGUMENT, "precision is 3");
  FAILS(tt_set_float32_conv_precision(-1), TT_ERR_INVALID_ARGUMENT, "precision is -1");
  FAILS(tt_get_float32_matmul_precision(NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  FAILS(tt_get_float32_conv_precision(NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  OK(tt_get_float32_matmul_precision(&matmul));
  OK(tt_get_float32_conv_precision(&conv));
  CHECK(matmul == TT_PRECISION_HIGH && conv == TT_PRECISION_MEDIUM);
  OK(tt_set_float32_matmul_precision(TT_PRECISION_HIGHEST));
  OK(tt_set_float32_conv_precision(TT_PRECISION_HIGHEST));
}

static void null_and_wrong_handles(void) {
  const float values[] = {1, 2, 3};
  const int64_t two = 2;
  tt_tensor* a = vector_of(values, 3);
  tt_tensor* out = kUntouched;
  /* Inputs, outputs, lists, sizes, data, values. */
  FAILS(tt_add(NULL, a, &out), TT_ERR_INVALID_ARGUMENT, "input is NULL");
  CHECK(out == NULL);
  out = kUntouched;
  FAILS(tt_add(a, NULL, &out), TT_ERR_INVALID_ARGUMENT, "other is NULL");
  CHECK(out == NULL);
  FAILS(tt_add(a, a, NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  FAILS(tt_add_(NULL, a), TT_ERR_INVALID_ARGUMENT, "input is NULL");
  out = kUntouched;
  FAILS(tt_zeros(NULL, 2, TT_FLOAT32, &out), TT_ERR_INVALID_ARGUMENT, "sizes is NULL");
  CHECK(out == NULL);
  FAILS(tt_from_data(NULL, &two, 1, TT_FLOAT32, &out), TT_ERR_INVALID_ARGUMENT, "data is NULL");
  FAILS(tt_zeros(&two, 1, 42, &out), TT_ERR_DTYPE, "42");
  const int64_t negative = -2;
  FAILS(tt_zeros(&negative, 1, TT_FLOAT32, &out), TT_ERR_SHAPE, "-2");
  const int64_t huge[] = {INT64_MAX / 2, 8};
  FAILS(tt_zeros(huge, 2, TT_FLOAT32, &out), TT_ERR_SHAPE, "overflow");
  FAILS(tt_tensor_numel(a, NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  int64_t number = -7;
  FAILS(tt_tensor_numel(NULL, &number), TT_ERR_INVALID_ARGUMENT, "tensor is NULL");
  CHECK(number == -7);
  tt_tensor* const list[] = {a, NULL};
  FAILS(tt_backward_multi(list, NULL, 2, NULL), TT_ERR_INVALID_ARGUMENT, "tensors[1] is NULL");
  FAILS(tt_backward_multi(NULL, NULL, 2, NULL), TT_ERR_INVALID_ARGUMENT, "tensors is NULL");
  double value = -7;
  FAILS(tt_tensor_item(a, &value), TT_ERR_SHAPE, "3 elements");
  CHECK(value == -7);

  /* A handle of another kind. */
  tt_generator* generator = NULL;
  OK(tt_generator_new(TT_PHILOX, 1, &generator));
  out = kUntouched;
  FAILS(tt_add((tt_tensor*)generator, a, &out), TT_ERR_INVALID_ARGUMENT, "is not a tensor");
  CHECK(out == NULL);
  uint64_t seed = 0;
  FAILS(tt_generator_initial_seed((tt_generator*)a, &seed), TT_ERR_INVALID_ARGUMENT, "is not a generator");
  tt_module* module = NULL;
  OK(tt_nn_linear_new(2, 3, 1, &module));
  FAILS(tt_add((tt_tensor*)module, a, &out), TT_ERR_INVALID_ARGUMENT, "is not a tensor");
  FAILS(tt_module_train((tt_module*)a, 1), TT_ERR_INVALID_ARGUMENT, "is not a module");
  FAILS(tt_module_forward(module, NULL, &out), TT_ERR_INVALID_ARGUMENT, "NULL");
  FAILS(tt_module_get_parameter(module, NULL, &out), TT_ERR_INVALID_ARGUMENT, "NULL");
  FAILS(tt_function_save((tt_function_context*)a, &a, 1), TT_ERR_INVALID_ARGUMENT,
        "context is not a function context");
  FAILS(tt_function_saved((tt_function_context*)module, 0, &out), TT_ERR_INVALID_ARGUMENT,
        "context is not a function context");
  int32_t flag = -7;
  FAILS(tt_function_needs_input_grad((tt_function_context*)generator, 0, &flag), TT_ERR_INVALID_ARGUMENT,
        "context is not a function context");
  FAILS(tt_function_needs_input_grad(NULL, 0, &flag), TT_ERR_INVALID_ARGUMENT, "context is NULL");
  CHECK(flag == -7);
  FAILS(tt_event_synchronize(NULL), TT_ERR_INVALID_ARGUMENT, "event is NULL, expected an event");
  FAILS(tt_event_synchronize((tt_event*)a), TT_ERR_INVALID_ARGUMENT, "event is not an event");
  FAILS(tt_module_to_device(module, TT_CPU, 3), TT_ERR_DEVICE, "index is 3, expected 0 for the CPU, or -1");
  FAILS(tt_to_device(a, TT_CPU, -2, &out), TT_ERR_DEVICE, "index is -2");
  FAILS(tt_to_device(a, 7, 0, &out), TT_ERR_DEVICE, "type is 7");
  OK(tt_module_to_device(module, TT_CPU, -1));
  tt_module_release(module);
  tt_generator_release(generator);
  tt_tensor_release(a);

  /* Nothing is fine to release. */
  tt_tensor_release(NULL);
  tt_module_release(NULL);
  tt_optimizer_release(NULL);
  tt_generator_release(NULL);
  CHECK(tt_tensor_retain(NULL) == NULL);
}

#if !defined(TT_SANITIZE)
/* A handle that was released: the block lies in the library's free list, and says so. Sanitized builds have
 * no free list, and would report the read itself. */
static void released_handles(void) {
  const float values[] = {1, 2, 3};
  tt_tensor* a = vector_of(values, 3);
  tt_tensor* b = vector_of(values, 3);
  tt_tensor* out = kUntouched;
  tt_tensor_release(a);
  FAILS(tt_add(a, b, &out), TT_ERR_INVALID_ARGUMENT, "released");
  CHECK(out == NULL);
  tt_tensor_release(a); /* and a second release harms nothing */
  FAILS(tt_add(b, a, &out), TT_ERR_INVALID_ARGUMENT, "released");
  tt_tensor_release(b);
}
#endif

static void references(void) {
  const float values[] = {1, 2, 3};
  tt_tensor* a = vector_of(values, 3);
  CHECK(tt_tensor_retain(a) == a);
  tt_tensor_release(a);
  CHECK(at(a, 2) == 3.0F);
  /* A result keeps what it needs: the input's handle may go first. */
  OK(tt_tensor_set_requires_grad(a, 1));
  tt_tensor *b = NULL, *c = NULL;
  OK(tt_mul(a, a, &b));
  OK(tt_mul(b, b, &c));
  tt_tensor_release(b);
  tt_tensor* seed = NULL;
  OK(tt_ones_like(c, TT_DTYPE_NONE, &seed));
  OK(tt_backward_multi(&c, &seed, 1, NULL));
  tt_tensor* grad = NULL;
  OK(tt_tensor_grad(a, &grad));
  CHECK(at(grad, 1) == 4.0F * 8.0F);
  tt_tensor_release(grad);
  tt_tensor_release(seed);
  tt_tensor_release(c);
  tt_tensor_release(a);
}

/* A call that fails changes nothing. */
static void failures_change_nothing(void) {
  const float values[] = {1, 2, 3};
  tt_tensor* a = vector_of(values, 3);
  tt_tensor* b = vector_of(values, 2);
  int64_t before = -1, after = -2;
  OK(tt_tensor_version(a, &before));
  FAILS(tt_add_(a, b), TT_ERR_SHAPE, "3");
  OK(tt_tensor_version(a, &after));
  CHECK(before == after && at(a, 0) == 1.0F && at(a, 1) == 2.0F && at(a, 2) == 3.0F);
  tt_tensor_release(a);
  tt_tensor_release(b);
}

static void scopes(void) {
  const float values[] = {1, 2};
  FAILS(tt_scope_end(0), TT_ERR_INVALID_ARGUMENT, "scope is not open");
  tt_tensor* outside = vector_of(values, 2);
  tt_tensor* kept = NULL;
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  for (int i = 0; i < 100; ++i) {
    tt_tensor* gone = NULL;
    OK(tt_add_scalar(outside, i, &gone));
  }
  tt_scope nested;
  OK(tt_scope_begin(&nested));
  tt_tensor *inner = NULL, *released = NULL;
  OK(tt_add_scalar(outside, 1, &inner));
  OK(tt_add_scalar(outside, 2, &released));
  tt_tensor_release(released); /* leaves the scope */
  OK(tt_add_scalar(outside, 3, &kept));
  OK(tt_scope_keep(kept));
  FAILS(tt_scope_keep(kept), TT_ERR_INVALID_ARGUMENT, "scope");
  FAILS(tt_scope_keep(outside), TT_ERR_INVALID_ARGUMENT, "scope");
  FAILS(tt_scope_keep(NULL), TT_ERR_INVALID_ARGUMENT, "NULL");
  OK(tt_scope_end(nested));
  tt_tensor* still = NULL;
  OK(tt_add(outside, outside, &still)); /* the outer scope is still open */
  OK(tt_scope_keep(still));
  OK(tt_scope_end(scope));
  CHECK(at(kept, 0) == 4.0F && at(still, 1) == 4.0F);
  FAILS(tt_scope_end(scope), TT_ERR_INVALID_ARGUMENT, "scope is not open");
  tt_tensor_release(still);
  tt_tensor_release(kept);
  tt_tensor_release(outside);
}

/* A graph made within a scope outlives the scope through the tensor that is kept. */
static void scope_and_graph(void) {
  const float values[] = {3};
  tt_tensor* x = vector_of(values, 1);
  OK(tt_tensor_set_requires_grad(x, 1));
  tt_tensor* y = NULL;
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  OK(tt_mul(x, x, &y));
  OK(tt_mul(y, x, &y));
  OK(tt_scope_keep(y));
  OK(tt_scope_end(scope));
  OK(tt_backward(y));
  OK(tt_scope_begin(&scope));
  tt_tensor* grad = NULL;
  OK(tt_tensor_grad(x, &grad));
  CHECK(item(grad) == 27.0);
  OK(tt_scope_end(scope));
  tt_tensor_release(y);
  tt_tensor_release(x);
}

/* Older programs hand over shorter structs, newer ones longer ones. */
static void sized_options(void) {
  tt_sgd_options options = TT_SGD_OPTIONS_INIT;
  const float values[] = {1, 2};
  tt_tensor* p = vector_of(values, 2);
  OK(tt_tensor_set_requires_grad(p, 1));
  tt_optimizer* optimizer = NULL;
  double got = -1;

  options.lr = 0.5;
  options.momentum = 0.9; /* beyond the size that is told: not read */
  options.struct_size = sizeof(size_t) + sizeof(double);
  OK(tt_optim_sgd_new(&p, 1, &options, &optimizer));
  OK(tt_optimizer_get_option(optimizer, 0, "lr", &got));
  CHECK(got == 0.5);
  OK(tt_optimizer_get_option(optimizer, 0, "momentum", &got));
  CHECK(got == 0.0);
  tt_optimizer_release(optimizer);

  struct {
    tt_sgd_options known;
    double unknown[4];
  } longer = {TT_SGD_OPTIONS_INIT, {1, 2, 3, 4}};
  longer.known.struct_size = sizeof longer;
  longer.known.momentum = 0.25;
  OK(tt_optim_sgd_new(&p, 1, &longer.known, &optimizer));
  OK(tt_optimizer_get_option(optimizer, 0, "momentum", &got));
  CHECK(got == 0.25);
  tt_optimizer_release(optimizer);

  OK(tt_optim_sgd_new(&p, 1, NULL, &optimizer));
  OK(tt_optimizer_get_lr(optimizer, 0, &got));
  CHECK(got == 1e-3);
  tt_optimizer_release(optimizer);

  options.struct_size = 0; /* never initialised */
  optimizer = (tt_optimizer*)kUntouched;
  FAILS(tt_optim_sgd_new(&p, 1, &options, &optimizer), TT_ERR_INVALID_ARGUMENT, "struct_size");
  CHECK(optimizer == NULL);
  options = (tt_sgd_options)TT_SGD_OPTIONS_INIT;
  options.struct_size = sizeof(size_t) + sizeof(double) / 2; /* half of lr */
  FAILS(tt_optim_sgd_new(&p, 1, &options, &optimizer), TT_ERR_INVALID_ARGUMENT, "options.struct_size is 12");
  tt_print_options print;
  print.struct_size = sizeof(size_t) + 1;
  FAILS(tt_get_print_options(&print), TT_ERR_INVALID_ARGUMENT, "out.struct_size is 9");
  FAILS(tt_get_print_options(NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  print.struct_size = sizeof print;
  OK(tt_get_print_options(&print));
  CHECK(print.struct_size == sizeof print && print.precision == 4 && print.linewidth == 80);
  tt_tensor_release(p);
}

/* Long texts are cut, and ended. */
static void texts(void) {
  const float values[] = {1, 2, 3};
  tt_tensor* a = vector_of(values, 3);
  char buffer[8];
  size_t length = 0;
  OK(tt_tensor_grad_fn(a, buffer, sizeof buffer, &length));
  CHECK(length == 0 && buffer[0] == '\0');
  OK(tt_tensor_set_requires_grad(a, 1));
  tt_tensor* b = NULL;
  OK(tt_add(a, a, &b));
  memset(buffer, 'x', sizeof buffer);
  OK(tt_tensor_grad_fn(b, buffer, sizeof buffer, &length));
  CHECK(length == strlen("AddBackward0") && strcmp(buffer, "AddBack") == 0);
  OK(tt_tensor_grad_fn(b, NULL, 0, &length));
  CHECK(length == strlen("AddBackward0"));
  tt_tensor_release(a);
  tt_tensor_release(b);
}

/* What is named in a module can be saved. */
static void names_are_utf8(void) {
  const float values[] = {1, 2, 3};
  const char* const latin1 =
      "gr\xf6\xdf"
      "e";
  tt_tensor* a = vector_of(values, 3);
  tt_module* module = NULL;
  tt_state_dict* dict = NULL;
  OK(tt_nn_linear_new(2, 3, 1, &module));
  FAILS(tt_module_register_parameter(module, latin1, a), TT_ERR_INVALID_ARGUMENT, "name is not UTF-8");
  FAILS(tt_module_register_buffer(module, latin1, a, 1), TT_ERR_INVALID_ARGUMENT, "name is not UTF-8");
  FAILS(tt_module_register_module(module, latin1, module), TT_ERR_INVALID_ARGUMENT, "name is not UTF-8");
  OK(tt_module_register_parameter(module,
                                  "gr\xc3\xb6\xc3\x9f"
                                  "e",
                                  a));
  OK(tt_state_dict_new(&dict));
  FAILS(tt_state_dict_set(dict, latin1, a), TT_ERR_INVALID_ARGUMENT, "name is not UTF-8");
  tt_state_dict_release(dict);
  tt_module_release(module);
  tt_tensor_release(a);
}

/* Every byte but 0 is true, and true is 1. */
static void bools_from_bytes(void) {
  const unsigned char bytes[] = {0, 1, 7, 255};
  const int64_t size = 4;
  tt_tensor *bools = NULL, *sum = NULL;
  void* data = NULL;
  OK(tt_from_data(bytes, &size, 1, TT_BOOL, &bools));
  OK(tt_tensor_data(bools, &data));
  CHECK(memcmp(data, "\0\1\1\1", 4) == 0);
  OK(tt_sum(bools, NULL, 0, 0, TT_DTYPE_NONE, &sum));
  CHECK(item(sum) == 3.0);
  tt_tensor_release(sum);
  tt_tensor_release(bools);
}

/* A wrong sample is found when the loader is made. */
static void samplers(void) {
  const float values[] = {1, 2, 3};
  const int64_t beyond[] = {0, 2, 3}, negative[] = {-1}, right[] = {2, 2, 0};
  tt_tensor* a = vector_of(values, 3);
  tt_dataset* dataset = NULL;
  tt_loader* loader = (tt_loader*)kUntouched;
  tt_loader_options options = TT_LOADER_OPTIONS_INIT;
  OK(tt_tensor_dataset_new(&a, 1, &dataset));
  options.sampler = beyond;
  options.sampler_count = 3;
  FAILS(tt_loader_new(dataset, &options, &loader), TT_ERR_INVALID_ARGUMENT, "sampler[2] is 3");
  CHECK(loader == NULL);
  options.sampler = negative;
  options.sampler_count = 1;
  FAILS(tt_loader_new(dataset, &options, &loader), TT_ERR_INVALID_ARGUMENT, "sampler[0] is -1");
  options.sampler = right;
  options.sampler_count = 3;
  OK(tt_loader_new(dataset, &options, &loader));
  tt_loader_release(loader);
  tt_dataset_release(dataset);
  tt_tensor_release(a);
}

int main(void) {
  names();
  messages();
  float32_precision();
  null_and_wrong_handles();
#if !defined(TT_SANITIZE)
  released_handles();
#endif
  references();
  failures_change_nothing();
  scopes();
  scope_and_graph();
  sized_options();
  texts();
  names_are_utf8();
  bools_from_bytes();
  samplers();
  return finish("conventions");
}
