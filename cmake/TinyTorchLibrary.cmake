# The library. One set of objects makes both libtinytorch.so, which exports the C ABI and nothing else, and
# tinytorch_internal, through which the C++ tests reach what the library hides.

file(GLOB_RECURSE TINYTORCH_SOURCES CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/*.cpp"
     "${PROJECT_SOURCE_DIR}/capi/*.cpp")
if(NOT TINYTORCH_SOURCES)
  message(STATUS "No sources in src/ and capi/ yet: the library is empty")
  file(WRITE "${PROJECT_BINARY_DIR}/empty.cpp" "")
  list(APPEND TINYTORCH_SOURCES "${PROJECT_BINARY_DIR}/empty.cpp")
endif()

# Plug-ins and the library must agree on the headers they share, to the byte.
file(GLOB TINYTORCH_INTERFACE_HEADERS CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/base/*.h"
     "${PROJECT_SOURCE_DIR}/src/tensor/*.h" "${PROJECT_SOURCE_DIR}/src/device/*.h" "${PROJECT_SOURCE_DIR}/src/kernels/*.h")
set(TINYTORCH_INTERFACE_TEXT "${PROJECT_VERSION} ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
foreach(header IN LISTS TINYTORCH_INTERFACE_HEADERS)
  file(SHA256 "${header}" header_hash)
  string(APPEND TINYTORCH_INTERFACE_TEXT " ${header_hash}")
  set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
endforeach()
string(SHA256 TINYTORCH_INTERFACE_ID "${TINYTORCH_INTERFACE_TEXT}")
set_source_files_properties("${PROJECT_SOURCE_DIR}/src/device/plugin.cpp"
                            PROPERTIES COMPILE_DEFINITIONS TT_INTERFACE_ID="${TINYTORCH_INTERFACE_ID}")

add_library(tinytorch_objects OBJECT ${TINYTORCH_SOURCES})
set_target_properties(
  tinytorch_objects
  PROPERTIES POSITION_INDEPENDENT_CODE ON
             CXX_VISIBILITY_PRESET hidden
             VISIBILITY_INLINES_HIDDEN ON)
target_compile_definitions(tinytorch_objects PRIVATE TT_BUILDING TT_VERSION_STRING="${PROJECT_VERSION}")
# Thread-local variables are in static thread-local memory, however late the library is loaded: to reach others may
# take memory, and the loader ends the process where there is none.
target_compile_options(tinytorch_objects PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>
                                                 -ftls-model=initial-exec)
# Size, in optimized builds. Kernels are compiled as CMake's build type says; what only leads to them is not made longer
# to be faster, and what runs once a program is made short.
if(NOT TINYTORCH_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(TINYTORCH_OPTIMIZED "$<CONFIG:Release,RelWithDebInfo>")
  foreach(source IN LISTS TINYTORCH_SOURCES)
    if(source MATCHES "/src/(nn|data|io)/|/tensor/format\\.cpp$")
      set(flags -Os)
    elseif(source MATCHES "/src/random/(generator|random_fill)\\.cpp$")
      continue()
    elseif(source MATCHES "/capi/|/src/(base|random|tensor|device|autograd|ops|optim)/"
           OR source MATCHES "/src/cpu/runtime/|/cpu/matmul/gemm_reference\\.cpp$")
      set(flags -O2)
    elseif(source MATCHES "/(norm_simd|optimizer|pointwise_simd)\\.cpp$")
      # Hundreds of loops: -O3 would unroll and peel each, which doubles the code and gains nothing.
      set(flags -O2 -ftree-vectorize -fvect-cost-model=dynamic)
    elseif(source MATCHES "/((fold|loss|math)_simd|gemm_thin|linear_thin|softmax)\\.cpp$")
      # Vectors are written out there.
      set(flags -O2 -fno-tree-vectorize)
    else()
      continue()
    endif()
    set_property(SOURCE "${source}" APPEND PROPERTY COMPILE_OPTIONS "$<${TINYTORCH_OPTIMIZED}:${flags}>")
  endforeach()
endif()
target_include_directories(tinytorch_objects PUBLIC "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src"
                                                    "${PROJECT_SOURCE_DIR}")
target_link_libraries(tinytorch_objects PUBLIC tinytorch_dependencies PRIVATE tinytorch_warnings tinytorch_numerics)

# Every object is linked, also those that register themselves and that no one names; so this is no archive.
add_library(tinytorch_internal INTERFACE)
target_sources(tinytorch_internal INTERFACE $<TARGET_OBJECTS:tinytorch_objects>)
target_compile_definitions(tinytorch_internal INTERFACE TT_BUILDING)
target_include_directories(tinytorch_internal INTERFACE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src"
                                                        "${PROJECT_SOURCE_DIR}")
target_link_libraries(tinytorch_internal INTERFACE tinytorch_dependencies tinytorch_numerics)

add_library(tinytorch SHARED $<TARGET_OBJECTS:tinytorch_objects>)
add_library(TinyTorch::tinytorch ALIAS tinytorch)
set_target_properties(tinytorch PROPERTIES LINKER_LANGUAGE CXX VERSION ${TINYTORCH_ABI_VERSION}
                                           SOVERSION ${TINYTORCH_ABI_MAJOR})
target_include_directories(tinytorch INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                               $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(tinytorch PRIVATE $<BUILD_INTERFACE:tinytorch_dependencies>)
target_link_options(tinytorch PRIVATE -Wl,--as-needed -Wl,-z,relro -Wl,-z,now -Wl,-z,nodelete -Wl,--build-id=sha1
                    -Wl,-Bsymbolic-functions)
if(NOT TINYTORCH_SANITIZE)
  target_link_options(tinytorch PRIVATE -Wl,--no-undefined)
endif()
# For names in a debugger there is RelWithDebInfo.
target_link_options(tinytorch PRIVATE $<$<CONFIG:Release>:-Wl,--strip-all>)

include(TinyTorchExports)
target_link_options(tinytorch PRIVATE "-Wl,--version-script=${TINYTORCH_EXPORTS}")
set_property(TARGET tinytorch APPEND PROPERTY LINK_DEPENDS "${TINYTORCH_EXPORTS}")

# Where OpenBLAS lies off the loader's path (Debian keeps the OpenMP build in a directory of its own), the installed
# library remembers where, so that it runs on the build it was linked with.
get_filename_component(TINYTORCH_OPENBLAS_DIR "${OpenBLAS_LIBRARY}" DIRECTORY)
if(NOT TINYTORCH_OPENBLAS_DIR IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
  set_target_properties(tinytorch PROPERTIES INSTALL_RPATH "${TINYTORCH_OPENBLAS_DIR}")
endif()
