// TT_INDEPENDENT before a loop: its iterations do not depend on one another, so that the compiler needs no
// check whether the arrays overlap. Clang checks: its pragma for this would also let it change the order of
// sums.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#define TT_INDEPENDENT _Pragma("GCC ivdep")
#else
#define TT_INDEPENDENT
#endif
