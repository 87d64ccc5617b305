#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace heirloom::detail {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "heirloom: assertion failed at %s:%d: %s\n", file, line, expression);
  std::abort();
}

}  // namespace heirloom::detail
