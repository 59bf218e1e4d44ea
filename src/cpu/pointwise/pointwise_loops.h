// Inner loops made from the functors. Included once per instruction set, inside the namespace of the target:
// no include guard.

enum Kernel : uint8_t { kVector, kScalar };
enum Domain : uint8_t { kAll, kNumber, kFloat, kFloatOnly, kIntegral, kInteger };

template <typename T>
constexpr bool in_domain(Domain domain) {
  switch (domain) {
    case kAll:
      return true;
    case kNumber:
      return !std::is_same_v<T, bool>;
    case kFloat:
    case kFloatOnly:
      return std::is_floating_point_v<T>;
    case kIntegral:
      return std::is_integral_v<T>;
    case kInteger:
      return std::is_integral_v<T> && !std::is_same_v<T, bool>;
  }
  return false;
}

template <typename F, typename T>
void unary_loop(char* const* data, int64_t n, const PointwiseParams& params) {
  const PointwiseParams p = params;
  using R = decltype(F::apply(T(), p));
  auto* out = reinterpret_cast<R*>(data[0]);
  const auto* x = reinterpret_cast<const T*>(data[1]);
  TT_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) out[i] = F::apply(x[i], p);
}

template <typename F, typename T>
void binary_loop(char* const* data, int64_t n, const PointwiseParams& params) {
  const PointwiseParams p = params;
  using R = decltype(F::apply(T(), T(), p));
  auto* out = reinterpret_cast<R*>(data[0]);
  const auto* a = reinterpret_cast<const T*>(data[1]);
  const auto* b = reinterpret_cast<const T*>(data[2]);
  TT_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) out[i] = F::apply(a[i], b[i], p);
}

template <typename F, typename T>
void ternary_loop(char* const* data, int64_t n, const PointwiseParams& params) {
  const PointwiseParams p = params;
  auto* out = reinterpret_cast<T*>(data[0]);
  const auto* a = reinterpret_cast<const T*>(data[1]);
  const auto* b = reinterpret_cast<const T*>(data[2]);
  const auto* c = reinterpret_cast<const T*>(data[3]);
  TT_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) out[i] = F::apply(a[i], b[i], c[i], p);
}

template <typename T>
void where_loop(char* const* data, int64_t n, const PointwiseParams&) {
  auto* out = reinterpret_cast<T*>(data[0]);
  const auto* condition = reinterpret_cast<const bool*>(data[1]);
  const auto* a = reinterpret_cast<const T*>(data[2]);
  const auto* b = reinterpret_cast<const T*>(data[3]);
  TT_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) {
    const T yes = a[i];
    const T no = b[i];
    out[i] = condition[i] ? yes : no;
  }
}

// Whether this file has a loop for rows of kernel `kind`, domain and T. Half types and integers below 32 bits
// have none: they are computed as float and int32.
template <typename T>
constexpr bool wanted(Kernel kind, Domain domain) {
  return kind == kWantedKernel && in_domain<T>(domain) && (kWantIntegers || !std::is_integral_v<T>);
}

// A loop that is not wanted is not instantiated either.
#define TT_LOOP_ENTRY(arity)                      \
  template <typename F, typename T, bool kWanted> \
  constexpr InnerLoop arity##_entry() {           \
    if constexpr (kWanted) {                      \
      return arity##_loop<F, T>;                  \
    } else {                                      \
      return nullptr;                             \
    }                                             \
  }
TT_LOOP_ENTRY(unary)
TT_LOOP_ENTRY(binary)
TT_LOOP_ENTRY(ternary)
#undef TT_LOOP_ENTRY

#define TT_LOOP_ROW(arity, name, kernel, domain)                              \
  {arity##_entry<functors::name, bool, wanted<bool>(kernel, domain)>(),       \
   nullptr,                                                                   \
   nullptr,                                                                   \
   nullptr,                                                                   \
   arity##_entry<functors::name, int32_t, wanted<int32_t>(kernel, domain)>(), \
   arity##_entry<functors::name, int64_t, wanted<int64_t>(kernel, domain)>(), \
   nullptr,                                                                   \
   nullptr,                                                                   \
   arity##_entry<functors::name, float, wanted<float>(kernel, domain)>(),     \
   arity##_entry<functors::name, double, wanted<double>(kernel, domain)>()},
#define TT_UNARY_ROW(name, kernel, domain, ...) TT_LOOP_ROW(unary, name, kernel, domain)
#define TT_BINARY_ROW(name, kernel, domain, ...) TT_LOOP_ROW(binary, name, kernel, domain)
#define TT_TERNARY_ROW(name, kernel, domain, ...) TT_LOOP_ROW(ternary, name, kernel, domain)

const PointwiseTable kTable = {
    {TT_UNARY_OPS(TT_UNARY_ROW)},
    {TT_BINARY_OPS(TT_BINARY_ROW)},
    {TT_TERNARY_OPS(TT_TERNARY_ROW)},
    {kWantWhere ? where_loop<uint8_t> : nullptr, kWantWhere ? where_loop<uint16_t> : nullptr,
     kWantWhere ? where_loop<uint32_t> : nullptr, kWantWhere ? where_loop<uint64_t> : nullptr},
};

#undef TT_LOOP_ROW
#undef TT_UNARY_ROW
#undef TT_BINARY_ROW
#undef TT_TERNARY_ROW
