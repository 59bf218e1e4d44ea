// Compiler differences, kept in one place.
#pragma once

#if defined(__CUDACC__)
#define TT_HOST_DEVICE __host__ __device__
#else
#define TT_HOST_DEVICE
#endif

// Caching freed memory hides use-after-free from AddressSanitizer, so sanitized builds do without.
#if defined(__SANITIZE_ADDRESS__)
#define TT_SANITIZED 1
#else
#define TT_SANITIZED 0
#endif
