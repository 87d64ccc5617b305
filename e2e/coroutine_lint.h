// Rules for coroutines that GCC 12 miscompiles or that leave something dangling; found by reading the text.
#pragma once

#include "e2e/source_text.h"

namespace heirloom::e2e {

// Full expressions with co_await that also hold a braced initialiser, a lambda, ?:, && or ||, or a test
// assertion: GCC 12 destroys temporaries there twice. The cure is a named local and std::move.
Violations awaits_with_temporaries(const SourceFile& file);

// Functions that return Task and take a reference, string_view, span or JsonView: the caller's object may be
// gone when the coroutine resumes. A function that is no coroutine itself says so with `// not a coroutine`
// in its line.
Violations coroutines_with_borrowed_parameters(const SourceFile& file);

}  // namespace heirloom::e2e
