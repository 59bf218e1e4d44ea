// Whether the thread records ops for backward.
#pragma once

namespace tt {

namespace detail {
[[gnu::tls_model("initial-exec")]] extern constinit thread_local bool t_grad_enabled;
}

inline bool grad_enabled() { return detail::t_grad_enabled; }
inline void set_grad_enabled(bool on) { detail::t_grad_enabled = on; }

// Sets the thread's mode for a C++ scope.
class GradMode {
 public:
  explicit GradMode(bool on) : before_(grad_enabled()) { set_grad_enabled(on); }
  ~GradMode() { set_grad_enabled(before_); }
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool before_;
};

}  // namespace tt
