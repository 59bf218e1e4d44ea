#include "device/backend.h"

namespace tt {

namespace {
using MakeBackend = Backend* (*)();
constinit MakeBackend g_make_cpu_backend = nullptr;
}  // namespace

void register_cpu_backend(Backend* (*make)()) { g_make_cpu_backend = make; }

Backend& cpu_backend() {
  // Never destroyed: handles may be released after static destructors have run.
  static Backend& backend = *g_make_cpu_backend();
  return backend;
}

}  // namespace tt
