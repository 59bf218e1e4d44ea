/* Arguments and files that nobody means well with: counts without lists, and texts that are not UTF-8. */
#define _XOPEN_SOURCE 700
#include <unistd.h>

#include "check.h"

/* ---- counts ---- */

static void counts(void) {
  const size_t huge = (size_t)-1;
  tt_tensor *x = NULL, *out = NULL, *outs[2] = {NULL, NULL};
  tt_module *module = NULL, *relu = NULL;
  tt_dataset *dataset = NULL, *parts[2] = {NULL, NULL};
  tt_optimizer* optimizer = NULL;
  tt_loader* loader = NULL;
  tt_loader_options options = TT_LOADER_OPTIONS_INIT;
  const int64_t one = 1;
  const double half = 0.5;
  OK(tt_ones(&one, 1, TT_FLOAT32, &x));
  OK(tt_tensor_dataset_new(&x, 1, &dataset));
  OK(tt_nn_relu_new(&relu));
#define REFUSED(call, text) FAILS(call, TT_ERR_INVALID_ARGUMENT, text)
  REFUSED(tt_meshgrid(NULL, huge, 0, outs), "tensors is NULL, but its count is 18446744073709551615");
  REFUSED(tt_meshgrid(&x, huge, 0, outs), "more than fits in memory");
  REFUSED(tt_grad(&x, 1, NULL, huge, NULL, NULL, outs), "inputs is NULL");
  REFUSED(tt_grad(NULL, huge, &x, 1, NULL, NULL, outs), "outputs is NULL");
  REFUSED(tt_grad(&x, 1, &x, huge, NULL, NULL, outs), "more than fits in memory");
  REFUSED(tt_backward_multi(NULL, NULL, huge, NULL), "tensors is NULL");
  REFUSED(tt_backward_multi(&x, NULL, huge, NULL), "more than fits in memory");
  REFUSED(tt_backward_multi(&x, &x, huge, NULL), "more than fits in memory");
  REFUSED(tt_random_split(dataset, NULL, huge, NULL, parts), "lengths is NULL");
  REFUSED(tt_random_split(dataset, &one, huge, NULL, parts), "more than fits in memory");
  REFUSED(tt_random_split_fractions(dataset, NULL, huge, NULL, parts), "fractions is NULL");
  REFUSED(tt_random_split_fractions(dataset, &half, huge, NULL, parts), "more than fits in memory");
  REFUSED(tt_subset_new(dataset, NULL, huge, parts), "indices is NULL");
  REFUSED(tt_subset_new(dataset, &one, huge, parts), "more than fits in memory");
  REFUSED(tt_concat_dataset_new(NULL, huge, parts), "datasets is NULL");
  REFUSED(tt_concat_dataset_new(&dataset, huge, parts), "more than fits in memory");
  REFUSED(tt_tensor_dataset_new(NULL, huge, parts), "tensors is NULL");
  REFUSED(tt_cat(NULL, huge, 0, &out), "tensors is NULL");
  REFUSED(tt_stack(&x, huge, 0, &out), "more than fits in memory");
  REFUSED(tt_index(x, NULL, huge, &out), "indices is NULL");
  REFUSED(tt_index(x, &x, huge, &out), "more than fits in memory");
  REFUSED(tt_roll(x, NULL, huge, &one, 1, &out), "shifts is NULL");
  REFUSED(tt_split_with_sizes(x, NULL, huge, 0, outs, 2, (size_t[1]){0}), "split_sizes is NULL");
  REFUSED(tt_nonzero_tuple(x, NULL, huge, (size_t[1]){0}), "outs is NULL");
  REFUSED(tt_ones(NULL, huge, TT_FLOAT32, &out), "sizes is NULL");
  REFUSED(tt_sum(x, NULL, huge, 0, TT_DTYPE_NONE, &out), "dim is NULL");
  REFUSED(tt_pad(x, NULL, huge, 0, 0, &out), "pad is NULL");
  REFUSED(tt_module_forward_multi(relu, NULL, huge, &out, 1, NULL), "inputs is NULL");
  REFUSED(tt_module_forward_multi(relu, &x, 1, NULL, huge, NULL), "outputs is NULL");
  REFUSED(tt_module_parameters(relu, NULL, huge, (size_t[1]){0}), "parameters is NULL");
  REFUSED(tt_nn_sequential_new(NULL, huge, &module), "children is NULL");
  REFUSED(tt_nn_sequential_new(&relu, huge, &module), "more than fits in memory");
  REFUSED(tt_clip_grad_value_(NULL, huge, 1), "parameters is NULL");
  REFUSED(tt_optim_sgd_new(NULL, huge, NULL, &optimizer), "params is NULL");
  REFUSED(tt_dataset_get(dataset, 0, NULL, huge), "sample is NULL");
  REFUSED(tt_safetensors_save("/nowhere/x", NULL, NULL, huge, NULL, NULL, 0), "names is NULL");
  REFUSED(tt_safetensors_save("/nowhere/x", NULL, NULL, 0, NULL, NULL, huge), "metadata_keys is NULL");
  REFUSED(tt_tensor_to_string(x, NULL, huge, NULL), "buffer is NULL");
  options.sampler_count = huge;
  REFUSED(tt_loader_new(dataset, &options, &loader), "options.sampler is NULL");
  tt_module_release(relu);
  tt_dataset_release(dataset);
  tt_tensor_release(x);
}

static tt_status endless(int64_t* out, void* user) {
  (void)user;
  *out = INT64_MAX;
  return TT_OK;
}
static tt_status nothing(int64_t index, tt_tensor** sample, size_t width, void* user) {
  (void)index, (void)sample, (void)width, (void)user;
  return tt_fail("not called");
}

