# GCC 12 warns falsely of overlapping copies in std::string (GCC bug 105651), hence -Wno-restrict.
# The compiler's flags, as interface libraries: tinytorch_warnings for everything in the project, tinytorch_numerics for
# the library itself. Directory-wide flags are set for sanitizers only, since they must reach every object of a program.

add_library(tinytorch_warnings INTERFACE)
target_compile_options(tinytorch_warnings INTERFACE -Wall -Wextra -Wpedantic $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<BOOL:${TINYTORCH_WERROR}>:-Werror>)

# Scalar code gives the same bits on every machine: no contraction to FMA, no reassociation. Kernels that want FMA ask
# for it by name. That no one reads errno or floating-point traps changes no result.
add_library(tinytorch_numerics INTERFACE)
target_compile_options(tinytorch_numerics INTERFACE -fno-math-errno -fno-trapping-math -ffp-contract=off)

if(TINYTORCH_SANITIZE)
  if(NOT TINYTORCH_SANITIZE MATCHES "^(address|undefined|address,undefined|thread)$")
    message(FATAL_ERROR "TINYTORCH_SANITIZE is '${TINYTORCH_SANITIZE}'; it takes address, undefined, "
                        "address,undefined or thread")
  endif()
  add_compile_options(-fsanitize=${TINYTORCH_SANITIZE} -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${TINYTORCH_SANITIZE})
  if(TINYTORCH_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  add_compile_definitions(TT_SANITIZE=1)
endif()
