# What `cmake --install` lays down: library, headers, CMake package and pkg-config file.

include(CMakePackageConfigHelpers)

set(TINYTORCH_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/TinyTorch")

install(
  TARGETS tinytorch
  EXPORT TinyTorchTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime NAMELINK_COMPONENT development
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT TinyTorchTargets NAMESPACE TinyTorch:: DESTINATION "${TINYTORCH_CMAKE_DIR}" COMPONENT development)

if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/include/tinytorch")
  install(
    DIRECTORY "${PROJECT_SOURCE_DIR}/include/tinytorch"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    COMPONENT development
    FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
endif()

# The C API for authors of bindings: functions, defaults, enums and structs as data.
install(FILES "${PROJECT_SOURCE_DIR}/share/api.json" DESTINATION "${CMAKE_INSTALL_DATADIR}/tinytorch" COMPONENT development)

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/TinyTorchConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/TinyTorchConfig.cmake" INSTALL_DESTINATION "${TINYTORCH_CMAKE_DIR}")
# Before 1.0.0 a minor version may change what CMake users see; the C ABI has its own promise.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/TinyTorchConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/TinyTorchConfig.cmake" "${PROJECT_BINARY_DIR}/TinyTorchConfigVersion.cmake"
        DESTINATION "${TINYTORCH_CMAKE_DIR}" COMPONENT development)

# The pkg-config file finds its prefix from its own place, so that an installed tree can be moved.
file(RELATIVE_PATH TINYTORCH_PC_TO_PREFIX "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" TINYTORCH_PC_TO_PREFIX "${TINYTORCH_PC_TO_PREFIX}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/tinytorch.pc.in" "${PROJECT_BINARY_DIR}/tinytorch.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/tinytorch.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
        COMPONENT development)