/* A list of as many numbers as a data set says that it has. */
static void endless_data_set(void) {
  const tt_dataset_callbacks callbacks = {sizeof callbacks, 1, endless, nothing, NULL, NULL};
  const int64_t length = INT64_MAX;
  tt_loader_options options = TT_LOADER_OPTIONS_INIT;
  tt_dataset *dataset = NULL, *part = NULL;
  tt_loader* loader = NULL;
  OK(tt_dataset_new(&callbacks, &dataset));
  FAILS(tt_random_split(dataset, &length, 1, NULL, &part), TT_ERR_OUT_OF_MEMORY, "out of memory");
  options.shuffle = 1;
  OK(tt_loader_new(dataset, &options, &loader));
  FAILS(tt_loader_begin(loader), TT_ERR_OUT_OF_MEMORY, "out of memory");
  tt_loader_release(loader);
  tt_dataset_release(dataset);
}

/* ---- messages ---- */

/* Whether it is UTF-8, by itself. */
static int is_utf8(const char* text) {
  const unsigned char* at = (const unsigned char*)text;
  while (*at != 0) {
    const int more = *at < 0x80 ? 0 : (*at >> 5) == 6 ? 1 : (*at >> 4) == 14 ? 2 : (*at >> 3) == 30 ? 3 : -1;
    uint32_t code = more <= 0 ? *at : *at & (0x3fu >> more);
    if (more < 0) return 0;
    for (int i = 1; i <= more; ++i) {
      if ((at[i] & 0xc0) != 0x80) return 0;
      code = code << 6 | (at[i] & 0x3f);
    }
    if ((more == 1 && code < 0x80) || (more == 2 && (code < 0x800 || (code >> 11) == 27)) ||
        (more == 3 && (code < 0x10000 || code > 0x10ffff))) {
      return 0;
    }
    at += 1 + more;
  }
  return 1;
}

static void fails_in_utf8(tt_status status) {
  CHECK(status != TT_OK);
  CHECK(is_utf8(tt_last_error()));
  for (const char* at = tt_last_error(); *at != 0; ++at)
    CHECK((unsigned char)*at >= 0x20 || *at == '\n' || *at == '\t');
}

static void texts(void) {
  static const char* const kBad[] = {"\xff\xfe", "a\x80z",   "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                     "\xe2\x82", "\x1b[31m", "\x7f",     "\xf0\x9f\x98"};
  char path[] = "/tmp/tinytorch_hostile_XXXXXX", name[64], longest[6000];
  tt_state_dict* dict = NULL;
  tt_module* relu = NULL;
  tt_tensor* out = NULL;
  close(mkstemp(path));
  OK(tt_state_dict_new(&dict));
  OK(tt_nn_relu_new(&relu));
  for (size_t i = 0; i < sizeof kBad / sizeof *kBad; ++i) {
    FILE* file = fopen(path, "wb");
    fprintf(file, "1,%s\n", kBad[i]);
    fclose(file);
    fails_in_utf8(tt_read_csv(path, 0, 0, -1, &out));
    file = fopen(path, "wb");
    snprintf(name, sizeof name, "{'descr': '%s', }", kBad[i]);
    fprintf(file, "\x93NUMPY\x01%c%c%c%s", 0, (int)strlen(name), 0, name);
    fclose(file);
    fails_in_utf8(tt_read_npy(path, &out));
    fails_in_utf8(tt_read_csv(kBad[i], 0, 0, -1, &out));
    fails_in_utf8(tt_state_dict_get(dict, kBad[i], &out));
    fails_in_utf8(tt_module_get_parameter(relu, kBad[i], &out));
    fails_in_utf8(tt_fail(kBad[i]));
    fails_in_utf8(tt_einsum(kBad[i], &out, 0, &out));
  }
  FAILS(tt_state_dict_get(dict,
                          "a\xff"
                          "b\x1b",
                          &out),
        TT_ERR_INVALID_ARGUMENT, "\"a\\xffb\\x1b\"");
  /* Cut between characters, wherever the limit falls; what was cut may be handed on. */
  for (size_t shift = 0; shift < 8; ++shift) {
    memset(longest, 'a', shift);
    for (size_t at = shift; at + 4 < sizeof longest; at += 4) memcpy(longest + at, "\xf0\x9f\x98\x80", 5);
    fails_in_utf8(tt_state_dict_get(dict, longest, &out));
    CHECK(strlen(tt_last_error()) > 2000);
    fails_in_utf8(tt_fail(tt_last_error()));
  }
  unlink(path);
  tt_module_release(relu);
  tt_state_dict_release(dict);
}

static tt_status not_called(tt_module* module, tt_tensor* const* inputs, size_t count, tt_tensor** outputs,
                            size_t capacity, size_t* output_count, void* user) {
  (void)module, (void)inputs, (void)count, (void)outputs, (void)capacity, (void)output_count, (void)user;
  return tt_fail("not called");
}

/* Texts that are cut to a caller's buffer. */
static void cut_texts(void) {
  const tt_module_callbacks callbacks = {sizeof callbacks, "N\xc3\xa4h", NULL, not_called, NULL, NULL, 0};
  tt_module* module = NULL;
  char buffer[16];
  size_t length = 0;
  OK(tt_nn_module_new(&callbacks, &module));
  for (size_t capacity = 1; capacity < 8; ++capacity) {
    OK(tt_module_repr(module, buffer, capacity, &length));
    CHECK(length == 6 && is_utf8(buffer) && strlen(buffer) < capacity);
  }
  tt_module_release(module);
}

int main(void) {
  counts();
  endless_data_set();
  texts();
  cut_texts();
  return finish("hostile");
}
