// Fails with the names of the kernel calls that no test has run on the mock device: every_call FILE, the file
// that the device wrote them to.
#include <cstdio>
#include <fstream>
#include <set>
#include <string>

#include "device/calls.h"

int main(int argc, char** argv) {
  std::ifstream file(argc == 2 ? argv[1] : "");
  std::set<std::string> run;
  for (std::string line; std::getline(file, line);) run.insert(line);
  int missing = 0;
  tt::AllCalls::each([&]<typename Call>() {
    if (run.count(Call::kName) != 0) return;
    std::printf("no test runs %s on the mock device\n", Call::kName);
    ++missing;
  });
  return missing == 0 ? 0 : 1;
}
