/* Optimizers: steps with a closure, and options by name with their kinds and ranges. */
#include <math.h>

#include "check.h"

static tt_tensor* parameter(float value) {
  tt_tensor* out = vector_of(&value, 1);
  OK(tt_tensor_set_requires_grad(out, 1));
  return out;
}

/* ---- closures ---- */

typedef struct {
  tt_tensor* p;
  tt_optimizer* optimizer; /* released by the closure, where it is not NULL */
  int calls;
  int fails; /* after it has made the gradient */
  int without_loss;
  int turns_grad_off;
} Closure;

/* The loss is p * p. */
static tt_status closure(tt_tensor** loss, void* user) {
  Closure* self = user;
  tt_tensor* made = NULL;
  int32_t enabled = 0;
  ++self->calls;
  CHECK(*loss == NULL);
  OK(tt_is_grad_enabled(&enabled));
  CHECK(enabled == 1);
  OK(tt_tensor_set_grad(self->p, NULL));
  OK(tt_mul(self->p, self->p, &made));
  OK(tt_backward(made));
  tt_optimizer_release(self->optimizer);
  self->optimizer = NULL;
  if (self->turns_grad_off) OK(tt_set_grad_enabled(0, NULL));
  if (self->fails) return tt_fail("no loss today");
  if (!self->without_loss) *loss = made;
  return TT_OK;
}

static void closures(void) {
  Closure self = {parameter(3), NULL, 0, 0, 0, 0};
  tt_sgd_options options = TT_SGD_OPTIONS_INIT;
  tt_optimizer* sgd = NULL;
  tt_tensor* loss = NULL;
  int32_t enabled = 0;
  options.lr = 0.25;
  OK(tt_optim_sgd_new(&self.p, 1, &options, &sgd));

  OK(tt_optimizer_step_closure(sgd, closure, &self, &loss));
  CHECK(self.calls == 1 && item(loss) == 9 && item(self.p) == 1.5); /* 3 - 0.25 * 6 */
  tt_tensor_release(loss);

  /* With gradients off around the call they are on inside, and off again after it, whatever the closure does.
   */
  OK(tt_set_grad_enabled(0, NULL));
  OK(tt_optimizer_step_closure(sgd, closure, &self, NULL)); /* the loss is not asked for */
  CHECK(item(self.p) == 0.75);
  OK(tt_is_grad_enabled(&enabled));
  CHECK(enabled == 0);
  OK(tt_set_grad_enabled(1, NULL));
  self.turns_grad_off = 1;
  OK(tt_optimizer_step_closure(sgd, closure, &self, NULL));
  OK(tt_is_grad_enabled(&enabled));
  CHECK(enabled == 1 && item(self.p) == 0.375);
  self.turns_grad_off = 0;

  /* A closure without a loss steps as well. */
  self.without_loss = 1;
  loss = self.p;
  OK(tt_optimizer_step_closure(sgd, closure, &self, &loss));
  CHECK(loss == NULL && item(self.p) == 0.1875);
  self.without_loss = 0;

  /* A failing one: no parameter changes. */
  self.fails = 1;
  loss = self.p;
  FAILS(tt_optimizer_step_closure(sgd, closure, &self, &loss), TT_ERR_CALLBACK,
        "the closure of SGD failed: no loss today");
  CHECK(loss == NULL && item(self.p) == 0.1875);
  OK(tt_is_grad_enabled(&enabled));
  CHECK(enabled == 1);
  self.fails = 0;

  FAILS(tt_optimizer_step_closure(sgd, NULL, &self, &loss), TT_ERR_INVALID_ARGUMENT, "closure is NULL");
  FAILS(tt_optimizer_step_closure(NULL, closure, &self, &loss), TT_ERR_INVALID_ARGUMENT, "optimizer is NULL");

  /* In a scope the loss is the scope's. */
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  OK(tt_optimizer_step_closure(sgd, closure, &self, &loss));
  CHECK(item(loss) > 0);
  OK(tt_scope_end(scope));

  /* One that releases the optimizer. */
  self.optimizer = sgd;
  self.calls = 0;
  OK(tt_optimizer_step_closure(sgd, closure, &self, &loss));
  CHECK(self.calls == 1 && self.optimizer == NULL);
  tt_tensor_release(loss);
  tt_tensor_release(self.p);
}

