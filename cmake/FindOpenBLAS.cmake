# Finds OpenBLAS with its CBLAS header, preferring the build that uses OpenMP.
#
# Defines the imported target OpenBLAS::OpenBLAS and the variables OpenBLAS_FOUND, OpenBLAS_INCLUDE_DIR,
# OpenBLAS_LIBRARY, OpenBLAS_VERSION and OpenBLAS_USES_OPENMP.
#
# Distributions that ship several builds keep the OpenMP one apart: Debian in a directory openblas-openmp below the
# library and include directories, Fedora under the name libopenblaso.

find_path(OpenBLAS_INCLUDE_DIR openblas_config.h PATH_SUFFIXES openblas-openmp openblas)
find_library(OpenBLAS_LIBRARY NAMES openblaso openblas PATH_SUFFIXES openblas-openmp)
mark_as_advanced(OpenBLAS_INCLUDE_DIR OpenBLAS_LIBRARY)

set(OpenBLAS_VERSION "")
if(OpenBLAS_INCLUDE_DIR)
  file(STRINGS "${OpenBLAS_INCLUDE_DIR}/openblas_config.h" _openblas_version REGEX "OPENBLAS_VERSION " LIMIT_COUNT 1)
  if(_openblas_version MATCHES "([0-9]+\\.[0-9]+(\\.[0-9]+)?)")
    set(OpenBLAS_VERSION "${CMAKE_MATCH_1}")
  endif()
endif()

# The header does not say which threads the library uses, but the library itself names the OpenMP runtime it needs.
if(OpenBLAS_LIBRARY AND NOT OpenBLAS_INSPECTED_LIBRARY STREQUAL OpenBLAS_LIBRARY)
  file(STRINGS "${OpenBLAS_LIBRARY}" _openblas_runtime REGEX "^lib(g|i)?omp(5)?\\.so" LIMIT_COUNT 1)
  set(_openblas_openmp FALSE)
  if(_openblas_runtime)
    set(_openblas_openmp TRUE)
  endif()
  set(OpenBLAS_USES_OPENMP ${_openblas_openmp} CACHE INTERNAL "")
  set(OpenBLAS_INSPECTED_LIBRARY "${OpenBLAS_LIBRARY}" CACHE INTERNAL "")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  OpenBLAS
  REQUIRED_VARS OpenBLAS_LIBRARY OpenBLAS_INCLUDE_DIR
  VERSION_VAR OpenBLAS_VERSION
  REASON_FAILURE_MESSAGE "on Debian: apt-get install libopenblas-openmp-dev")

if(OpenBLAS_FOUND AND NOT TARGET OpenBLAS::OpenBLAS)
  add_library(OpenBLAS::OpenBLAS UNKNOWN IMPORTED)
  set_target_properties(
    OpenBLAS::OpenBLAS PROPERTIES IMPORTED_LOCATION "${OpenBLAS_LIBRARY}"
                                  INTERFACE_INCLUDE_DIRECTORIES "${OpenBLAS_INCLUDE_DIR}")
endif()
