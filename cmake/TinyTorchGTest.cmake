# GoogleTest for the machine that is built for. Debian packages its libraries for the building machine, so that a cross
# compiler builds the sources that come with them.

function(tinytorch_find_gtest)
  if(TARGET GTest::gtest)
    return()
  endif()
  find_package(GTest QUIET)
  if(GTest_FOUND)
    return()
  endif()
  find_path(TINYTORCH_GTEST_SOURCE googletest/CMakeLists.txt PATHS /usr/src/googletest NO_DEFAULT_PATH
                                                                   NO_CMAKE_FIND_ROOT_PATH)
  mark_as_advanced(TINYTORCH_GTEST_SOURCE)
  if(NOT CMAKE_CROSSCOMPILING OR NOT TINYTORCH_GTEST_SOURCE)
    message(FATAL_ERROR "The tests need GoogleTest; on Debian: apt-get install libgtest-dev "
                        "(or configure with -DTINYTORCH_TESTS=OFF)")
  endif()
  set(INSTALL_GTEST OFF)
  add_subdirectory("${TINYTORCH_GTEST_SOURCE}/googletest" "${PROJECT_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL)
  if(NOT TARGET GTest::gtest) # versions before 1.11
    add_library(GTest::gtest ALIAS gtest)
    add_library(GTest::gtest_main ALIAS gtest_main)
  endif()
endfunction()