/* ---- options ---- */

typedef struct {
  const char* name;
  tt_option_kind kind;
  double standard; /* PyTorch's default */
  double good[3];
  double bad[3];
  const char* expected; /* what the message of each bad one ends with */
} Row;

#define NOT_NEGATIVE {0, 0.5, INFINITY}, {-0.5, -INFINITY, NAN}, "expected 0 or more"
#define BELOW_ONE {0, 0.5, 0.999999}, {1, -0.1, NAN}, "expected from 0 to less than 1"
#define BOOLEAN {0, 1, 0}, {1.5, 2, NAN}, "expected 0 or 1"

static const Row kSgd[] = {
    {"lr", TT_OPTION_REAL, 1e-3, NOT_NEGATIVE},
    {"momentum", TT_OPTION_REAL, 0, NOT_NEGATIVE},
    {"dampening", TT_OPTION_REAL, 0, {-1, 0.5, INFINITY}, {NAN, NAN, NAN}, "expected a number"},
    {"weight_decay", TT_OPTION_REAL, 0, NOT_NEGATIVE},
    {"nesterov", TT_OPTION_BOOLEAN, 0, {0, 0, 0}, {1.5, -1, NAN}, "expected 0 or 1"},
    {"maximize", TT_OPTION_BOOLEAN, 0, BOOLEAN},
};
static const Row kAdam[] = {
    {"lr", TT_OPTION_REAL, 1e-3, NOT_NEGATIVE},        {"beta1", TT_OPTION_REAL, 0.9, BELOW_ONE},
    {"beta2", TT_OPTION_REAL, 0.999, BELOW_ONE},       {"eps", TT_OPTION_REAL, 1e-8, NOT_NEGATIVE},
    {"weight_decay", TT_OPTION_REAL, 0, NOT_NEGATIVE}, {"amsgrad", TT_OPTION_BOOLEAN, 0, BOOLEAN},
    {"maximize", TT_OPTION_BOOLEAN, 0, BOOLEAN},
};

