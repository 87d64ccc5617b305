// A file of the repository compiled into the binary (cmake/embed.cmake).
#pragma once

#include <string_view>

namespace heirloom {

struct EmbeddedFile {
  std::string_view name;     // without folder, e.g. "applications.yaml"
  std::string_view content;  // static lifetime
};

}  // namespace heirloom
