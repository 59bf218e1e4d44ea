// Modules written in C++: who owns the object and who the library's module, in every order of their ends.
#include <memory>

#include "live_blocks.h"
#include "tinytorch/tinytorch.hpp"

namespace {

int objects = 0;  // alive, of the classes below

// Counts the C++ objects, which memory of the library's does not show. What it keeps on the heap tells the
// sanitizers of a use after its end.
struct Counted {
  std::unique_ptr<double> factor = std::make_unique<double>(2);
  Counted() { ++objects; }
  Counted(Counted&& other) noexcept : factor(std::move(other.factor)) { ++objects; }
  Counted& operator=(Counted&&) = default;
  ~Counted() { --objects; }
};

struct Inner : tt::nn::Custom {
  Counted counted;
  tt::Tensor bias = tt::full({1}, 0.5);
  Inner() : Custom("Inner") { register_parameter("bias", bias); }
  tt::Tensor forward(const tt::Tensor& x) override { return x + bias; }
};

// Twice its input, by an object within it.
struct Net : tt::nn::Custom {
  Counted counted;
  Inner inner;
  Net() : Custom("Net") { register_module("inner", inner); }
  tt::Tensor forward(const tt::Tensor& x) override { return inner(x) * *counted.factor; }
};

// Has no move: it knows its own address.
struct Fixed : tt::nn::Custom {
  Counted counted;
  Fixed* self = this;
  Fixed() : Custom("Fixed") {}
  ~Fixed() override { CHECK(self == this && get() == nullptr); }
  tt::Tensor forward(const tt::Tensor& x) override { return x * *self->counted.factor; }
};

double result(const tt::detail::ModuleBase& module) { return module(tt::ones({1})).item(); }

template <typename F>
void fails(F&& call, tt_status status, const char* text) {
  try {
    call();
    CHECK(false);
  } catch (const tt::Error& error) {
    CHECK(error.status() == status);
    if (strstr(error.what(), text) == nullptr) fprintf(stderr, "%s\n", error.what());
    CHECK(strstr(error.what(), text) != nullptr);
  }
}
void is_gone(const tt::detail::ModuleBase& module) {
  fails([&] { result(module); }, TT_ERR_CALLBACK, "its C++ object is gone");
}

// What a block leaves alive is what was alive before it.
class NothingLeft {
 public:
  ~NothingLeft() { CHECK(live_blocks == blocks_ && objects == objects_); }

