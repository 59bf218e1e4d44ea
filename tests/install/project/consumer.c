// A program outside the project's tree: it compiles, links and runs against what was installed.
#include <stdio.h>
#include <tinytorch/tinytorch.h>

int main(void) {
  const char* message = tt_last_error();
  if (!message) return 1;
  printf("linked with TinyTorch; its last error is \"%s\"\n", message);
  return 0;
}
