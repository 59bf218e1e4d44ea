// The same from C++, through the C++ header where it is installed.
#if __has_include(<tinytorch/tinytorch.hpp>)
#include <tinytorch/tinytorch.hpp>
#else
#include <tinytorch/tinytorch.h>
#endif

int main() { return tt_last_error() ? 0 : 1; }