 private:
  int64_t blocks_ = live_blocks;
  int objects_ = objects;
};

void moved_into_a_sequential() {
  const NothingLeft check;
  const auto braces = tt::nn::Sequential({Net(), tt::nn::ReLU()});
  const auto list = tt::nn::Sequential(Net(), tt::nn::ReLU(), Inner());
  CHECK(objects == 2 * 2 + 1);
  CHECK(result(braces) == 3 && result(list) == 3.5);
  CHECK(braces.parameters().size() == 1 && list.parameters().size() == 2);
  const auto pointers = tt::nn::Sequential(std::make_unique<Net>(), std::make_unique<Fixed>());
  CHECK(result(pointers) == 6);
}

void moved_into_a_module() {
  const NothingLeft check;
  tt::Module module = Net();
  const tt::Module copy = module;
  module = tt::Module();
  CHECK(result(copy) == 3);

  std::vector<tt::Module> layers;
  layers.push_back(Net());
  layers.emplace_back(Inner());
  layers.push_back(std::make_unique<Fixed>());
  CHECK(result(tt::nn::Sequential(layers)) == 7);

  const auto make = []() -> tt::Module {
    Net local;
    return local;  // moved, as locals are
  };
  CHECK(result(make()) == 3);

  Net parent;
  parent.register_module("another", Net());
  CHECK(parent.parameters().size() == 2);
  tt_module* another = nullptr;
  OK(tt_module_get_submodule(parent.get(), "another", &another));
  CHECK(result(tt::Module(another)) == 3);
  CHECK(std::string(tt::Module(std::unique_ptr<Net>()).get() == nullptr ? "none" : "one") == "none");
}

void shared_with_the_caller() {
  const NothingLeft check;
  tt::Module left;
  {
    Net net;
    const auto model = tt::nn::Sequential(net, tt::nn::ReLU());
    const tt::Module same = net;
    CHECK(same.get() == net.get() && result(model) == 3);
    *net.counted.factor = 4;
    CHECK(result(model) == 6 && result(same) == 6);
    left = same;
    net.eval();
    int32_t training = 1;
    OK(tt_module_is_training(same.get(), &training));
    CHECK(training == 0);
  }
  is_gone(left);
  CHECK(left.parameters().size() == 1);  // the module itself is whole
}

void moved_by_the_caller() {
  const NothingLeft check;
  Net first;
  const tt::Module module = first;
  Net second = std::move(first);
  CHECK(first.get() == nullptr && second.get() == module.get());
  CHECK(result(module) == 3 && result(second) == 3);
  fails([&] { result(first); }, TT_ERR_INVALID_ARGUMENT, "module is NULL");
  CHECK(tt::Module(std::move(first)).get() == nullptr);  // nothing to give

  std::vector<Net> nets;
  for (int i = 0; i < 9; ++i) nets.emplace_back();
  std::vector<tt::Module> modules(nets.begin(), nets.end());
  nets.erase(nets.begin(), nets.begin() + 4);
  for (size_t i = 0; i < 4; ++i) is_gone(modules[i]);
  for (size_t i = 4; i < 9; ++i) CHECK(result(modules[i]) == 3);
  Net& self = nets.front();
  nets.front() = std::move(self);
  CHECK(result(nets.front()) == 3);
}

// The object that the library owns, seen by a reference that outlived the hand-over.
void moved_out_again() {
  const NothingLeft check;
  auto pointer = std::make_unique<Net>();
  Net& object = *pointer;
  tt::Module module = std::move(pointer);
  CHECK(object.get() == module.get() && result(object) == 3);
  {
    const Net out = std::move(object);
    CHECK(object.get() == nullptr && out.get() == module.get());
    CHECK(result(module) == 3);
  }
  is_gone(module);
  // One of another module's is assigned to it: the object's memory stays the first module's.
  auto given = std::make_unique<Net>();
  Net& owned = *given;
  tt::Module outer = std::move(given);
  Net mine;
  const tt::Module inner = mine;
  owned = std::move(mine);
  CHECK(result(inner) == 3);
  is_gone(outer);
  outer = tt::Module();
  is_gone(inner);
}

void through_the_c_api() {
  const NothingLeft check;
  tt_module* handle = nullptr;
  {
    const tt::Module module = Net();
    handle = tt_module_retain(module.get());
  }
  CHECK(objects == 2 && result(tt::Module(tt_module_retain(handle))) == 3);
  tt_module_release(handle);
  CHECK(objects == 0);
}

struct Empty : tt::nn::Custom {
  Empty() : Custom("Empty") {}
  tt::Tensor forward(const tt::Tensor&) override { return {}; }
};
struct Throws : tt::nn::Custom {
  Throws() : Custom("Throws") { throw 1; }
  tt::Tensor forward(const tt::Tensor& x) override { return x; }
};
struct Derived : Net {
  tt::Tensor forward(const tt::Tensor& x) override { return x * 10; }
};

void misuse() {
  const NothingLeft check;
  const Net net;
  tt_tensor* out = nullptr;
  FAILS(tt_module_forward_multi(net.get(), nullptr, 0, &out, 1, nullptr), TT_ERR_CALLBACK,
        "it takes one input, but got 0");
  const tt::Tensor x = tt::ones({1});
  tt_tensor* two[] = {x.get(), x.get()};
  FAILS(tt_module_forward_multi(net.get(), two, 2, &out, 1, nullptr), TT_ERR_CALLBACK,
        "it takes one input, but got 2");
  fails([] { result(tt::nn::Sequential(Empty())); }, TT_ERR_CALLBACK, "it returned no tensor");
  try {
    Throws();
    CHECK(false);
  } catch (int) {
  }
  Derived derived;
  Net& as_base = derived;
  fails([&] { tt::Module(std::move(as_base)); }, TT_ERR_INVALID_ARGUMENT, "derived");
  CHECK(result(derived) == 10 && result(tt::Module(as_base)) == 10);
  const tt::Module moved = std::move(derived);
  CHECK(result(moved) == 10);
}

// Their gradients and optimizers work as those of any module.
void trained() {
  const NothingLeft check;
  auto model = tt::nn::Sequential({Net(), tt::nn::ReLU()});
  tt::optim::SGD sgd(model.parameters(), 0.1);
  model(tt::ones({1})).backward();
  sgd.step();
  CHECK(std::abs(result(model) - 2 * (1 + 0.5 - 0.1 * 2)) < 1e-6);
}

// The sum and the difference of two tensors; of one, as many copies as it is told.
struct Both : tt::nn::Custom {
  size_t copies = 0;
  Both() : Custom("Both") {}
  std::vector<tt::Tensor> forward_multi(const std::vector<tt::Tensor>& in) override {
    if (in.size() == 2) return {in[0] + in[1], in[0] - in[1]};
    return std::vector<tt::Tensor>(copies, in[0]);
  }
};
struct Neither : tt::nn::Custom {
  Neither() : Custom("Neither") {}
};

void several_results() {
  const NothingLeft check;
  Both both;
  const tt::Tensor x = tt::full({1}, 5), y = tt::full({1}, 3);
  std::vector<tt::Tensor> out = both.call({x, y});
  CHECK(out.size() == 2 && out[0].item() == 8 && out[1].item() == 2);
  out = tt::nn::Sequential(both, both).call({x, y});
  CHECK(out.size() == 2 && out[0].item() == 10 && out[1].item() == 6);
  fails([&] { both.call({x, y}, 1); }, TT_ERR_INVALID_ARGUMENT, "outputs has room for 1 tensors");
  fails([&] { both(x); }, TT_ERR_INVALID_ARGUMENT, "the module (Both) returned 0 tensors, expected one");
  both.copies = 1;
  CHECK(both(x).item() == 5);
  both.copies = 17;
  fails([&] { both.call({x}, 20); }, TT_ERR_CALLBACK, "it returned 17 tensors, more than 16");
  Net net;
  fails([&] { net.call({x, y}); }, TT_ERR_CALLBACK, "it takes one input, but got 2");
  Neither neither;
  fails([&] { neither(x); }, TT_ERR_CALLBACK, "it overrides neither forward nor forward_multi");
}

// A step with a closure; what that throws arrives as it is.
void closures() {
  const NothingLeft check;
  tt::Tensor p = tt::full({1}, 3).requires_grad_();
  tt::optim::SGD sgd({p}, 0.25);
  const auto closure = [&] {
    sgd.zero_grad();
    tt::Tensor loss = p * p;
    loss.backward();
    return loss;
  };
  CHECK(sgd.step(closure).item() == 9 && p.item() == 1.5);
  int caught = 0;
  try {
    sgd.step([&]() -> tt::Tensor {
      closure();
      throw 7;
    });
  } catch (int thrown) {
    caught = thrown;
  }
  CHECK(caught == 7 && p.item() == 1.5);
  fails([&] { sgd.step([&] { return p.mm(p); }); }, TT_ERR_SHAPE, "tt_mm");
  CHECK(!sgd.step([] { return tt::Tensor(); }).defined());
  CHECK(sgd.option("lr") == 0.25);
  sgd.set_option("momentum", 0.5);
  CHECK(sgd.option("momentum") == 0.5);
  fails([&] { sgd.set_option("nesterov", 1.5); }, TT_ERR_INVALID_ARGUMENT,
        "nesterov is 1.5, expected 0 or 1");
}

void data_is_checked() {
  const NothingLeft check;
  const tt::Tensor x = tt::arange(0, 6).view({2, 3});
  CHECK(x.data<float>()[4] == 4 && x[1].data<float>()[1] == 4);
  fails([&] { x.t().data<float>(); }, TT_ERR_INVALID_ARGUMENT, "not contiguous");
  fails([&] { x.data<double>(); }, TT_ERR_DTYPE, "float32, but was asked for as float64");
  CHECK(x.t().contiguous().data<float>()[1] == 3);
}

}  // namespace

int main() {
  count_live_blocks();
  tt::manual_seed(1);
  trained();  // what is made once
  moved_into_a_sequential();
  moved_into_a_module();
  shared_with_the_caller();
  moved_by_the_caller();
  moved_out_again();
  through_the_c_api();
  misuse();
  several_results();
  closures();
  trained();
  data_is_checked();
  return finish("modules");
}
