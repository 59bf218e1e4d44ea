// The vector files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "parity/vectors.h"

namespace tt::parity {

// The records of the named families, or of all that hold cases of ops. They live as long as the program.
const std::map<std::string, std::vector<Record>>& load_families(std::vector<std::string> families);

std::string vector_file(const std::string& family);

}  // namespace tt::parity
