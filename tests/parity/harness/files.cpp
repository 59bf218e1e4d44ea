#include "harness/files.h"

#include <cstdlib>
#include <filesystem>

namespace tt::parity {

namespace {

// Where the sources lie, unless the environment says otherwise: the programs may run on another machine.
std::string folder() {
  const char* chosen = std::getenv("TINYTORCH_PARITY_VECTORS");
  return chosen != nullptr ? chosen : TT_SOURCE_DIR "/tests/parity/vectors";
}

}  // namespace

std::string vector_file(const std::string& family) { return folder() + "/" + family + ".ttv.gz"; }

const std::map<std::string, std::vector<Record>>& load_families(std::vector<std::string> families) {
  static std::map<std::string, std::vector<Record>> files;
  if (families.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      const std::string file = entry.path().filename().string();
      const std::string family = file.substr(0, file.find('.'));
      // Those two hold whole runs and random streams.
      if (family != "runs" && family != "random") families.push_back(family);
    }
  }
  for (const std::string& family : families) files[family] = load(vector_file(family));
  return files;
}

}  // namespace tt::parity
