#include "tinytorch/random.h"

#include <cstring>

#include "capi/enums.h"
#include "device/plugin.h"
#include "ops/ops.h"

using namespace tt;
using namespace tt::capi;

namespace {

Generator* generator_in(const tt_generator* handle, const char* argument) {
  return checked<Generator>(handle, Kind::kGenerator, argument, "generator");
}
Generator* optional_generator(const tt_generator* handle) {
  return handle == nullptr ? nullptr : generator_in(handle, "generator");
}
tt_generator* give_generator(Ref<Generator> generator) {
  return give_object<tt_generator>(std::move(generator));
}
DType dtype_or(tt_dtype dtype, DType otherwise) {
  return optional_dtype_in(dtype, "dtype").value_or(otherwise);
}

}  // namespace

extern "C" {

tt_status tt_manual_seed(uint64_t seed) {
  return guard("tt_manual_seed", [&] { manual_seed(seed); });
}
tt_status tt_seed(uint64_t* out) {
  return guard("tt_seed", [&] {
    uint64_t& slot = out_value(out, "out");
    const uint64_t seed = default_generator().seed();
    manual_seed(seed);
    slot = seed;
  });
}
tt_status tt_initial_seed(uint64_t* out) {
  return guard("tt_initial_seed", [&] { out_value(out, "out") = default_generator().initial_seed(); });
}

tt_status tt_generator_new(tt_generator_engine engine, uint64_t seed, tt_generator** out) {
  return guard("tt_generator_new", [&] {
    out_value(out, "out") = nullptr;
    const bool philox = enum_in<int32_t>(engine, "engine", {"TT_MT19937", "TT_PHILOX"}) == TT_PHILOX;
    *out = give_generator(make_ref<Generator>(philox ? Engine::kPhilox : Engine::kMt19937, seed));
  });
}
tt_status tt_generator_default(tt_generator** out) {
  return guard("tt_generator_default", [&] {
    out_value(out, "out") = nullptr;
    *out = give_generator(Ref<Generator>(&default_generator()));
  });
}
tt_status tt_generator_default_of(tt_device_type type, int32_t index, tt_generator** out) {
  return guard("tt_generator_default_of", [&] {
    out_value(out, "out") = nullptr;
    const Device device = device_in(type, index);
    check_device(device);
    *out = give_generator(Ref<Generator>(&default_generator(device)));
  });
}
tt_generator* tt_generator_retain(tt_generator* generator) { return retain_handle(generator); }
void tt_generator_release(tt_generator* generator) { release_handle(generator, Kind::kGenerator); }
tt_status tt_generator_manual_seed(tt_generator* generator, uint64_t seed) {
  return guard("tt_generator_manual_seed", [&] { generator_in(generator, "generator")->manual_seed(seed); });
}
tt_status tt_generator_initial_seed(const tt_generator* generator, uint64_t* out) {
  return guard("tt_generator_initial_seed",
               [&] { out_value(out, "out") = generator_in(generator, "generator")->initial_seed(); });
}
tt_status tt_generator_get_state(const tt_generator* generator, tt_tensor** out) {
  return guard("tt_generator_get_state", [&] {
    Out result(out, "out");
    refuse_host_capture(kHostValues);
    const std::vector<uint8_t> state = generator_in(generator, "generator")->get_state();
    const Tensor bytes = empty({static_cast<int64_t>(state.size())}, DType::kUInt8);
    std::memcpy(bytes.raw(), state.data(), state.size());
    result = bytes;
  });
}
tt_status tt_generator_set_state(tt_generator* generator, const tt_tensor* state) {
  return guard("tt_generator_set_state", [&] {
    Generator* g = generator_in(generator, "generator");
    const In t(state, "state");
    TT_CHECK(t->dtype() == DType::kUInt8 && t->ndim() == 1, Status::kDtype,
             "state must be a 1-d uint8 tensor, got a ", describe(*t));
    const Tensor bytes = ops::contiguous(ops::to_host(*t));
    g->set_state(std::span<const uint8_t>(bytes.data<uint8_t>(), static_cast<size_t>(bytes.numel())));
  });
}

tt_status tt_rand(const int64_t* sizes, size_t ndim, tt_generator* generator, tt_dtype dtype,
                  tt_tensor** out) {
  return guard("tt_rand", [&] {
    Out result(out, "out");
    result = ops::rand(dims_in(sizes, ndim, "sizes"), dtype_or(dtype, default_dtype()),
                       optional_generator(generator));
  });
}
tt_status tt_randn(const int64_t* sizes, size_t ndim, tt_generator* generator, tt_dtype dtype,
                   tt_tensor** out) {
  return guard("tt_randn", [&] {
    Out result(out, "out");
    result = ops::randn(dims_in(sizes, ndim, "sizes"), dtype_or(dtype, default_dtype()),
                        optional_generator(generator));
  });
}
tt_status tt_rand_like(const tt_tensor* input, tt_generator* generator, tt_tensor** out) {
  return guard("tt_rand_like", [&] {
    Out result(out, "out");
    const In t(input, "input");
    result = ops::rand_like(*t, optional_generator(generator));
  });
}
tt_status tt_randn_like(const tt_tensor* input, tt_generator* generator, tt_tensor** out) {
  return guard("tt_randn_like", [&] {
    Out result(out, "out");
    const In t(input, "input");
    result = ops::randn_like(*t, optional_generator(generator));
  });
}
tt_status tt_randint(int64_t low, int64_t high, const int64_t* sizes, size_t ndim, tt_generator* generator,
                     tt_dtype dtype, tt_tensor** out) {
  return guard("tt_randint", [&] {
    Out result(out, "out");
    result = ops::randint(low, high, dims_in(sizes, ndim, "sizes"), dtype_or(dtype, DType::kInt64),
                          optional_generator(generator));
  });
}
tt_status tt_randperm(int64_t n, tt_generator* generator, tt_dtype dtype, tt_tensor** out) {
  return guard("tt_randperm", [&] {
    Out result(out, "out");
    result = ops::randperm(n, dtype_or(dtype, DType::kInt64), optional_generator(generator));
  });
}

tt_status tt_uniform_(tt_tensor* input, double from, double to, tt_generator* generator) {
  return guard("tt_uniform_",
               [&] { ops::uniform_(*In(input, "input"), from, to, optional_generator(generator)); });
}
tt_status tt_normal_(tt_tensor* input, double mean, double std, tt_generator* generator) {
  return guard("tt_normal_",
               [&] { ops::normal_(*In(input, "input"), mean, std, optional_generator(generator)); });
}
tt_status tt_exponential_(tt_tensor* input, double lambda, tt_generator* generator) {
  return guard("tt_exponential_",
               [&] { ops::exponential_(*In(input, "input"), lambda, optional_generator(generator)); });
}
tt_status tt_random_(tt_tensor* input, int64_t low, int64_t high, tt_generator* generator) {
  return guard("tt_random_",
               [&] { ops::random_(*In(input, "input"), low, high, optional_generator(generator)); });
}
tt_status tt_bernoulli_(tt_tensor* input, double p, tt_generator* generator) {
  return guard("tt_bernoulli_",
               [&] { ops::bernoulli_(*In(input, "input"), p, optional_generator(generator)); });
}
tt_status tt_bernoulli(const tt_tensor* input, tt_generator* generator, tt_tensor** out) {
  return guard("tt_bernoulli", [&] {
    Out result(out, "out");
    result = ops::bernoulli(*In(input, "input"), optional_generator(generator));
  });
}
tt_status tt_multinomial(const tt_tensor* input, int64_t num_samples, int32_t replacement,
                         tt_generator* generator, tt_tensor** out) {
  return guard("tt_multinomial", [&] {
    Out result(out, "out");
    result =
        ops::multinomial(*In(input, "input"), num_samples, replacement != 0, optional_generator(generator));
  });
}

}  // extern "C"
