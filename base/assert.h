// Assertions for broken invariants: bugs of ours. They stay on in release builds. Never assert on input from the
// network, the disk or a person: that is answered with a Status.
#pragma once

namespace heirloom::detail {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define HEIRLOOM_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::heirloom::detail::assertion_failed(#expression, __FILE__, __LINE__))
