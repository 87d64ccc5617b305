#include "kube/workqueue.h"

namespace heirloom::kube {

Duration exponential_backoff(Duration first, Duration max, int failures) {
  Duration delay = first;
  for (int i = 0; i < failures && delay < max; ++i) delay *= 2;
  return std::min(delay, max);
}

}  // namespace heirloom::kube
