// The repository's text, for tests that check rules no compiler knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heirloom::e2e {

struct SourceFile {
  std::string path;  // from the root of the repository, e.g. "base/json.cc"
  std::string text;
  std::string code;  // C++ only: the text without comments and without what stands inside quotes; lines stay
  std::string folder() const { return path.substr(0, path.find('/')); }
  std::string name() const { return path.substr(path.rfind('/') + 1); }  // "json.cc"
  bool is_header() const { return path.ends_with(".h"); }
  bool is_cpp() const { return path.ends_with(".h") || path.ends_with(".cc"); }
  // Tests and what only tests include: they may reach further than the code they test.
  bool is_test() const;
};

// All files under `root` that belong to the project: without build output and what git keeps.
std::vector<SourceFile> read_sources(const std::string& root);

// Blanks comments, and the insides of string, character and raw string literals. Lines keep their numbers.
std::string without_comments_and_literals(std::string_view text);

int line_of(std::string_view text, size_t offset);

// A broken rule, as "path:line: what is wrong and what to do".
using Violations = std::vector<std::string>;

std::string joined(const Violations& violations);

}  // namespace heirloom::e2e
