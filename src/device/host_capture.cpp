#include "device/host_capture.h"

#include "base/error.h"

namespace tt {

constinit thread_local HostCapture* HostCapture::t_current = nullptr;

void refuse_host_capture(const char* why) {
  TT_CHECK(HostCapture::current() == nullptr, Status::kNotImplemented,
           "this cannot be captured into a graph: it ", why);
}

}  // namespace tt