static void check_rows(tt_optimizer* optimizer, const Row* rows, size_t count) {
  size_t found = 0;
  OK(tt_optimizer_option_count(optimizer, &found));
  CHECK(found == count);
  for (size_t i = 0; i < count; ++i) {
    const Row* row = &rows[i];
    const char* name = NULL;
    tt_option_kind kind = -1;
    double value = -1;
    char text[128];
    OK(tt_optimizer_option_name(optimizer, i, &name));
    CHECK(name != NULL && strcmp(name, row->name) == 0);
    OK(tt_optimizer_option_kind(optimizer, i, &kind));
    CHECK(kind == row->kind);
    OK(tt_optimizer_get_option(optimizer, 0, row->name, &value));
    CHECK(value == row->standard);
    for (int k = 0; k < 3; ++k) {
      OK(tt_optimizer_set_option(optimizer, 0, row->name, row->good[k]));
      OK(tt_optimizer_get_option(optimizer, 0, row->name, &value));
      CHECK(value == row->good[k]);
    }
    OK(tt_optimizer_set_option(optimizer, 0, row->name, row->standard));
    for (int k = 0; k < 3; ++k) {
      snprintf(text, sizeof text, "%s is ", row->name);
      FAILS(tt_optimizer_set_option(optimizer, 0, row->name, row->bad[k]), TT_ERR_INVALID_ARGUMENT, text);
      CHECK(strstr(tt_last_error(), row->expected) != NULL);
      OK(tt_optimizer_get_option(optimizer, 0, row->name, &value));
      CHECK(value == row->standard);
    }
  }
  const char* name = "kept";
  tt_option_kind kind = 77;
  FAILS(tt_optimizer_option_name(optimizer, count, &name), TT_ERR_INVALID_ARGUMENT, "is out of range");
  FAILS(tt_optimizer_option_kind(optimizer, SIZE_MAX, &kind), TT_ERR_INVALID_ARGUMENT, "is out of range");
  CHECK(strcmp(name, "kept") == 0 && kind == 77);
  FAILS(tt_optimizer_option_count(optimizer, NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  FAILS(tt_optimizer_option_name(optimizer, 0, NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  FAILS(tt_optimizer_option_kind(optimizer, 0, NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  FAILS(tt_optimizer_set_option(optimizer, 0, "Lr", 1), TT_ERR_INVALID_ARGUMENT,
        "has no option \"Lr\"; it has lr, ");
  FAILS(tt_optimizer_set_option(optimizer, 1, "lr", 1), TT_ERR_INVALID_ARGUMENT, "group 1 is out of range");
}

static void options_by_name(void) {
  tt_tensor* p = parameter(1);
  tt_optimizer* optimizer = NULL;
  double value = 0;
  OK(tt_optim_sgd_new(&p, 1, NULL, &optimizer));
  check_rows(optimizer, kSgd, sizeof kSgd / sizeof *kSgd);
  /* What two options must not be together. */
  FAILS(tt_optimizer_set_option(optimizer, 0, "nesterov", 1), TT_ERR_INVALID_ARGUMENT,
        "nesterov needs a momentum above 0 and a dampening of 0");
  OK(tt_optimizer_set_option(optimizer, 0, "momentum", 0.9));
  OK(tt_optimizer_set_option(optimizer, 0, "nesterov", 1));
  FAILS(tt_optimizer_set_option(optimizer, 0, "dampening", 0.1), TT_ERR_INVALID_ARGUMENT, "nesterov needs");
  FAILS(tt_optimizer_set_option(optimizer, 0, "momentum", 0), TT_ERR_INVALID_ARGUMENT, "nesterov needs");
  tt_optimizer_release(optimizer);
  OK(tt_optim_adam_new(&p, 1, NULL, &optimizer));
  check_rows(optimizer, kAdam, sizeof kAdam / sizeof *kAdam);
  tt_optimizer_release(optimizer);
  OK(tt_optim_adamw_new(&p, 1, NULL, &optimizer));
  OK(tt_optimizer_get_option(optimizer, 0, "weight_decay", &value));
  CHECK(value == 1e-2);
  tt_optimizer_release(optimizer);
  tt_tensor_release(p);
}

/* The options structs are checked by the same rows. */
static void options_structs(void) {
  tt_tensor* p = parameter(1);
  tt_optimizer* out = NULL;
  double value = 0;
  tt_sgd_options sgd = TT_SGD_OPTIONS_INIT, sgd_by_call;
  tt_adam_options adam = TT_ADAM_OPTIONS_INIT, adamw = TT_ADAMW_OPTIONS_INIT, by_call;
  OK(tt_sgd_options_init(sizeof sgd_by_call, &sgd_by_call));
  CHECK(memcmp(&sgd, &sgd_by_call, sizeof sgd) == 0);
  OK(tt_adam_options_init(sizeof by_call, &by_call));
  CHECK(memcmp(&adam, &by_call, sizeof adam) == 0);
  OK(tt_adamw_options_init(sizeof by_call, &by_call));
  CHECK(memcmp(&adamw, &by_call, sizeof adamw) == 0);

  sgd.momentum = 0.9;
  sgd.nesterov = 4; /* a boolean of C: whatever is not 0 */
  OK(tt_optim_sgd_new(&p, 1, &sgd, &out));
  OK(tt_optimizer_get_option(out, 0, "nesterov", &value));
  CHECK(value == 1);
  tt_optimizer_release(out);
  sgd.dampening = 0.5;
  FAILS(tt_optim_sgd_new(&p, 1, &sgd, &out), TT_ERR_INVALID_ARGUMENT, "nesterov needs a momentum above 0");
  CHECK(out == NULL);
  sgd.nesterov = 0;
  sgd.lr = NAN;
  FAILS(tt_optim_sgd_new(&p, 1, &sgd, &out), TT_ERR_INVALID_ARGUMENT, "lr is nan, expected 0 or more");
  adam.beta1 = 1;
  FAILS(tt_optim_adam_new(&p, 1, &adam, &out), TT_ERR_INVALID_ARGUMENT,
        "beta1 is 1, expected from 0 to less than 1");
  adamw.eps = -1;
  FAILS(tt_optim_adamw_new(&p, 1, &adamw, &out), TT_ERR_INVALID_ARGUMENT, "eps is -1, expected 0 or more");
  tt_tensor_release(p);
}

static void set_number(tt_state_dict* dict, const char* name, double value) {
  tt_tensor* t = NULL;
  OK(tt_full(NULL, 0, value, TT_FLOAT64, &t));
  OK(tt_state_dict_set(dict, name, t));
  tt_tensor_release(t);
}

/* And so is what is loaded: nothing of a state dict with a wrong option is taken over. */
static void loaded_options(void) {
  tt_tensor* p = parameter(1);
  tt_optimizer* adam = NULL;
  tt_state_dict* dict = NULL;
  double value = 0;
  OK(tt_optim_adam_new(&p, 1, NULL, &adam));
  OK(tt_optimizer_state_dict(adam, &dict));
  set_number(dict, "param_groups.0.lr", 0.5);
  set_number(dict, "param_groups.0.amsgrad", 1.5);
  FAILS(tt_optimizer_load_state_dict(adam, dict), TT_ERR_INVALID_ARGUMENT,
        "loaded state dict: \"param_groups.0.amsgrad\" is 1.5, expected 0 or 1");
  set_number(dict, "param_groups.0.amsgrad", 1);
  set_number(dict, "param_groups.0.beta2", 1);
  FAILS(tt_optimizer_load_state_dict(adam, dict), TT_ERR_INVALID_ARGUMENT,
        "loaded state dict: \"param_groups.0.beta2\" is 1, expected from 0 to less than 1");
  OK(tt_optimizer_get_option(adam, 0, "lr", &value));
  CHECK(value == 1e-3);
  set_number(dict, "param_groups.0.beta2", 0.5);
  OK(tt_optimizer_load_state_dict(adam, dict));
  OK(tt_optimizer_get_option(adam, 0, "amsgrad", &value));
  CHECK(value == 1);
  char text[256];
  OK(tt_optimizer_repr(adam, text, sizeof text, NULL));
  CHECK(strstr(text, "    amsgrad: True\n    betas: (0.9, 0.5)\n    eps: ") != NULL);
  tt_state_dict_release(dict);
  tt_optimizer_release(adam);
  tt_tensor_release(p);
}

/* The first step goes by lr, whatever the gradient: its average over its greatest is 1 after the correction.
 */
static void adamax(void) {
  tt_tensor *p = parameter(1), *square = NULL;
  tt_adamax_options options = TT_ADAMAX_OPTIONS_INIT, by_call;
  tt_optimizer *optimizer = NULL, *none = NULL;
  OK(tt_adamax_options_init(sizeof by_call, &by_call));
  CHECK(by_call.lr == options.lr && by_call.beta1 == options.beta1 && by_call.beta2 == options.beta2);
  CHECK(by_call.eps == options.eps && by_call.weight_decay == 0 && by_call.maximize == 0);
  options.beta2 = 1;
  FAILS(tt_optim_adamax_new(&p, 1, &options, &none), TT_ERR_INVALID_ARGUMENT, "beta2 is 1");
  OK(tt_optim_adamax_new(&p, 1, NULL, &optimizer));
  OK(tt_mul(p, p, &square));
  OK(tt_backward(square));
  OK(tt_optimizer_step(optimizer));
  CHECK(fabs(item(p) - 0.998) < 1e-6);
  tt_tensor_release(square);
  tt_tensor_release(p);
  tt_optimizer_release(optimizer);
}

int main(void) {
  closures();
  options_by_name();
  options_structs();
  loaded_options();
  adamax();
  return finish("optimizers");
}
