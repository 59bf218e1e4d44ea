# Debian's cross compiler for 64-bit ARM. Libraries are taken from the multiarch folders; programs, tests among them, run
# under qemu-user, which reads the processor to emulate from QEMU_CPU ("max,sve256=on").
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64)
