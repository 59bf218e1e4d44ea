# What the library is built from: OpenBLAS and OpenMP, zlib, threads, and Highway's headers.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_package(OpenMP QUIET COMPONENTS CXX)
if(NOT OpenMP_CXX_FOUND)
  message(FATAL_ERROR "TinyTorch needs a C++ compiler with OpenMP; on Debian: apt-get install g++")
endif()

find_package(OpenBLAS QUIET)
if(NOT OpenBLAS_FOUND)
  message(FATAL_ERROR "TinyTorch needs OpenBLAS; on Debian: apt-get install libopenblas-openmp-dev")
endif()
if(NOT OpenBLAS_USES_OPENMP)
  message(WARNING "${OpenBLAS_LIBRARY} is not built on OpenMP: its threads and TinyTorch's will compete")
endif()

find_package(ZLIB QUIET)
if(NOT ZLIB_FOUND)
  message(FATAL_ERROR "TinyTorch needs zlib; on Debian: apt-get install zlib1g-dev")
endif()

# Highway is used by its headers alone, so that nothing of it is needed at run time.
find_path(TINYTORCH_HIGHWAY_INCLUDE_DIR hwy/highway.h)
mark_as_advanced(TINYTORCH_HIGHWAY_INCLUDE_DIR)
if(NOT TINYTORCH_HIGHWAY_INCLUDE_DIR)
  message(FATAL_ERROR "TinyTorch needs Highway's headers; on Debian: apt-get install libhwy-dev")
endif()

add_library(tinytorch_dependencies INTERFACE)
target_include_directories(tinytorch_dependencies SYSTEM INTERFACE "${TINYTORCH_HIGHWAY_INCLUDE_DIR}")
target_link_libraries(tinytorch_dependencies INTERFACE OpenBLAS::OpenBLAS OpenMP::OpenMP_CXX ZLIB::ZLIB
                                                       Threads::Threads ${CMAKE_DL_LIBS} m)
